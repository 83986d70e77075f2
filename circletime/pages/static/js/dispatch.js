// While letters go out the numbers follow; without it, the page shows them when it is loaded again.
const sum = document.querySelector("[data-progress-url]");
if (sum && Number(sum.dataset.ready) > 0) {
  const timer = setInterval(async () => {
    const answer = await fetch(sum.dataset.progressUrl).catch(() => null);
    if (!answer?.ok) return;
    const told = await answer.json();
    for (const place of sum.querySelectorAll("[data-count]")) place.textContent = told[place.dataset.count];
    const bar = sum.querySelector("progress");
    bar.max = told.all;
    bar.value = told.reached;
    if (told.ready > 0) return;
    clearInterval(timer);
    // Nobody loses what they have ticked meanwhile.
    if (!document.querySelector("input[name=row]:checked")) location.reload();
  }, 2000);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    document.querySelector("[data-copied]").textContent = "Copied";
  });
}
