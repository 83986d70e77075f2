"""F14: a media node killed, a newer version taking over, and the app killed, while a meeting runs."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench.nodes import Node, elsewhere, two_nodes
from bench.report import Cell, Result, percentile
from tests import harness, silences
from tests.harness import DESKTOP, PHONE, Installation, Person, wait_for
from tests.silences import BREAKS

WORDS = {"left alone": "app left alone", "kill -9": "app kill -9", "upgrade": "a newer version takes over"}
Wanted = dict[str, tuple[int, int]]
ROUNDS = 2
WITHIN = 15.0
LOOKED = 6.0
"""Seconds over which silences are looked for, with the app killed at the beginning and without."""
SETTLES = 2.0
"""Seconds looked at after the newer version has said that it runs."""
# How many pictures and voices each has to receive: the teacher is heard, and Amara while she has the turn.
SPEAKING = {"teacher": (2, 1), "Amara": (2, 1), "Ben": (2, 2)}
BACK = {"teacher": (2, 0), "Amara": (2, 1), "Ben": (2, 1)}


def run() -> Result:
    """A teacher and two children; each round kills the app, upgrades, and kills both nodes one by one."""
    missed: dict[str, list[float]] = {}
    took: list[float] = []
    back: dict[str, list[float]] = {"media alone": [], "media and signalling": []}
    recorded = 0
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        port = harness.free_ports(4)
        with two_nodes(folder, f"http://localhost:{port}") as (first, second):
            first.start()
            with harness.installation(
                folder / "school", classes=1, port=port, settings=elsewhere(second, first)
            ) as at:
                people = _meet(playwright, folder, at)
                second.start()
                for number in range(ROUNDS):
                    for what, do in EACH_ROUND:
                        with silences.longest(people) as found:
                            seconds = do(at)
                        took += [seconds] if what == "upgrade" else []
                        for kind, times in found.items():
                            missed.setdefault(f"{what}, {kind}", []).extend(times)
                    # Now what is asked goes to the second node, and the meeting is on the first.
                    time.sleep(3)
                    for what, node in (("media alone", first), ("media and signalling", second)):
                        back[what] += _killed(people, node)
                        recorded += _is_recorded(at)
                        node.start()
                        _give_turn(people)
                    print(f"round {number + 1}: {missed} {took} {back}", file=sys.stderr, flush=True)
                for one in people:
                    one.close()
    return _result(missed, took, back, recorded)


def _meet(playwright: Any, folder: Path, at: Installation) -> list[Person]:
    people = [
        harness.person(playwright, folder, who, size=DESKTOP if who == "teacher" else PHONE)
        for who in SPEAKING
    ]
    for one in people:
        silences.watch(one)
    teacher = people[0]
    harness.sign_in(teacher, at, "teacher")
    harness.start_meeting(teacher, at)
    for child in people[1:]:
        harness.knock(child, at, child.who)
        harness.admit(teacher, f"Admit {child.who}")
    for one in people:
        wait_for(lambda one=one: silences.comes(one, 2, 0), 30, f"{one.who} sees")  # type: ignore[misc]
    _give_turn(people)
    return people


def _give_turn(people: list[Person]) -> None:
    """Amara speaks. Her turn ends with her connection, so it is given anew after a node was killed."""
    people[1].page.get_by_role("button", name="Hand up").first.click()
    people[0].page.get_by_role("button", name="Give Amara a turn").click()
    _wait_all(people, SPEAKING, 0.0, 30)


def _wait_all(people: list[Person], wanted: Wanted, since: float, within: float) -> list[float]:
    """When each received everything without a break, having not received it before `since`."""
    found: dict[str, float] = {}

    def check() -> bool:
        for one in people:
            streams = [s for s in one.page.evaluate("coming()") if s["since"] > since * 1000]
            for kind, count in zip(("video", "audio"), wanted[one.who], strict=True):
                begun = sorted(s["since"] / 1000 for s in streams if s["kind"] == kind)
                if len(begun) < count:
                    break
                if count:
                    found[one.who] = max(found.get(one.who, 0.0), begun[count - 1])
            else:
                continue
            found.pop(one.who, None)
            return False
        return True

    wait_for(check, within, f"everybody receives everything; so far {found}")
    return list(found.values())


def _wait(at: Installation) -> float:
    time.sleep(LOOKED)
    return LOOKED


def _kill(at: Installation) -> float:
    at.kill("app")
    return _wait(at)


def _upgrade(at: Installation) -> float:
    """What is installed takes over, which here is the same; answers how many seconds it took."""
    began = time.monotonic()
    done = at.run("upgrade")
    assert done.returncode == 0, done.stderr
    took = time.monotonic() - began
    time.sleep(SETTLES)
    return took


# First what breaks the sockets of the app that serves: an older one keeps them after an upgrade.
EACH_ROUND = (("left alone", _wait), ("kill -9", _kill), ("upgrade", _upgrade), ("upgrade", _upgrade))


def _killed(people: list[Person], node: Node) -> list[float]:
    killed = node.kill()
    return [when - killed for when in _wait_all(people, BACK, killed + 0.2, 60)]


def _is_recorded(at: Installation) -> bool:
    """Whether the recorder is in the room again soon."""
    code = (
        "from circletime.media import livekit\n"
        "print(any(one.identity == livekit.RECORDER for room in livekit.list_rooms()"
        " for one in livekit.list_participants(room)))"
    )
    end = time.monotonic() + 15
    while time.monotonic() < end:
        if at.python(code) == "True":
            return True
    return False


def _result(
    missed: dict[str, list[float]], took: list[float], back: dict[str, list[float]], recorded: int
) -> Result:
    rows: list[dict[str, Cell]] = [
        {
            "what": f"node killed: {what}, until all is back",
            "times": len(times),
            "median, s": percentile(times, 0.5),
            "longest, s": max(times),
        }
        for what, times in back.items()
    ]
    rows += [
        {
            "what": f"{WORDS[what.partition(',')[0]]},{what.partition(',')[2]}: longest silence",
            "times": len(times),
            "median, s": percentile(times, 0.5),
            "longest, s": max(times),
        }
        for what, times in missed.items()
    ]
    longest = max(max(times) for times in back.values())
    worst = {what: max(times) for what, times in missed.items()}
    holds = longest <= WITHIN and all(worst[f"upgrade, {kind}"] <= BREAKS[kind] for kind in BREAKS)
    return Result(
        "F14",
        "A media node killed, the app replaced",
        f"all back within {WITHIN:.0f} s, and no picture or sound interrupted by a newer version",
        holds and recorded == 2 * ROUNDS,
        {
            "back_longest_s": longest,
            "picture_silence_s": worst["upgrade, video"],
            "sound_silence_s": worst["upgrade, audio"],
            "picture_silence_alone_s": worst["left alone, video"],
            "sound_silence_alone_s": worst["left alone, audio"],
            "picture_silence_killed_s": worst["kill -9, video"],
            "sound_silence_killed_s": worst["kill -9, audio"],
            "upgrade_longest_s": max(took),
            "recorded_again": recorded,
        },
        rows,
        [
            f"A teacher and two children in Chromium, {ROUNDS} rounds. Two nodes (`circletime serve media`) "
            "share a Redis, and the installation knows both. Who is back receives both pictures and the "
            "teacher's voice; a child's turn ends with its connection, and was given anew.",
            "“Media alone”: the meeting was on the killed node, its signalling went to the other one. "
            "“Media and signalling”: both were on the killed one. Then it is started again.",
            "A newer version takes over by `circletime upgrade`, from its first word until "
            f"{SETTLES:.0f} s after its last one (it took {max(took):.0f} s at most); here it is the same "
            "program again. “kill -9” is the app's process, whose spare takes over, which no newer version "
            "does. Amara has the turn. A silence is the time between two looks, 40 ms apart, at which a "
            f"stream had brought a packet; “left alone” is {LOOKED:.0f} s in which nothing is done. "
            f"Interrupted is a silence of more than {BREAKS['video']} s of a picture or {BREAKS['audio']} s "
            "of sound: a quiet microphone sends every 0.4 s.",
            f"The recorder was in the room again within 15 s after {recorded} of {2 * ROUNDS} kills.",
        ],
    )
