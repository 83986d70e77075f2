"""Run inside an installation: puts a long recording into its vault, whose colour and tone tell the time.

`python -m tests.recordings.plant plant SECONDS` prints its name; `… key` asks the database's files for a key.
"""

import sys
from datetime import timedelta
from pathlib import Path

import django

COLOURS = ((220, 40, 40), (40, 200, 60), (40, 60, 220), (220, 210, 50))
STEP = 10
"""Seconds of one colour."""


def colour_at(second: float) -> tuple[int, int, int]:
    return COLOURS[int(second // STEP) % len(COLOURS)]


def plant(seconds: int, noise: int = 0) -> str:
    from circletime.meetings.rules import SeatRole, State
    from circletime.people.models import User
    from tests.recordings import school
    from tests.recordings.tracks import picture, tone

    staff = {"teacher": User.objects.filter(rolegrant__role="teacher").earliest("pk")}
    meeting = school.make_meeting(staff, state=State.ENDED, seconds=seconds)
    host = school.make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    amara = school.make_seat(meeting, "Amara")
    school.give_turn(amara, 95, 105)
    parts = [
        school.Part(host, "camera", picture(seconds, colour_at, noise=noise), 0, seconds),
        school.Part(host, "microphone", tone(seconds, 440), 0, seconds),
    ]
    return school.make_recording(meeting, parts).public_id


def key_is_held() -> tuple[bool, bool]:
    """Whether the wrapped key is anywhere in the database's files: before it is destroyed, and after."""
    from django.conf import settings

    from circletime.meetings.rules import State
    from circletime.people.factory import invent_school
    from circletime.recordings import tasks
    from tests import lanes
    from tests.recordings import school

    lanes.begin()
    made = invent_school(now=school.BEGAN, classes=1, pupils=2, password=school.PASSWORD)
    meeting = school.make_meeting({"teacher": made.staff["teacher"][0]}, state=State.ENDED, seconds=5)
    wrapped = bytes(school.make_recording(meeting, []).wrapped_key)
    files = Path(settings.VAR)

    def held() -> bool:
        return any(wrapped in path.read_bytes() for path in files.glob("db.sqlite3*"))

    before = held()
    tasks.destroy_due(school.BEGAN + timedelta(days=30))
    return before, held()


if __name__ == "__main__":
    django.setup()
    print(plant(int(sys.argv[2])) if sys.argv[1] == "plant" else key_is_held())
