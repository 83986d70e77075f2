"""The recorder's own account of what is in the vault (docs/vault-format.md): one file a segment.

A recorder that was killed wrote no end; what is missing is taken from what came after.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from circletime.recordings.film.script import Track

MANIFEST = re.compile(r"manifest-(\d{1,5})\.ctv")
_SOURCES = {
    "camera": "camera",
    "microphone": "microphone",
    "screen_share": "screen",
    "screen_share_audio": "screen_audio",
}


@dataclass
class Entry:
    """One track of a segment; times are seconds since the segment began."""

    file: str
    identity: str
    name: str
    source: str
    begins: float
    ends: float | None = None


@dataclass
class Segment:
    """One run of the recorder. `begins` is seconds since 1970, `stopped` seconds after that."""

    number: int
    begins: float
    stopped: float | None = None
    entries: dict[str, Entry] = field(default_factory=dict)


def read_segment(number: int, lines: Iterable[bytes]) -> Segment | None:
    """A segment from its manifest's lines; None when not even its first line is whole."""
    segment: Segment | None = None
    for line in lines:
        event = _event(line)
        kind = event.get("e")
        if kind == "segment":
            segment = Segment(number, _seconds(event, "started_ms"))
        elif segment is None:
            continue
        elif kind == "track":
            file = str(event.get("file", ""))
            source = _SOURCES.get(str(event.get("source", "")))
            if source is not None and file and Path(file).name == file:
                segment.entries[file] = Entry(
                    file=file,
                    identity=str(event.get("identity", "")),
                    name=str(event.get("name", "")),
                    source=source,
                    begins=_seconds(event, "start_ms"),
                )
        elif kind == "end" and event.get("file") in segment.entries:
            segment.entries[str(event["file"])].ends = _seconds(event, "at_ms")
        elif kind == "stop":
            segment.stopped = _seconds(event, "at_ms")
    return segment


def tracks(segments: list[Segment], folder: Path, until: float) -> tuple[Track, ...]:
    """Every track on the clock. `until` (seconds since 1970) ends what nothing else ended."""
    ordered = sorted(segments, key=lambda segment: segment.begins)
    followers = [segment.begins for segment in ordered[1:]] + [until]
    found = []
    for segment, next_begins in zip(ordered, followers, strict=True):
        over = min(next_begins, until)
        if segment.stopped is not None:
            over = min(over, segment.begins + segment.stopped)
        for entry in segment.entries.values():
            begins = segment.begins + entry.begins
            ends = over if entry.ends is None else min(over, segment.begins + entry.ends + _LAST_FRAME)
            if ends > begins:
                found.append(Track(entry.identity, entry.source, folder / entry.file, begins, ends))
    return tuple(found)


_LAST_FRAME = 0.1
"""Seconds: an end is written with the timestamp of the last frame, which is shown for a moment too."""


def _event(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}  # the last line of a recorder that was killed
    return event if isinstance(event, dict) else {}


def _seconds(event: dict[str, Any], name: str) -> float:
    value = event.get(name, 0)  # the recorder leaves zeroes out
    return value / 1000 if isinstance(value, int | float) else 0.0
