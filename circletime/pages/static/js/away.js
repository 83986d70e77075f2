// What a player says when its film does not come, and the button that asks for it again from the same place.

const WORDS = {
  store: "The store of recordings does not answer just now. Wait a little, then try again: it goes on from here.",
  lost: "The connection to the school is gone for a moment. Try again: it goes on from here.",
  refused: "It may not be watched any more, or you are signed out. Load this page again.",
  stopped: "The film stopped. Try again: it goes on from here. If it stays so, tell whoever looks after Circletime.",
};

async function why(address) {
  try {
    const answer = await fetch(address, { method: "HEAD", cache: "no-store" });
    if (answer.status === 503) return WORDS.store;
    return answer.ok && !answer.redirected ? WORDS.stopped : WORDS.refused;
  } catch {
    return WORDS.lost;
  }
}

/** `box` has the words and the button; it is shown while the film of `video` does not come. */
export function sayWhenAway(video, box) {
  let at = 0;
  let going = false;
  video.addEventListener("timeupdate", () => {
    if (video.error || video.readyState === 0) return;
    at = video.currentTime;
    going = !video.paused;
  });
  const say = async () => {
    if (!video.getAttribute("src")) return;
    const words = await why(video.src);
    if (!video.error) return;
    box.querySelector("[data-away-words]").textContent = words;
    box.hidden = false;
  };
  video.addEventListener("error", say);
  if (video.error) say(); // it failed before this program was there
  video.addEventListener("loadedmetadata", () => {
    box.hidden = true;
  });
  box.querySelector("button").addEventListener("click", () => {
    const place = at;
    box.hidden = true;
    video.addEventListener(
      "loadedmetadata",
      () => {
        video.currentTime = place;
        if (going) video.play().catch(() => {});
      },
      { once: true },
    );
    video.load();
    video.focus();
  });
}
