"""Who looks all the while, beside the pages: at the media server, at the door, and at what is not theirs."""

import re
import secrets
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.faults.listening import Told
from circletime.media import livekit
from circletime.media.livekit import MediaError
from tests.grown.people import Someone
from tests.harness import Installation

HOST_GONE_FOR = 5.0
"""Seconds. A host's lost connection is taken for a blink for three of them (T1)."""
TURN_FADES = 1.0
"""Seconds: a turn's end in the record, and the last of the voice at the others."""
AFTER_LIMIT = 1.0
MICROPHONE = "microphone"


@dataclass
class Seen:
    """One look at the media server: who is in a room, and what each sends."""

    t: float
    room: str
    people: dict[str, list[str]]


@dataclass
class Facts:
    """What the database says of the meeting, to hold what was seen against. Times are of the wall clock."""

    room: str
    hosts: list[str]
    pupils: list[str]
    admitted: dict[str, float]
    turns: list[tuple[str, float, float]]
    """Whose, from when, until when."""


UNANSWERED = (MediaError, OSError, httpx.HTTPError)


@dataclass
class Watcher:
    """Looks until it is told to stop. `secrets` is what stands on no child's page."""

    at: Installation
    knocks: Someone
    secrets: list[str]
    seen: list[Seen] = field(default_factory=list)
    ready: list[tuple[float, bool]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    """Breaks that need no comparison: it was let in, or read what is not theirs."""
    unanswered: Counter[str] = field(default_factory=Counter)
    """Looks that nobody answered, and why."""

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        # A browser's cookies are not for two threads: the gate is tried with a copy of them.
        self._gate = Someone(self.knocks.at)
        self._gate.client.cookies.update(self.knocks.client.cookies)
        self._gate.seat = self.knocks.seat
        words = "|".join(re.escape(one) for one in self.secrets)
        self._secret = re.compile(rf"(?<!\w)({words})(?!\w)", re.IGNORECASE)
        todo = (
            (0.2, self._who_is_in),
            (0.25, self._is_ready),
            (0.5, self._tries_the_gate),
            (1.0, self._reads),
        )
        self._threads = [
            threading.Thread(target=self._every, args=(seconds, look), daemon=True) for seconds, look in todo
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all looks."""
        self._stop.set()
        for thread in self._threads:
            thread.join(10)

    def _every(self, seconds: float, look: Callable[[], None]) -> None:
        while not self._stop.wait(seconds):
            try:
                look()
            except UNANSWERED as trouble:
                self.unanswered[f"{look.__name__.strip('_')}: {trouble!r}"[:200]] += 1
            except Exception as trouble:  # else its thread would end, and nobody look any more
                self.found.append(f"a look of ours broke: {look.__name__.strip('_')}: {trouble!r}")

    def _who_is_in(self) -> None:
        for room in livekit.list_rooms():
            people = {
                one.identity: [track.source for track in one.tracks]
                for one in livekit.list_participants(room)
                if one.identity != livekit.RECORDER
            }
            self.seen.append(Seen(time.time(), room, people))
        self.seen.append(Seen(time.time(), "", {}))  # asked and answered, whatever rooms there are

    def _is_ready(self) -> None:
        try:
            fine = httpx.get(f"{self.at.url}/readyz", timeout=1).status_code == 200
        except httpx.HTTPError:
            fine = False
        self.ready.append((time.time(), fine))

    def _tries_the_gate(self) -> None:
        # Not by a WebSocket library: one that met the end of a TLS line in its handshake waited for ever.
        where = f"{self.at.url}/rtc?protocol=16&auto_subscribe=1&access_token={self._gate.seat}"
        asks = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": b64encode(secrets.token_bytes(16)).decode(),
            "Origin": self.at.url,
        }
        answer = self._gate.client.get(where, headers=asks, timeout=3)
        if answer.status_code == 101:
            self.found.append("the child who waits was let in by the gate")
        elif answer.status_code == 403:
            self.refused.append(time.time())
        else:
            raise httpx.HTTPError(f"status {answer.status_code}")

    def _reads(self) -> None:
        answer = self.knocks.client.get(f"{self.at.url}/room/{self.knocks.seat}", timeout=3)
        self._look_through(answer.text, "the waiting child's page")
        if answer.status_code == 200:
            self.pages.append(time.time())

    def _look_through(self, text: str, where: str) -> None:
        hit = self._secret.search(text)
        if hit is not None:
            self.found.append(f"{where} has what is not theirs ({hit[0]!r})")

    def hear(self, payload: Any) -> None:
        """A message of a live socket to a child's page."""
        if isinstance(payload, str):
            self._look_through(payload, "a child's live socket")
            self.pages.append(time.time())


def breaks(watcher: Watcher, told: list[Told], facts: Facts, begin: float, end: float) -> list[str]:
    """Every invariant that did not hold between two moments, each once, in words."""
    seen = [one for one in watcher.seen if begin <= one.t <= end and one.room == facts.room]
    found = [*dict.fromkeys(watcher.found), *_heard(told, facts, begin), *_in_the_room(seen, facts, begin)]
    return _shortened(found)


def _heard(told: list[Told], facts: Facts, begin: float) -> Iterator[str]:
    for one in told:
        for look in one.looks:
            children = {who for who in look["heard"] if who != "teacher"} - {one.who}
            when = f"({look['t'] - begin:.1f} s after the beginning, at {one.who})"
            if len(children) > 1:
                yield f"two children were heard at once: {' and '.join(sorted(children))} {when}"
            if any(not _has_floor(facts, who, look["t"]) for who in children):
                yield f"a child was heard without the floor {when}"


def _in_the_room(looks: list[Seen], facts: Facts, begin: float) -> Iterator[str]:
    away_since: float | None = None
    for seen in looks:
        when = f"({seen.t - begin:.1f} s after the beginning)"
        if any(facts.admitted.get(who, 9e12) > seen.t + 0.5 for who in seen.people):
            yield f"somebody was in the room who was not let in {when}"
        here = any(host in seen.people for host in facts.hosts)
        away_since = None if here else (away_since or seen.t)
        gone_long = away_since is not None and seen.t - away_since > HOST_GONE_FOR
        if gone_long and any(seen.people.get(who) for who in facts.pupils):
            yield f"a child sent without a host in the room {when}"
        if sum(MICROPHONE in seen.people.get(who, []) for who in facts.pupils) > 1:
            yield f"two children sent a voice at once {when}"


def _has_floor(facts: Facts, who: str, when: float) -> bool:
    return any(
        name == who and given - TURN_FADES <= when <= ended + TURN_FADES for name, given, ended in facts.turns
    )


def _shortened(found: list[str]) -> list[str]:
    kinds: dict[str, list[str]] = {}
    for one in found:
        kinds.setdefault(one.partition(" (")[0], []).append(one)
    return [f"{each[0]}, {len(each)} looks" if len(each) > 1 else each[0] for each in kinds.values()]


def room_gone(watcher: Watcher, room: str, limit: float) -> float | None:
    """Seconds after the limit until a look saw that the room is empty or gone, or None if none did."""
    last = max((one.t for one in watcher.seen if one.room == room and one.people), default=0.0)
    after = [one.t for one in watcher.seen if one.room == "" and one.t > max(last, limit)]
    return max(0.0, last - limit) if after else None
