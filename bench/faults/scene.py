"""A meeting with a teacher and two children in browsers, a third at the door, and a watcher beside them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.faults import asked, listening, telling
from bench.faults.listening import Told
from bench.faults.table import Row, where
from bench.faults.telling import CHILDREN, TEACHER, length, without
from bench.faults.watcher import Facts, Watcher, breaks, room_gone
from bench.lessons import MEETING
from circletime.media import livekit
from circletime.media.livekit import MediaSettings
from circletime.media.rules import Rights
from tests import harness
from tests.grown.people import child as program
from tests.harness import DESKTOP, PHONE, ROOT, Installation, Person, wait_for
from tests.inside import Inside

LABELS = (TEACHER, *CHILDREN)
GIVES_UP = 75.0
"""Seconds after a fault's end in which it has to be well again."""
STAYS_WELL = 3.0
WRITTEN_AFTER = 4.0
"""Seconds until the recorder has written what it had in hand."""


@dataclass
class Fault:
    """`do` brings it about and returns once it is over; `before` is not yet a part of it. `again` says, where
    it has to be asked, that what was broken works again."""

    name: str
    words: str
    do: Callable[["Scene"], None]
    again: Callable[["Scene"], bool] = lambda scene: True
    gives_up: float = GIVES_UP
    ends: bool = False
    """The meeting reaches its limit meanwhile."""
    skew: float = 0.0
    """Seconds by which the program's clock is ahead of this one after the fault."""
    before: Callable[["Scene"], None] = lambda scene: None


@dataclass
class Scene:
    """The people and what they are in. `limit` is when the meeting has to be over, where it reaches it."""

    at: Installation
    do: Inside
    people: dict[str, Person]
    watcher: Watcher
    meeting: str
    limit: float = 0.0
    old: int = 0
    """The process that was broken."""

    @property
    def teacher(self) -> Person:
        return self.people["teacher"]

    def wait(self, seconds: float) -> None:
        """Let time pass; what browsers tell is taken meanwhile."""
        self.teacher.page.wait_for_timeout(seconds * 1000)

    def shorten(self, seconds: float) -> None:
        """The meeting's limit is so many seconds from now."""
        self.limit = time.time() + seconds
        self.do(asked.SHORTEN % (self.meeting, seconds))

    def settle(self) -> None:
        """Everybody is well, and Amara speaks."""
        for one in self.people.values():
            wait_for(lambda one=one: _is_well(one), 45, f"{one.who} is well")  # type: ignore[misc]
        if "Amara" not in harness.heard_by(self.people["Ben"], 400):
            give_turn(self)
        wait_for(lambda: "Amara" in harness.heard_by(self.people["Ben"], 400), 20, "Amara is heard")


def give_turn(scene: Scene, who: str = "Amara") -> None:
    """This child has the turn."""
    button = scene.teacher.page.get_by_role("button", name=f"Give {who} a turn", exact=True)
    harness.press_until(button, lambda: not button.is_visible())


def _is_well(one: Person) -> bool:
    first = one.page.evaluate("latest")
    one.page.wait_for_timeout(500)
    look = one.page.evaluate("latest")
    moving = [name for name in LABELS if look["frames"].get(name, -1) > first["frames"].get(name, -1)]
    return len(moving) == len(LABELS) and not (look["away"] or look["frozen"] or look["unrecorded"])


@contextmanager
def meeting(
    playwright: Any, folder: Path, at: Installation, *, open_: Any = harness.person
) -> Iterator[Scene]:
    """A meeting in this installation, everybody well, until the end of the block."""
    _reach_media(at)
    people = {
        who: open_(playwright, folder, who, size=DESKTOP if who == "teacher" else PHONE, rate=7)
        for who in ("teacher", *CHILDREN)
    }
    for one in people.values():
        listening.watch(one)
    watcher = None
    try:
        harness.sign_in(people["teacher"], at, "teacher")
        at.facts["meeting"]["id"] = at.python(MEETING)
        at.facts["meeting"]["host_url"] = f"{at.url}/meetings/{at.facts['meeting']['id']}/"
        harness.start_meeting(people["teacher"], at)
        waits = program(at, at.url, "Chloé")
        watcher = Watcher(at, waits, at.python.ask(asked.SECRETS))
        for name in CHILDREN:
            people[name].page.on("websocket", _reads(watcher))
            harness.knock(people[name], at, name)
            harness.admit(people["teacher"], f"Admit {name}")
        scene = Scene(at, at.python, people, watcher, at.facts["meeting"]["id"])
        scene.settle()
        yield scene
    except Exception:
        print(at.logs(), file=sys.stderr)
        raise
    finally:
        if watcher is not None:
            watcher.stop()
        for one in people.values():
            one.close()


def _reads(watcher: Watcher) -> Callable[[Any], None]:
    return lambda socket: socket.on("framereceived", watcher.hear)


def _reach_media(at: Installation) -> None:
    urls = at.env.get("CIRCLETIME_LIVEKIT_URL", "")
    if urls:
        first, *others = urls.split(",")
        key, secret = at.env["CIRCLETIME_LIVEKIT_KEY"], at.env["CIRCLETIME_LIVEKIT_SECRET"]
    else:
        first, others = f"http://127.0.0.1:{at.port + 1}", []
        key, secret = next(iter(json.loads((at.var / "run" / "livekit.json").read_text())["keys"].items()))
    livekit.configure(MediaSettings(first, key, secret, tuple(others)))


def show_a_break(scene: Scene) -> None:
    """Put a stranger into the room behind the program's back, and deny the turn that there is: the watcher
    has to see both, or what it does not see says nothing. The stranger is put out within seconds, as ever."""
    facts = _facts(scene)
    begin = time.time()
    for one in scene.people.values():
        listening.drain(one)
    listens = Rights(camera=False, microphone=False, screen=False, subscribe=True)
    token = livekit.make_token(facts.room, "stranger", "A stranger", listens)
    url = livekit.addresses()[0].replace("http", "ws", 1)
    order = json.dumps([{"token": token, "identity": "stranger", "listens": True}])
    command = [str(ROOT / "var" / "bin" / "crowd"), "--url", url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as crowd:
        assert crowd.stdin is not None
        crowd.stdin.write(order.encode())
        crowd.stdin.close()
        scene.wait(4)
        crowd.kill()
    told = [listening.drain(one) for one in scene.people.values()]
    denied = replace(facts, turns=[])
    found = breaks(scene.watcher, told, denied, begin, time.time())
    for breach in ("not let in", "without the floor"):
        if not any(breach in one for one in found):
            raise RuntimeError(f"the watcher was shown somebody {breach}, and saw only: {found}")
    print(f"shown a breach, the watcher saw: {'; '.join(found)}", file=sys.stderr, flush=True)
    scene.settle()


def _facts(scene: Scene, skew: float = 0.0) -> Facts:
    told = scene.do.ask(asked.FACTS % scene.meeting)
    turns = [(who, given, ended) for who, given, ended in told["turns"]]
    if skew:  # a turn that ended after the step is written down in the time that was stepped to
        turns = [(who, min(given, given - skew), max(ended, ended - skew)) for who, given, ended in turns]
    return Facts(told["room"], told["hosts"], told["pupils"], told["admitted"], turns)


def run(scene: Scene, fault: Fault) -> Row:
    """Bring one fault about, and tell what was seen of it."""
    fault.before(scene)
    scene.settle()
    marks = scene.do.ask(asked.MARK)
    scene.watcher.found.clear()
    scene.watcher.unanswered.clear()
    told = {who: listening.drain(one) and Told(who) for who, one in scene.people.items()}
    begin = time.time()
    print(f"{fault.name}…", file=sys.stderr, flush=True)
    fault.do(scene)
    came = _until_well(scene, fault, told, begin)
    scene.wait(WRITTEN_AFTER)
    end = time.time()
    _drain(scene, told)
    row = Row(fault.name, fault.words, on=where(datetime.now(UTC)), well=came)
    facts = _facts(scene, fault.skew)
    record = scene.do.ask(asked.RECORD % (scene.meeting, *marks))
    pages = list(told.values())
    row.breaks = breaks(scene.watcher, pages, facts, begin, end)
    if record["broken"]:
        row.breaks.append(f"the log's chain is broken: {record['broken']}")
    if fault.ends:
        _ended(scene, fault, row, facts)
    elif came is None:
        row.wrong.append(f"not well again within {fault.gives_up:.0f} s")
    row.looks = {
        "pages": sum(len(one.looks) for one in pages),
        "media": sum(begin <= one.t <= end for one in scene.watcher.seen),
        "gate": sum(begin <= t <= end for t in scene.watcher.refused),
        "read": sum(begin <= t <= end for t in scene.watcher.pages),
        "chain": 1,
    }
    until = end - WRITTEN_AFTER if came is None else min(end - WRITTEN_AFTER, begin + came + 1)
    if fault.ends:
        until = scene.limit
    spans = scene.do.ask(asked.SPANS % scene.meeting)
    seen = told["Ben"].moved("Amara")
    row.lost = length(without([one for one in seen if begin - 1 <= one[0] <= until], spans))
    missing = length(without([(begin, until)], spans))
    row.child = telling.child(told, facts, begin, end)
    row.host = telling.host(told["teacher"], record["notes"])
    row.record = telling.record(record, missing)
    print(json.dumps(row.__dict__, ensure_ascii=False), file=sys.stderr, flush=True)
    print(f"not answered: {dict(scene.watcher.unanswered)}", file=sys.stderr, flush=True)
    return row


def _drain(scene: Scene, told: dict[str, Told]) -> None:
    for who, one in scene.people.items():
        new = listening.drain(one)
        told[who].looks += new.looks
        told[who].notices = new.notices


def _until_well(scene: Scene, fault: Fault, told: dict[str, Told], begin: float) -> float | None:
    """Seconds from the fault's beginning until it was well for good, or None when it was not in time."""
    over = time.time()
    works = begin if fault.again(scene) else 0.0
    while time.time() < over + fault.gives_up:
        scene.wait(0.3)
        _drain(scene, told)
        now = time.time()
        if fault.ends:
            if now > scene.limit + 4:
                return 0.0
            continue
        if not works and fault.again(scene):
            works = time.time()
        times = [one.last_unwell(LABELS) for one in told.values()]
        times += [t for t, fine in scene.watcher.ready if t >= begin and not fine][-1:]
        unwell = max([t for t in times if t is not None], default=begin)
        if works and now - max(unwell, over, works) > STAYS_WELL:
            return max(unwell, works) - begin
    return None


def _ended(scene: Scene, fault: Fault, row: Row, facts: Facts) -> None:
    row.well = room_gone(scene.watcher, facts.room, scene.limit)
    if row.well is None or row.well > 1.0:
        row.breaks.append(f"the room went on after its limit ({row.well} s)")
    for _ in range(40):
        ended = scene.do.ask(asked.ENDED % scene.meeting)
        if ended == ["ended", "stopped", 1]:
            break
        scene.wait(1)
    else:
        row.wrong.append("meeting, recording and ends in the log are {}, {}, {}".format(*ended))
    early = scene.limit - max((one.t for one in scene.watcher.seen if one.room == facts.room), default=0.0)
    if early > 1.5 and fault.skew <= 0:
        row.wrong.append(f"the meeting ended {early:.0f} s before its limit")
