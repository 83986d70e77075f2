// The page of whoever asked. It asks every second what it has to show, and is dark in every case but one. The
// film comes a second at a time, from near the place where the member of staff is; none of it is kept.

const page = document.querySelector("[data-see]");
const screen = page.querySelector("[data-screen]");
const video = page.querySelector("video");
const dark = page.querySelector("[data-dark]");
const under = page.querySelector("[data-under]");
const sound = page.querySelector("[data-sound]");
const Source = window.ManagedMediaSource ?? window.MediaSource;
const WORDS = JSON.parse(document.getElementById("see-words").textContent); // in the page's language
const AHEAD = 2; // pieces, numbered by the second they begin in; the server sends none from further on
const BEFORE = 2; // a picture begins anew within two seconds
const KEPT = 12; // seconds behind that are let go
let player = null;
let heard = performance.now();

function codecs(piece) {
  for (let i = 0; i < piece.length - 8; i++) {
    if (piece[i] === 0x61 && piece[i + 1] === 0x76 && piece[i + 2] === 0x63 && piece[i + 3] === 0x43) {
      const profile = [...piece.slice(i + 5, i + 8)].map((one) => one.toString(16).padStart(2, "0")).join("");
      return `video/mp4; codecs="avc1.${profile},mp4a.40.2"`;
    }
  }
  throw new Error("no picture");
}

class Player {
  constructor(film) {
    this.film = film;
    this.next = null; // the piece to ask for
    this.asking = false;
    this.late = false; // the film does not come, though it may be seen
    this.gone = new AbortController();
    this.media = new Source();
    this.buffer = null;
    video.disableRemotePlayback = true;
    this.address = URL.createObjectURL(this.media);
    video.src = this.address;
    this.open = new Promise((ok) => this.media.addEventListener("sourceopen", ok, { once: true }));
  }

  follow(told) {
    this.told = told;
    this.since = performance.now();
    const at = this.place();
    const there = this.has(at);
    if (this.next === null || at < this.next - AHEAD - BEFORE - 2 || at > this.next + 1) this.next = this.first(at);
    const off = video.currentTime - at;
    if (Math.abs(off) > (told.playing ? 0.8 : 0.15)) {
      video.currentTime = at;
      if (!there) this.next = this.first(at);
    }
    video.playbackRate = told.playing && Math.abs(off) > 0.2 && Math.abs(off) <= 0.8 ? (off > 0 ? 0.94 : 1.06) : 1;
    if (told.playing && video.paused) this.play();
    if (!told.playing && !video.paused) video.pause();
    this.ask();
  }

  first(at) {
    return Math.max(0, Math.floor(at) - BEFORE);
  }

  place() {
    return this.told.at + (this.told.playing ? (performance.now() - this.since) / 1000 : 0);
  }

  has(at) {
    for (let i = 0; i < video.buffered.length; i++) {
      if (video.buffered.start(i) <= at && at < video.buffered.end(i)) return true;
    }
    return false;
  }

  async play() {
    try {
      await video.play();
    } catch (why) {
      if (why.name !== "NotAllowedError") return;
      video.muted = true; // a browser plays no sound before something was pressed
      sound.hidden = false;
      video.play().catch(() => {});
    }
  }

  async ask() {
    if (this.asking) return;
    this.asking = true;
    try {
      while (!this.gone.signal.aborted && this.next <= Math.floor(this.place()) + AHEAD) {
        const number = this.next;
        const address = page.dataset.piece.replace("FILM", this.film).replace(/0$/, String(number));
        const answer = await fetch(address, { signal: this.gone.signal, cache: "no-store" });
        this.late = answer.status === 503;
        if (!answer.ok) break;
        if (answer.status === 200) await this.add(new Uint8Array(await answer.arrayBuffer()));
        if (this.next === number) this.next = number + 1;
      }
    } catch {
      // it was dark meanwhile, or the connection is gone; the next look tells
    }
    this.asking = false;
  }

  async add(piece) {
    await this.open;
    this.buffer ??= this.media.addSourceBuffer(codecs(piece));
    await this.done(() => this.buffer.appendBuffer(piece));
    const old = video.currentTime - KEPT;
    if (old > 0) await this.done(() => this.buffer.remove(0, old));
  }

  done(what) {
    return new Promise((ok, no) => {
      this.buffer.addEventListener("updateend", ok, { once: true });
      this.buffer.addEventListener("error", no, { once: true });
      what();
    });
  }

  end() {
    this.gone.abort();
    video.pause();
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(this.address);
  }
}

function darken(why) {
  player?.end();
  player = null;
  screen.hidden = under.hidden = true;
  dark.hidden = false;
  const words = dark.querySelector("[data-words]");
  if (words.textContent !== WORDS[why]) words.textContent = WORDS[why];
  if (document.fullscreenElement) document.exitFullscreen();
}

function show(told) {
  if (!Source) {
    darken("old");
    return;
  }
  if (player?.film !== told.film) {
    player?.end();
    player = new Player(told.film);
  }
  for (const mark of page.querySelectorAll(".recording-marks span")) mark.textContent = told.mark;
  dark.hidden = true;
  screen.hidden = under.hidden = false;
  page.querySelector("[data-playing]").textContent = underWords(told);
  player.follow(told);
}

function underWords(told) {
  if (player.late) return WORDS.late;
  return told.playing ? WORDS.playing : WORDS.paused;
}

async function look() {
  let told = null;
  try {
    const answer = await fetch(page.dataset.state, { cache: "no-store", signal: AbortSignal.timeout(4000) });
    told = await answer.json();
    heard = performance.now();
  } catch {
    if (performance.now() - heard > 3000) darken("lost");
  }
  if (told?.light === "on") show(told);
  else if (told) darken(told.light);
  if (told?.light !== "over") setTimeout(look, told?.light === "on" ? 700 : 1000);
}

sound.addEventListener("click", () => {
  video.muted = false;
  sound.hidden = true;
});
video.addEventListener("contextmenu", (event) => event.preventDefault());
const full = page.querySelector("[data-full]");
if (screen.requestFullscreen) {
  full.hidden = false;
  full.addEventListener("click", () => screen.requestFullscreen());
}
look();
