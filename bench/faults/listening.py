"""What each page really shows and plays, looked at all the time by the page itself, and read afterwards."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from tests.harness import PITCHES, Person

EVERY = 0.15
STILL = 1.0
"""Seconds without a new picture that nobody would call a blink."""
FLOOR = -40.0
"""dB. A voice measures about -18, what spills over from another about -55."""

SCRIPT = """
(() => {
  const PITCHES = __PITCHES__;
  window.looks = [];
  window.noticed = {};
  window.latest = { frames: {} };
  let context, analyser, bins;
  const attached = new Set();
  const listen = () => {
    if (!context) {
      context = new AudioContext({ sampleRate: 48000 });
      void context.resume();
      analyser = context.createAnalyser();
      analyser.fftSize = 4096;
      analyser.smoothingTimeConstant = 0;
      bins = new Float32Array(analyser.frequencyBinCount);
    }
    for (const element of document.querySelectorAll("audio")) {
      for (const track of element.srcObject?.getAudioTracks() ?? []) {
        if (track.readyState !== "live" || attached.has(track)) continue;
        attached.add(track);
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      }
    }
    analyser.getFloatFrequencyData(bins);
    const width = 48000 / 4096;
    const loud = (pitch) => {
      const at = Math.round(pitch / width);
      return Math.max(...bins.slice(at - 2, at + 3)) > __FLOOR__;
    };
    return Object.entries(PITCHES).filter(([, pitch]) => loud(pitch)).map(([who]) => who);
  };
  const look = () => {
    if (!document.body) return;
    const frames = {};
    for (const tile of document.querySelectorAll("[role=group][aria-label]")) {
      const video = tile.querySelector("video");
      const has = video && video.srcObject;
      frames[tile.ariaLabel] = has ? video.getVideoPlaybackQuality().totalVideoFrames : -1;
    }
    const notices = [...document.querySelectorAll(".notices li")].map((one) => one.textContent);
    for (const text of notices) noticed[text] ??= Date.now();
    const text = document.querySelector("main")?.textContent ?? "";
    looks.push(window.latest = {
      t: Date.now() / 1000,
      heard: listen(),
      frames,
      away: !!document.querySelector("p.away"),
      frozen: text.includes("will be back"),
      unrecorded: !!document.querySelector(".recording.lost"),
      over: !document.querySelector("footer.controls"),
    });
  };
  setInterval(look, __EVERY__);
})();
"""


def watch(one: Person) -> None:
    """Have each page that this person opens from now on look at itself."""
    script = SCRIPT.replace("__PITCHES__", json.dumps(PITCHES)).replace("__FLOOR__", str(FLOOR))
    one.context.add_init_script(script.replace("__EVERY__", str(int(EVERY * 1000))))


@dataclass
class Told:
    """What one page saw over a time. Seconds are by the wall clock of this machine."""

    who: str
    looks: list[dict[str, Any]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def seconds(self, what: str) -> float:
        """For how long something was so: away, frozen, unrecorded."""
        return float(sum(b["t"] - a["t"] for a, b in self._pairs() if a[what]))

    def _pairs(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        return list(itertools.pairwise(self.looks))

    def moved(self, label: str) -> list[tuple[float, float]]:
        """From look to look: when this person's picture was seen to move."""
        return [(a["t"], b["t"]) for a, b in self._pairs() if _moves(a, b, label)]

    def stillness(self, label: str) -> float:
        """The longest time without a new picture of this person."""
        return _longest([when for _, when in self.moved(label)], self.looks)

    def silence(self, who: str) -> float:
        """The longest time in which this voice was not heard."""
        return _longest([look["t"] for look in self.looks if who in look["heard"]], self.looks)

    def last_unwell(self, labels: tuple[str, ...]) -> float | None:
        """When it was last not well here; None when it always was."""
        last: float | None = None
        seen = dict.fromkeys(labels, self.looks[0]["t"] if self.looks else 0.0)
        for before, look in self._pairs():
            for label in labels:
                if _moves(before, look, label):
                    seen[label] = look["t"]
            told = look["away"] or look["frozen"] or look["unrecorded"] or look["over"]
            if told or any(look["t"] - when > STILL for when in seen.values()):
                last = look["t"]
        return last


def _moves(before: dict[str, Any], look: dict[str, Any], label: str) -> bool:
    now = look["frames"].get(label, -1)
    return bool(now > 0 and now != before["frames"].get(label, -1))


def _longest(moments: list[float], looks: list[dict[str, Any]]) -> float:
    if not looks:
        return 0.0
    every = [looks[0]["t"], *moments, looks[-1]["t"]]
    return max((b - a for a, b in itertools.pairwise(every)), default=0.0)


def drain(one: Person) -> Told:
    """What this page saw since it was asked last."""
    told = one.page.evaluate("({ looks: looks.splice(0), notices: Object.keys(noticed) })")
    return Told(one.who, told["looks"], told["notices"])


def cut(told: Told, begin: float, end: float) -> Told:
    """What was seen between two moments."""
    return Told(told.who, [look for look in told.looks if begin <= look["t"] <= end], told.notices)
