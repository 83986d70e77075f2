"""What a page receives and sends, as its own WebRTC connections count it."""

from typing import Any

from tests.harness import Person

WATCH = """
window.connections = [];
const Real = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
  constructor(...given) { super(...given); connections.push(this); }
};
// Packets and bytes of all connections together; an IPv4 and a UDP header are added to each packet.
window.traffic = async () => {
  const sum = { open: "", in_packets: 0, in_bytes: 0, out_packets: 0, out_bytes: 0 };
  for (const [number, connection] of connections.entries()) {
    if (connection.connectionState !== "connected") continue;
    sum.open += ` ${number}`;
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== "transport") continue;
      sum.in_packets += report.packetsReceived;
      sum.in_bytes += report.bytesReceived + 28 * report.packetsReceived;
      sum.out_packets += report.packetsSent;
      sum.out_bytes += report.bytesSent + 28 * report.packetsSent;
    }
  }
  return sum;
};
// When a media packet came last, by the wall clock, looked for every 40 ms.
window.watchLast = () => {
  let known = 0;
  window.lastPacket = 0;
  setInterval(async () => {
    let packets = 0;
    for (const connection of connections) {
      if (connection.connectionState === "closed") continue;
      for (const report of (await connection.getStats()).values()) {
        if (report.type === "inbound-rtp") packets += report.packetsReceived;
      }
    }
    if (packets > known) lastPacket = Date.now();
    known = packets;
  }, 40);
};
"""


def watch(one: Person) -> None:
    """Have each page that this person opens from now on count its traffic."""
    one.context.add_init_script(WATCH)


def megabits(one: Person, seconds: float) -> tuple[float, float]:
    """Mbit/s in and out, headers counted in, over so many seconds in which no connection was made anew."""
    for _ in range(3):
        before: dict[str, Any] = one.page.evaluate("traffic()")
        one.page.wait_for_timeout(seconds * 1000)
        after: dict[str, Any] = one.page.evaluate("traffic()")
        if before["open"] == after["open"]:
            down, up = (
                8 * (after[name] - before[name]) / seconds / 1e6 for name in ("in_bytes", "out_bytes")
            )
            return down, up
    raise AssertionError("the connection was made anew three times")
