// The leader's page of a viewing. While it is in front it says every two seconds where its player is; the
// other page follows that. When it says nothing for ten seconds, the server shows nothing to anybody.

import { sayWhenAway } from "./away.js";

const page = document.querySelector("[data-leader]");
const video = page.querySelector("video");
const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
const trouble = document.querySelector("[data-trouble]");
const viewer = page.querySelector("[data-viewer]");
const beside = viewer.textContent.endsWith("is here with you");
let recording = "";
let saying = false;
let again = false;
let over = false;

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
}

function said(told, playing) {
  if (playing && !told.playing) video.pause(); // we were away: play is pressed anew
  if (!beside) viewer.textContent = told.viewer ? "The other page is open" : "The other page is not open";
  page.querySelector("[data-left]").textContent = clock(told.left);
  page.querySelector("[data-strangers]").hidden = told.strangers === 0;
  trouble.hidden = true;
}

async function say() {
  if (over || !recording || document.visibilityState !== "visible") return;
  if (saying) {
    again = true;
    return;
  }
  saying = true;
  const playing = !video.paused && !video.ended && video.readyState > 2 && !video.seeking;
  const body = new URLSearchParams({
    csrfmiddlewaretoken: token,
    recording,
    at: video.currentTime.toFixed(3),
    playing: playing ? "yes" : "no",
  });
  try {
    const answer = await fetch(page.dataset.here, { method: "POST", body, signal: AbortSignal.timeout(5000) });
    if (answer.ok) {
      said(await answer.json(), playing);
    } else if (answer.status === 410 || answer.status === 409 || answer.status === 404) {
      over = true;
      stop();
      location.assign(location.pathname.replace(/[^/]+$/, ""));
    } else {
      stop("The server did not answer as it should. Load this page again.");
    }
  } catch {
    stop("The connection is gone for a moment. The film is paused; press play when this message goes.");
  }
  saying = false;
  if (again) {
    again = false;
    say();
  }
}

function stop(words) {
  video.pause();
  if (words) {
    trouble.textContent = words;
    trouble.hidden = false;
  }
}

for (const button of page.querySelectorAll("[data-recording]")) {
  button.addEventListener("click", () => {
    for (const other of page.querySelectorAll("[data-recording]")) other.ariaPressed = String(other === button);
    video.pause();
    recording = button.dataset.recording;
    video.src = button.dataset.src;
  });
}
page.querySelector("[data-recording]")?.click();

for (const name of ["play", "playing", "pause", "seeking", "seeked", "waiting", "ended", "loadedmetadata"]) {
  video.addEventListener(name, say);
}
video.addEventListener("ratechange", () => {
  video.playbackRate = 1; // the other page follows at the speed of life
});
video.addEventListener("contextmenu", (event) => event.preventDefault());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") say();
  else video.pause();
});
sayWhenAway(video, page.querySelector("[data-away]"));
const full = page.querySelector("[data-full]");
const screen = page.querySelector("[data-screen]");
if (screen.requestFullscreen) {
  full.hidden = false;
  full.addEventListener("click", () => screen.requestFullscreen());
}
setInterval(say, 2000);
say();
