"""What was seen of a fault, in words and seconds."""

from typing import Any

from bench.faults import listening
from bench.faults.listening import Told
from bench.faults.watcher import Facts

TEACHER = "Mrs Osei"
CHILDREN = ("Amara", "Ben")


def child(told: dict[str, Told], facts: Facts, begin: float, end: float) -> str:
    """What the children saw between two moments."""
    children = [told[name] for name in CHILDREN]
    parts = [
        _part("the teacher's picture still for", max(one.stillness(TEACHER) for one in children)),
        _part("“Trying to get you back…” for", max(one.seconds("away") for one in children), 0.0),
        _part("“Your teacher will be back” for", max(one.seconds("frozen") for one in children), 0.0),
        _part("“not being recorded” for", max(one.seconds("unrecorded") for one in children), 0.0),
        _part("Amara's voice silent for", told["Ben"].silence("Amara"), 1.5),
    ]
    if any(begin < ended < end for _, _, ended in facts.turns):
        parts.append("Amara's turn ended")
    if any(look["over"] for one in children for look in one.looks[-3:]):
        parts = [part for part in parts if "still" not in part and "silent" not in part] + ["“Goodbye!”"]
    return "; ".join(part for part in parts if part) or "nothing"


def host(told: Told, notes: list[str]) -> str:
    """What the teacher saw; of the register's notes, those that stood on the page."""
    shown = [note for note in dict.fromkeys(notes) if any(note in text for text in told.notices)]
    parts = [
        _part("children's pictures still for", max(told.stillness(name) for name in CHILDREN)),
        _part("“Trying to get you back…” for", told.seconds("away"), 0.0),
        _part("“not being recorded” for", told.seconds("unrecorded"), 0.0),
        "told: " + ", ".join(f"“{note}”" for note in shown) if shown else "",
    ]
    if told.looks and told.looks[-1]["over"]:
        parts = [part for part in parts if "still" not in part] + ["that the meeting is over"]
    return "; ".join(part for part in parts if part) or "nothing"


def record(found: dict[str, Any], missing: float) -> str:
    """What the recording and the log have."""
    rows = [f"{kind.split('.', 1)[1]}: {n}" for kind, n in found["rows"].items()]
    parts = [
        f"segment {found['segments']}, {found['recording']}",
        f"{missing:.1f} s without Amara's picture" if missing >= 0.3 else "",
        "log: " + ", ".join(rows) if rows else "no row",
    ]
    return "; ".join(part for part in parts if part)


def _part(words: str, seconds: float, least: float = listening.STILL) -> str:
    return f"{words} {seconds:.1f} s" if seconds > least else ""


def without(times: list[tuple[float, float]], spans: list[list[float]]) -> list[tuple[float, float]]:
    """What of these times lies in none of the spans."""
    left = []
    merged = _merged(spans)
    for begin, end in times:
        at = begin
        for a, b in merged:
            if b <= at or a >= end:
                continue
            if a > at:
                left.append((at, a))
            at = max(at, b)
        if at < end:
            left.append((at, end))
    return left


def _merged(spans: list[list[float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for a, b in sorted((a, b) for a, b in spans):
        if found and a <= found[-1][1] + 0.15:
            found[-1] = (found[-1][0], max(b, found[-1][1]))
        else:
            found.append((a, b))
    return found


def length(times: list[tuple[float, float]]) -> float:
    """How many seconds these are; so few that nobody can tell are none."""
    total = sum(b - a for a, b in times)
    return 0.0 if total < 0.3 else total
