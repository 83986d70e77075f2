// The page of one recording: chapters that jump, speed, full screen with the viewer's mark, what was played,
// and the wait for a film.

import { sayWhenAway } from "./away.js";

const TELL_EVERY = 10_000;
const video = document.querySelector("video");
const making = document.querySelector("[data-making]");

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function chapters() {
  const links = [...document.querySelectorAll("[data-seconds]")];
  for (const link of links) {
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
  video.addEventListener("timeupdate", () => {
    const begun = links.filter((link) => Number(link.dataset.seconds) <= video.currentTime + 0.1);
    for (const link of links) {
      if (link === begun.at(-1)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  });
}

function controls() {
  const full = document.querySelector("[data-full]");
  const screen = document.querySelector("[data-screen]");
  if (screen.requestFullscreen) {
    full.hidden = false;
    // The figure, not the video: so the mark stays over the picture.
    full.addEventListener("click", () => screen.requestFullscreen());
    document.addEventListener("fullscreenchange", () => {
      // Where a browser's own button made the bare video large, it goes back: there is no mark over it.
      if (document.fullscreenElement === video) document.exitFullscreen();
    });
  }
  const speed = document.querySelector("[data-speed]");
  speed.addEventListener("change", () => {
    video.playbackRate = Number(speed.value);
  });
  video.addEventListener("ratechange", () => {
    speed.value = String(video.playbackRate);
  });
  for (const button of document.querySelectorAll("[data-by]")) {
    button.addEventListener("click", () => {
      video.currentTime += Number(button.dataset.by);
    });
  }
  video.addEventListener("contextmenu", (event) => event.preventDefault());
  sayWhenAway(video, document.querySelector("[data-away]"));
}

// What was played, told now and then and when the page goes. The server believes none of it that it did not send.
function tell() {
  const form = document.querySelector("[data-watched]");
  let spans = [];
  let span = null;
  const close = () => {
    if (span && span[1] > span[0]) spans.push(span);
    span = null;
  };
  video.addEventListener("timeupdate", () => {
    const at = video.currentTime;
    if (video.paused || video.seeking) return;
    if (span && at >= span[1] && at - span[1] < 2 * video.playbackRate) span[1] = at;
    else {
      close();
      span = [at, at];
    }
  });
  for (const kind of ["seeking", "pause", "ended"]) video.addEventListener(kind, close);
  const send = () => {
    const going = span;
    close();
    if (going && !video.paused) span = [going[1], going[1]];
    if (!spans.length) return;
    const said = new FormData(form);
    said.set("played", JSON.stringify(spans));
    if (navigator.sendBeacon(form.dataset.watched, said)) spans = [];
  };
  setInterval(send, TELL_EVERY);
  video.addEventListener("pause", () => setTimeout(send, 0));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") send();
  });
  window.addEventListener("pagehide", send);
}

if (video) {
  chapters();
  controls();
  tell();
}

if (making) {
  const bar = making.querySelector("progress");
  const words = making.querySelector("[role=status]");
  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "application/json" } });
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
