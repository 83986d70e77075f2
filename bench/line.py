"""A home's line to the school, between two network namespaces: what is lost, late, slow or kept out.

Each end is a TUN device, and this program carries every packet from one to the other. So it needs root
and `ip`, and nothing of the kernel's own traffic control, which not every machine has.
"""

import asyncio
import ctypes
import fcntl
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SCHOOL, HOME = "ct-school", "ct-home"
PAGES, RELAY, CHILD = "203.0.113.10", "203.0.113.11", "203.0.113.20"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
TCP, UDP = 6, 17
WAITS = 0.5
"""Seconds of packets that a slow uplink keeps before it drops, as a home's router does."""


@dataclass(frozen=True)
class Line:
    """What the line does, each way: `loss` 0 to 1, `delay` and `jitter` in seconds, `uplink` in bit/s or 0.

    `only` is what comes through: "" for everything, "tcp", or "443" for TCP to and from that port. Without
    `relay` the school's relay is not there.
    """

    name: str
    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    uplink: int = 0
    only: str = ""
    relay: bool = True

    def lets(self, packet: bytes) -> bool:
        """Whether an IPv4 packet of this kind comes through at all."""
        if packet[0] >> 4 != 4:
            return False
        if not self.relay and socket.inet_aton(RELAY) in (packet[12:16], packet[16:20]):
            return False
        if not self.only:
            return True
        if packet[9] != TCP:
            return False
        header = (packet[0] & 15) * 4
        ports = struct.unpack_from("!HH", packet, header)
        return self.only == "tcp" or 443 in ports


def carry(line: Line, home: int, school: int) -> None:
    """Carry packets between the two devices for ever. While it is cut, by a first SIGUSR1 and mended by the
    next, none comes through, and neither end is told."""
    loop = asyncio.new_event_loop()
    whole = True
    free_at = {home: 0.0, school: 0.0}
    last_at = {home: 0.0, school: 0.0}

    def turn() -> None:
        nonlocal whole
        whole = not whole

    def came(from_: int, to: int, rate: int) -> None:
        packet = os.read(from_, 65536)
        if not (whole and line.lets(packet)) or random.random() < line.loss:
            return
        now = time.monotonic()
        at = now
        if rate:
            at = max(now, free_at[from_])
            if at - now > WAITS:
                return
            at += len(packet) * 8 / rate
            free_at[from_] = at
        at += max(0.0, random.gauss(line.delay, line.jitter)) if line.delay else 0.0
        # A home's line is late, and does not turn packets round.
        last_at[from_] = at = max(at, last_at[from_])
        if at <= now:
            os.write(to, packet)
        else:
            loop.call_later(at - now, os.write, to, packet)

    loop.add_signal_handler(signal.SIGUSR1, turn)
    loop.add_reader(home, came, home, school, line.uplink)
    loop.add_reader(school, came, school, home, 0)
    loop.run_forever()


@contextmanager
def namespaces() -> Iterator[None]:
    """The school's and the home's network, each with nothing in it but itself. This process moves into the
    school's."""
    for name in (SCHOOL, HOME):
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "add", name], check=True)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        _enter(SCHOOL)
        # A card of the school's own, which has its addresses whether or not a home is connected.
        subprocess.run(["ip", "link", "add", "card", "type", "veth", "peer", "name", "cable"], check=True)
        for address in (PAGES, RELAY):
            subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "card"], check=True)
        for name in ("card", "cable"):
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        yield
    finally:
        _move(here)
        os.close(here)
        for name in (SCHOOL, HOME):
            subprocess.run(["ip", "netns", "del", name], check=True)


@contextmanager
def connected(line: Line) -> Iterator[subprocess.Popen[bytes]]:
    """The home is reached over this line while the block runs; answers who carries it."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.line", repr(line)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError("the line could not be laid")
        try:
            yield process
        finally:
            process.kill()


def at_home(command: list[str]) -> list[str]:
    """The command as it is run in the home's network."""
    return ["ip", "netns", "exec", HOME, *command]


def _enter(namespace: str) -> None:
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    _move(descriptor)
    os.close(descriptor)


def _move(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "the network could not be entered")


def _device(namespace: str, name: str, address: str, *others: str) -> int:
    """A TUN device in the namespace, over which it reaches the others."""
    _enter(namespace)
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    if namespace == HOME:
        subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", name], check=True)
    subprocess.run(["ip", "link", "set", name, "up"], check=True)
    for other in others:
        subprocess.run(["ip", "route", "add", other, "dev", name, "src", address], check=True)
    return tun


def main() -> None:
    """Lay the line that the argument describes, say so, and carry."""
    line = eval(sys.argv[1], {"Line": Line})
    school = _device(SCHOOL, "school", PAGES, CHILD)
    home = _device(HOME, "home", CHILD, PAGES, RELAY)
    print("laid", flush=True)
    carry(line, home, school)


if __name__ == "__main__":
    main()
