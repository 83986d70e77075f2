// The page of one recording: chapters that jump, full screen with the viewer's mark, and the wait for a film.

const video = document.querySelector("video");
const making = document.querySelector("[data-making]");

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

if (video) {
  for (const link of document.querySelectorAll("[data-seconds]")) {
    const seconds = Number(link.dataset.seconds);
    const time = document.createElement("span");
    time.className = "chapter-time";
    time.textContent = clock(seconds);
    link.prepend(time, " ");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      video.currentTime = seconds;
      video.play().catch(() => {});
    });
  }
  const full = document.querySelector("[data-full]");
  const screen = document.querySelector("[data-screen]");
  if (screen.requestFullscreen) {
    full.hidden = false;
    // The figure, not the video: so the mark stays over the picture.
    full.addEventListener("click", () => screen.requestFullscreen());
  }
  video.addEventListener("contextmenu", (event) => event.preventDefault());
  video.addEventListener("error", () => {
    document.querySelector("[data-trouble]").hidden = false;
  });
}

if (making) {
  const bar = making.querySelector("progress");
  const words = making.querySelector("[role=status]");
  const look = async () => {
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "application/json" } });
      const film = await answer.json();
      if (film.state === "ready" || film.state === "failed") {
        location.reload();
        return;
      }
      if (film.state === "making") {
        words.textContent = `The film is being made: ${film.percent}%`;
        bar.value = film.percent;
      }
    } catch {
      // the server is away for a moment; ask again
    }
    setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
}
