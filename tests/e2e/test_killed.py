"""kill -9 of each part in mid-meeting: people are back soon, and meanwhile nobody is heard or let in."""

import json
import time
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import Opener
from tests.harness import (
    DESKTOP,
    Installation,
    Person,
    heard_by,
    knock,
    seen_by,
    sign_in,
    start_meeting,
    wait_for,
)
from tests.pace import paced

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(900)]

# Frames shown of everybody else's picture since the page was asked last, and whether it says it is away.
ALIVE = """
() => {
  const shown = {};
  for (const tile of document.querySelectorAll("[role=group][aria-label]")) {
    const video = tile.querySelector("video");
    if (video && video.srcObject) shown[tile.ariaLabel] = video.getVideoPlaybackQuality().totalVideoFrames;
  }
  return { shown, away: document.body.innerText.includes("Trying to get you back") };
}
"""


@dataclass
class Meeting:
    at: Installation
    teacher: Person
    inside: dict[str, Person]
    waiting: Person

    @property
    def everybody(self) -> list[Person]:
        return [self.teacher, *self.inside.values()]


@pytest.fixture(scope="module")
def meeting(at: Installation, someone: Opener) -> Meeting:
    """Two children are in, one has the floor, a third waits at the door."""
    teacher = someone("teacher", size=DESKTOP)
    sign_in(teacher, at, "teacher")
    start_meeting(teacher, at)
    inside = {name: someone(name) for name in ("Amara", "Ben")}
    for name, child in inside.items():
        knock(child, at, name)
        teacher.page.get_by_role("button", name=f"Admit {name}").click()
    waiting = someone("Chloé")
    knock(waiting, at, "Chloé")
    teacher.page.get_by_role("button", name="Admit Chloé").wait_for()
    for one in (teacher, *inside.values()):
        wait_for(lambda one=one: is_well(one), 15, f"{one.who} sees the others")
    teacher.page.get_by_role("button", name="Give Amara a turn").click()
    wait_for(lambda: heard_by(inside["Ben"], 400) == {"teacher", "Amara"}, 10, "Amara is heard")
    return Meeting(at, teacher, inside, waiting)


def is_well(one: Person, milliseconds: int = 250) -> bool:
    """Whether everybody else's pictures move on this page, and it does not say that it is away."""
    before = one.page.evaluate(ALIVE)
    one.page.wait_for_timeout(milliseconds)
    after = one.page.evaluate(ALIVE)
    others = list(after["shown"])
    moving = [name for name in others if after["shown"][name] > before["shown"].get(name, 0)]
    return len(others) == 3 and len(moving) == 3 and not after["away"]


def until_well(meeting: Meeting, seconds: float, may_be_heard: set[str]) -> float:
    """Seconds until everybody is well. All the while nobody is heard or let in who may not be."""
    began, limit = time.monotonic(), paced(seconds)
    well: set[str] = set()
    while len(well) < len(meeting.everybody):
        limit = max(limit, paced(seconds))
        assert time.monotonic() - began < limit, f"only {well} are back"
        for one in meeting.everybody:
            heard = heard_by(one, 150) - {"teacher"}
            assert heard <= may_be_heard - {one.who}, f"{one.who} hears {heard}"
            if one.who not in well and is_well(one):
                well.add(one.who)
        assert seen_by(meeting.waiting) == {}
        assert "Chloé" not in seen_by(meeting.teacher)
    return time.monotonic() - began


SPANS = """
import json
import av
from circletime.recordings import queries
from circletime.recordings.models import Recording
recording = Recording.objects.get()
key = queries.key_of(recording)
spans = []
for segment in queries.read_segments(recording.public_id, key):
    for line in segment.entries.values():
        with av.open(queries.open_part(recording.public_id, line.file, key), format="matroska") as part:
            times = [p.pts * p.time_base for p in part.demux() if p.pts is not None and p.size]
        start = segment.begins + line.begins
        spans.append([line.name, line.source, float(start + times[0]), float(start + times[-1])])
print(json.dumps(spans))
"""


def gap(at: Installation, who: str, when: float) -> float:
    """Seconds of this person's picture that are missing from the recording around a moment."""
    spans = [
        (a, b) for name, source, a, b in json.loads(at.python(SPANS)) if (name, source) == (who, "camera")
    ]
    before = max((b if b < when else when) for a, b in spans if a < when)
    after = min((a if a > when else when) for a, b in spans if b > when)
    return after - before


def test_the_app_is_killed(meeting: Meeting) -> None:
    killed = time.time()
    meeting.at.kill("app")
    took = until_well(meeting, 5, {"Amara"})
    print(f"app: back after {took:.1f} s")
    wait_for(lambda: floor_is_real(meeting), 5, "the floor is what the page says")
    time.sleep(3)
    assert gap(meeting.at, "Amara", killed) < paced(0.5)


def test_the_worker_is_killed(meeting: Meeting) -> None:
    killed = time.time()
    meeting.at.kill("worker")
    took = until_well(meeting, 5, {"Amara"})
    print(f"worker: back after {took:.1f} s")
    time.sleep(3)
    assert gap(meeting.at, "Amara", killed) < paced(0.5)


def test_the_recorder_is_killed(meeting: Meeting) -> None:
    killed = time.time()
    meeting.at.kill("recorder")
    took = until_well(meeting, 5, {"Amara"})
    print(f"recorder: back after {took:.1f} s")
    wait_for(lambda: len(segments(meeting.at)) >= 2, 10, "a second segment is begun")
    time.sleep(4)
    lost = gap(meeting.at, "Amara", killed)
    print(f"recorder: {lost:.2f} s lost")
    assert lost <= paced(2)


def test_the_media_server_is_killed(meeting: Meeting) -> None:
    meeting.at.kill("media")
    took = until_well(meeting, 15, {"Amara"})
    print(f"media: back after {took:.1f} s")
    wait_for(lambda: floor_is_real(meeting), 5, "the floor is what the page says")


def segments(at: Installation) -> set[str]:
    return set(
        at.python(
            "from circletime.recordings.models import Recording\n"
            "print(' '.join(str(n) for n in range(1, int(Recording.objects.get().segment) + 1)))"
        ).split()
    )


def floor_is_real(meeting: Meeting) -> bool:
    """Who is said to speak is heard, and nobody else is."""
    says = meeting.teacher.page.get_by_role("button", name="End turn").count() > 0
    wanted = {"Amara"} if says else set()
    return heard_by(meeting.teacher, 400) == wanted
