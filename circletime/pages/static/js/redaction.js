// The film that is worked on: places of the player go into the form, marks jump, the whole recording follows.

import { sayWhenAway } from "./away.js";

const film = document.querySelector("[data-film]");
const whole = document.querySelector("[data-whole]");
const line = document.querySelector("[data-line]");
const making = document.querySelector("[data-making]");

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

if (film) {
  for (const button of document.querySelectorAll("[data-here]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      // Whole seconds, and rather too much than too little.
      const begins = button.dataset.here === "begins";
      const at = begins ? Math.floor(film.currentTime) : Math.ceil(film.currentTime + 0.001);
      document.getElementById(button.dataset.here).value = clock(at);
    });
  }
  for (const link of document.querySelectorAll("[data-seconds]")) {
    link.addEventListener("click", () => {
      film.currentTime = Math.max(0, Number(link.dataset.seconds) - 1);
      film.focus();
    });
  }
  line.addEventListener("click", (event) => {
    const box = line.getBoundingClientRect();
    film.currentTime = ((event.clientX - box.left) / box.width) * Number(line.dataset.length);
  });
  film.addEventListener("timeupdate", () => line.querySelector("[data-now]").setAttribute("width", film.currentTime));
  sayWhenAway(film, document.querySelector("[data-away]"));
  for (const one of [film, whole]) one?.addEventListener("contextmenu", (event) => event.preventDefault());
}

if (film && whole) {
  const follow = () => {
    if (Math.abs(whole.currentTime - film.currentTime) > 0.3) whole.currentTime = film.currentTime;
  };
  film.addEventListener("seeked", follow);
  film.addEventListener("timeupdate", follow);
  film.addEventListener("play", () => whole.play().catch(() => {}));
  film.addEventListener("pause", () => whole.pause());
  film.addEventListener("ratechange", () => {
    whole.playbackRate = film.playbackRate;
  });
}

if (making) {
  const bar = making.querySelector("progress");
  const words = making.querySelector("[role=status]");
  const look = async () => {
    try {
      const there = location.pathname.replace(/\/(mark|unmark|make|approve|compare|sign-off|call-back)$/, "/");
      const answer = await fetch(there, { headers: { Accept: "application/json" } });
      const told = await answer.json();
      if (told.state === "ready" || told.state === "failed") {
        const typed = document.querySelector("[data-mark]");
        if (!typed.querySelector("#begins").value && !typed.querySelector("#ends").value) {
          location.assign(there);
          return;
        }
        words.textContent = "The film is ready. Load this page again when you have written down this mark.";
        return;
      }
      if (told.state === "making") {
        words.textContent = `The film is being made: ${told.percent}%`;
        bar.value = told.percent;
      }
    } catch {
      // the server is away for a moment; ask again
    }
    setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
}
