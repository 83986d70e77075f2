"""What comes in at each browser, stream by stream, and how long nothing came.

A silence is the time between two looks, 40 ms apart, at which a stream had brought a packet.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.harness import Person

BREAKS = {"video": 0.5, "audio": 1.0}
"""Seconds. What is silent for longer was interrupted: a quiet microphone sends every 0.4 s."""

WATCH = """
window.connections = [];
const Real = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
  constructor(...given) { super(...given); connections.push(this); }
};
"""

# Every stream that comes in: since when without a break, and its longest silence. Looked at every 40 ms.
STREAMS = """
window.streams = {};
window.BREAK = __BREAKS__;
const looked = async () => {
  for (const [number, connection] of connections.entries()) {
    if (connection.connectionState === "closed") continue;
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      const fresh = { kind: report.kind, packets: 0, last: 0, longest: 0, since: 0 };
      const one = (streams[`${number} ${report.id}`] ??= fresh);
      if (report.packetsReceived <= one.packets) continue;
      const now = Date.now();
      const silence = one.last ? now - one.last : 0;
      if (!one.last || silence > BREAK[one.kind]) one.since = now;
      one.longest = Math.max(one.longest, silence);
      one.packets = report.packetsReceived;
      one.last = now;
    }
  }
  setTimeout(looked, 40);
};
void looked();
window.coming = () => Object.values(streams)
  .filter((one) => one.last && Date.now() - one.last < BREAK[one.kind]);
window.forget = () => { for (const one of Object.values(streams)) one.longest = 0; };
// The longest silence of what came when `forget` was called, also one that still goes on; in ms.
window.longest = (kind, from) => Math.max(0, ...Object.values(streams)
  .filter((one) => one.kind === kind && one.last > from - BREAK[kind])
  .map((one) => Math.max(one.longest, Date.now() - one.last)));
"""


def watch(one: Person) -> None:
    """Have each page that this person opens from now on keep what comes in."""
    breaks = json.dumps({kind: 1000 * seconds for kind, seconds in BREAKS.items()})
    one.context.add_init_script(WATCH + STREAMS.replace("__BREAKS__", breaks))


def comes(one: Person, videos: int, sounds: int) -> bool:
    """Whether at least so many pictures and voices come in now."""
    kinds = [stream["kind"] for stream in one.page.evaluate("coming()")]
    return kinds.count("video") >= videos and kinds.count("audio") >= sounds


@contextmanager
def longest(people: list[Person]) -> Iterator[dict[str, list[float]]]:
    """The longest silence of each kind at each of them while the block runs, in seconds."""
    found: dict[str, list[float]] = {}
    began = time.time()
    for one in people:
        one.page.evaluate("forget()")
    yield found
    for kind in BREAKS:
        found[kind] = [one.page.evaluate(f"longest('{kind}', {began * 1000})") / 1000 for one in people]
