"""The page of faults is written from what was found, and what was seen is counted rightly."""

from pathlib import Path

import pytest

from bench.faults import telling
from bench.faults.listening import Told
from bench.faults.table import Row, keep, read, write
from bench.faults.watcher import Facts, Seen, breaks


class Looked:
    """A watcher that has stopped looking."""

    def __init__(self, *seen: Seen, found: tuple[str, ...] = ()) -> None:
        self.seen, self.found = list(seen), list(found)


FACTS = Facts(
    room="r",
    hosts=["teacher"],
    pupils=["amara", "ben", "chloe"],
    admitted={"teacher": 0.0, "amara": 10.0, "ben": 10.0},
    turns=[("Amara", 20.0, 30.0)],
)


def look(t: float, *, heard: tuple[str, ...] = (), frames: int = 1, **more: bool) -> dict[str, object]:
    flags = {"away": False, "frozen": False, "unrecorded": False, "over": False} | more
    return {"t": t, "heard": list(heard), "frames": {"Amara": frames}, **flags}


def found(*seen: Seen, told: Told | None = None) -> list[str]:
    return breaks(Looked(*seen), [told or Told("Ben")], FACTS, 0.0, 100.0)  # type: ignore[arg-type]


def test_a_page_has_a_line_for_each_fault_and_says_what_was_not_run(tmp_path: Path) -> None:
    kept, page = tmp_path / "faults.json", tmp_path / "faults.md"
    fine = Row(
        "one", "kill -9 of one", "nothing", "nothing", "segment 1", 1.25, 0.0, {"pages": 2000}, on="today"
    )
    keep(Row("one", "kill -9 of one", well=None), kept)
    keep(fine, kept)
    write({"one": "", "two": "the other"}, read(kept), page)
    text = page.read_text()
    assert "| kill -9 of one | nothing | nothing | segment 1 | 1.2 | 0.0 | yes, 2,000 looks |" in text
    assert "| the other | not run |" in text and "Of 2,000 looks none saw an invariant broken." in text
    keep(Row("two", "the other", breaks=["two children were heard at once"], looks={"pages": 1}), kept)
    write({"one": "", "two": "the other"}, read(kept), page)
    assert "**These did not hold:**" in page.read_text()
    assert "- the other: two children were heard at once" in page.read_text()


@pytest.mark.parametrize(
    ("row", "held"),
    [
        (Row("a", "a", well=1.0, looks={"pages": 5, "gate": 1}), True),
        (Row("a", "a", well=None, looks={"pages": 5}), False),
        (Row("a", "a", well=1.0, looks={"pages": 5, "gate": 0}), False),
        (Row("a", "a", well=1.0, looks={"pages": 5}, breaks=["it broke"]), False),
        (Row("a", "a", well=1.0, looks={"pages": 5}, wrong=["never well"]), False),
    ],
)
def test_a_fault_has_held_only_when_somebody_looked_and_all_was_well(row: Row, held: bool) -> None:
    assert row.held is held


def test_every_breach_is_seen() -> None:
    well = Seen(25.0, "r", {"teacher": ["camera"], "amara": ["camera", "microphone"], "ben": ["camera"]})
    assert found(well) == []
    assert "not let in" in found(Seen(25.0, "r", {"teacher": [], "chloe": []}))[0]
    assert "not let in" in found(Seen(5.0, "r", {"teacher": [], "ben": []}))[0]
    two = Seen(25.0, "r", {"teacher": [], "amara": ["microphone"], "ben": ["microphone"]})
    assert "two children sent" in found(two)[0]
    alone = [Seen(float(t), "r", {"ben": ["camera"]}) for t in range(40, 48)]
    assert "without a host" in found(*alone)[0]
    assert found(*alone[:5]) == []
    assert found(told=Told("Ben", [look(25.0, heard=("Amara", "teacher"))])) == []
    assert "without the floor" in found(told=Told("Ben", [look(32.0, heard=("Amara",))]))[0]
    assert "at once" in found(told=Told("teacher", [look(25.0, heard=("Amara", "Ben"))]))[0]
    assert breaks(Looked(found=("it was let in",)), [], FACTS, 0, 9) == ["it was let in"]  # type: ignore[arg-type]


def test_what_was_seen_and_not_recorded_is_lost() -> None:
    told = Told("Ben", [look(t / 10, frames=t if t < 30 else 30) for t in range(50)])
    assert telling.length(told.moved("Amara")) == pytest.approx(3.0)
    lost = telling.without(told.moved("Amara"), [[0.0, 1.0], [1.1, 1.6], [2.2, 9.0]])
    assert telling.length(lost) == pytest.approx(0.6)
    assert telling.length(telling.without([(0.0, 0.2)], [])) == 0.0


def test_unwell_is_who_stands_still_or_is_told_to_wait() -> None:
    still = Told("Ben", [look(t / 10, frames=min(t, 10)) for t in range(40)])
    assert still.last_unwell(("Amara",)) == pytest.approx(3.9)
    assert still.stillness("Amara") == pytest.approx(2.9)
    told = Told("Ben", [look(t / 10, frames=t, away=5 < t < 9) for t in range(1, 40)])
    assert told.last_unwell(("Amara",)) == pytest.approx(0.8)
    assert told.seconds("away") == pytest.approx(0.3)
