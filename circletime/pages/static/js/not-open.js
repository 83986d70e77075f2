// Looks now and then whether the waiting room has opened, and goes in. Without it there is a button.
const place = document.querySelector("[data-open-url]");
setInterval(async () => {
  const answer = await fetch(place.dataset.openUrl).catch(() => null);
  if (answer?.ok && (await answer.json()).open) location.reload();
}, 8000);
