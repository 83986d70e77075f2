// Tells how far the reminders are while the worker writes them. Without it the page is loaded again by hand.
const place = document.querySelector("[data-progress]");
if (place) {
  const timer = setInterval(async () => {
    const answer = await fetch(place.dataset.progress).catch(() => null);
    if (!answer?.ok) return;
    const told = await answer.json();
    if (told.running) {
      place.textContent = `Reminders: ${told.done} of ${told.of} written`;
      return;
    }
    clearInterval(timer);
    location.reload();
  }, 1500);
}
