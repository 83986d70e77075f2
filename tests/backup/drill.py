"""Run inside an installation: makes a school that is worth a backup, and looks at what came back.

`python -m tests.backup.drill CASE`. Each case is a process, as on a real machine; the time is the real one.
"""

import os
import signal
import sys
import time as clock
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import django

SCENE = b"a class that speaks, one after the other" * 400
LETTER = "Come and see your child's circle"


def make() -> None:
    """Three recordings: one that is kept, one that will be deleted early, one whose day is today."""
    from django.utils import timezone

    from circletime.core import time
    from circletime.health.tasks import beat
    from circletime.meetings.rules import State
    from circletime.notices.actions import enqueue
    from circletime.notices.rules import Kind
    from circletime.oversight.actions.checkpoints import watch_log
    from circletime.people.factory import invent_school
    from circletime.recordings import queries
    from circletime.recordings.models import Recording
    from tests import lanes
    from tests.recordings import school

    lanes.begin()
    now = time.now()
    made = invent_school(now=now, classes=1, pupils=2, password=school.PASSWORD)
    staff = {role: user for role, (user, _) in made.staff.items()}
    today = timezone.localtime(now).date()
    for number, days_left in enumerate((20, 20, 0)):
        meeting = school.make_meeting(staff, state=State.ENDED, seconds=60)
        recording = school.make_recording(meeting, [])
        film = queries.whole_film(recording)
        assert film is not None
        school.put_film(film, b"%d " % number + SCENE)
        destroy_on = today + timedelta(days=days_left)
        Recording.objects.filter(pk=recording.pk).update(destroy_on=destroy_on, stopped_at=now)
    enqueue(
        to="parent@home.example",
        subject=LETTER,
        text="Dear parent",
        kind=Kind.MEETING,
        about="meeting:x",
        by="test",
        now=now,
    )
    watch_log(now=now)
    beat(now)
    _sign_in(staff["dsl"])


def _sign_in(user):
    from django.test import Client

    from tests.signing import sign_in

    return sign_in(Client(SERVER_NAME="localhost"), user)


def write() -> None:
    """Go on writing until killed: rows of the log, and a recording whose file grows."""
    from django.db import transaction

    from circletime.audit.actions import record
    from circletime.core import time
    from circletime.meetings.rules import State
    from circletime.people.models import User
    from circletime.recordings import store
    from circletime.recordings.models import Recording
    from tests.recordings import school

    staff = {"teacher": User.objects.filter(rolegrant__role="teacher").earliest("pk")}
    running = school.make_recording(school.make_meeting(staff, state=State.LIVE), [])
    Recording.objects.filter(pk=running.pk).update(state="recording", stopped_at=None)
    with (store.folder_of(running.public_id) / "s1-TR_0.ctv").open("ab") as grows:
        print("writing", flush=True)
        while True:
            with transaction.atomic():
                record("test.written", by="test", subject="test", now=time.now())
            grows.write(os.urandom(10_000))
            grows.flush()
            clock.sleep(0.01)


def cut_off(folder: Path) -> None:
    """A backup that is killed in the middle of the recordings."""
    from circletime.backup.place import Place
    from circletime.pages import cli

    noted = Place.note

    def dies(self, *args: object) -> None:
        noted(self, *args)
        if len(self._known) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    Place.note = dies
    cli.main(["backup", str(folder)])


def delete_early() -> None:
    """The second recording is deleted, by two leaders together."""
    from circletime.core import time
    from circletime.people.models import User
    from circletime.recordings.actions import early
    from circletime.recordings.models import Recording

    dsl, head = (User.objects.filter(rolegrant__role=r).earliest("pk") for r in ("dsl", "headteacher"))
    recording, now = Recording.objects.order_by("pk")[1], time.now()
    early.ask_early(recording=recording, ground="harm", reason="A sibling is in it", by=dsl, now=now)
    early.confirm_early(recording=recording, by=head, now=now)
    print(recording.public_id)


def look() -> None:
    """What came back: the first plays to the last byte, the second and the third do not, and stay dead."""
    from django.conf import settings
    from django.contrib.sessions.models import Session
    from django.urls import reverse

    from circletime.core import time
    from circletime.health.models import Beat
    from circletime.notices.models import Letter
    from circletime.people.models import User
    from circletime.recordings import queries
    from circletime.recordings.keys import KeyTrouble
    from circletime.recordings.models import Recording, Viewing
    from tests.waiting import run

    assert not Session.objects.exists(), "whoever has the backup has nobody's sign-in"
    assert Letter.objects.get(subject=LETTER).state == "stopped", "it was sent since"
    assert Beat.objects.get().stopped, "the time in between was not the worker's fault"
    dsl = User.objects.filter(rolegrant__role="dsl").earliest("pk")
    client = _sign_in(dsl)
    kept, early, due = Recording.objects.order_by("pk")[:3]
    answers = []
    for recording in (kept, early, due):
        Viewing.objects.create(recording=recording, user=dsl, at=time.now(), why="To see that it is back")
        answers.append(client.get(reverse("recording-film", args=[recording.public_id])))
    assert [answer.status_code for answer in answers] == [200, 404, 404]

    async def whole() -> bytes:
        return b"".join([part async for part in answers[0].streaming_content])

    assert run(whole) == b"0 " + SCENE
    try:
        queries.key_of(early)
    except KeyTrouble as trouble:
        assert "was destroyed" in str(trouble)
    else:
        raise AssertionError("the key of a deleted recording came back")
    assert not (settings.KEYS / "recordings" / early.public_id).exists()
    assert queries.folder_of(early.public_id).exists(), "its bytes are back, and nothing opens them"


def without_keys() -> None:
    """The data alone, put back where no key is: nothing opens anything."""
    from circletime.recordings import queries
    from circletime.recordings.keys import KeyTrouble
    from circletime.recordings.models import Recording

    for recording in Recording.objects.order_by("pk"):
        try:
            queries.key_of(recording)
        except KeyTrouble:
            continue
        raise AssertionError("the backup of the data had a key")


def gone() -> None:
    """After the next run of retention the third recording is gone, with its certificate."""
    from circletime.recordings import queries
    from circletime.recordings.models import Recording

    due = Recording.objects.order_by("pk")[2]
    assert due.state == "destroyed" and not queries.folder_of(due.public_id).exists()
    assert queries.certificate_of(due.public_id) is not None


CASES: dict[str, Callable[..., None]] = {
    one.__name__: one for one in (make, write, cut_off, delete_early, look, without_keys, gone)
}

if __name__ == "__main__":
    django.setup()
    CASES[sys.argv[1]](*map(Path, sys.argv[2:]))
    print("as it should be")
