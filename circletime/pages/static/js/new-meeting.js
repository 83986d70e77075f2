// Hides what does not apply, and shows the class's minutes in the chosen week. The form works without it.
const form = document.querySelector("form[data-week-url]");
const kind = form.elements.kind;
const show = () => {
  for (const row of form.querySelectorAll("[data-kinds]")) {
    row.hidden = !row.dataset.kinds.split(" ").includes(kind.value);
  }
  form.elements.minutes.max = kind.selectedOptions[0].dataset.most;
  for (const option of form.elements.purpose.options) {
    option.hidden = !option.dataset.kinds.split(" ").includes(kind.value);
  }
  if (form.elements.purpose.selectedOptions[0].hidden) {
    form.elements.purpose.value = [...form.elements.purpose.options].find((one) => !one.hidden).value;
  }
};
const count = async () => {
  const starts = encodeURIComponent(form.elements.starts_at.value);
  const answer = await fetch(`${form.dataset.weekUrl}?starts=${starts}`).catch(() => null);
  if (!answer?.ok) return;
  for (const [id, minutes] of Object.entries(await answer.json())) {
    const place = form.querySelector(`[data-week-of="${id}"]`);
    if (place) place.textContent = minutes;
  }
};
kind.addEventListener("change", () => {
  if (kind.value !== "group") form.elements.group.value = "";
  show();
});
form.elements.group.addEventListener("change", () => {
  kind.value = form.elements.group.value ? "group" : "class";
  show();
});
form.elements.starts_at.addEventListener("change", count);
show();
