"""Several workers look for the same due work at the same moment, and each piece is done once."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from circletime.audit import queries as log
from circletime.audit.models import Checkpoint, Row
from circletime.meetings import tasks
from circletime.meetings.rules import State
from circletime.notices import tasks as notice_tasks
from circletime.notices.models import Letter
from circletime.pages import worker
from circletime.people.models import Pupil
from circletime.people.roster.actions import ask_to_apply, hand_over
from circletime.people.roster.models import RosterImport
from circletime.recordings.actions import film
from circletime.recordings.models import Film
from circletime.recordings.rules import FilmKind
from tests.grown.conftest import Works
from tests.grown.test_races import fine, plan, whole, written
from tests.recordings.school import make_meeting, make_recording
from tests.roster.exports import School
from tests.world import World

WORKERS = 3


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any) -> None:
    settings.VAULT, settings.KEYS, settings.VAR = tmp_path / "vault", tmp_path / "keys", tmp_path
    settings.VAULT.mkdir()
    settings.RECORDER_SOCKET = tmp_path / "recorder.sock"


def everybody(at_once: Works, chore: Any) -> None:
    fine(at_once(*[chore] * WORKERS))


def test_meetings_open_end_and_lapse_once(world: World, at_once: Works) -> None:
    running, host = world.live()
    world.come_in(running, host, "Amara")
    end = world.fresh(running).ends_at
    assert end is not None
    world.now = end + timedelta(hours=1)
    coming = world.plan()
    everybody(at_once, lambda: tasks.run_clock(world.now))
    assert world.fresh(running).state == State.ENDED and world.fresh(coming).state == State.OPEN
    assert written("meetings.meeting.ended") == 1 and written("meetings.meeting.opened") == 2
    world.later(hours=2)
    everybody(at_once, lambda: tasks.run_clock(world.now))
    assert written("meetings.meeting.lapsed") == 1
    whole()


def test_each_letter_is_sent_once(world: World, at_once: Works) -> None:
    plan(world, 1), plan(world, 2)
    waiting = Letter.objects.filter(state="waiting").count()
    assert waiting > 10
    everybody(at_once, lambda: notice_tasks.send_due(world.now))
    everybody(at_once, lambda: notice_tasks.send_due(world.now))
    assert len(mail.outbox) == waiting == Letter.objects.filter(state="sent", tries=1).count()
    assert written("notices.letter.sent") == waiting
    whole()


def test_a_days_log_is_signed_once_and_mailed_once(world: World, at_once: Works) -> None:
    plan(world, 1)
    for _ in range(3):
        everybody(at_once, lambda: worker._by_one(worker._watch_log)(world.now))
    assert Checkpoint.objects.count() == 1
    assert Letter.objects.filter(kind="log").count() == len({"governor"})
    whole()


def test_each_film_is_claimed_by_one(world: World, at_once: Works) -> None:
    for _ in range(3):
        made = make_recording(make_meeting(world.staff, state=State.ENDED, seconds=60), [])
        made.films.all().delete()
        for kind in (FilmKind.WHOLE, FilmKind.PERSON):
            Film.objects.create(recording=made, kind=kind, asked_by="test", asked_at=world.now)

    def claims() -> list[int]:
        found = []
        while (one := film.claim_next(world.now)) is not None:
            found.append(one.pk)
        return found

    claimed = [pk for answer in at_once(*[claims] * WORKERS) for pk in answer]
    assert len(claimed) == len(set(claimed)) == Film.objects.count() == 6


def test_a_roster_is_brought_in_once(world: World, at_once: Works, tmp_path: Path) -> None:
    content = School().write(tmp_path, "roster.zip").read_bytes()
    office = world.staff["office"]
    told = {"file": io.BytesIO(content), "name": "roster.zip", "size": len(content), "mapping": ""}
    made = hand_over(**told, by=office, now=world.now)
    chore = worker._by_one(worker._work_on_rosters)
    everybody(at_once, lambda: chore(world.now))
    ask_to_apply(of=made, confirmed=True, by=office, now=world.now)
    everybody(at_once, lambda: chore(world.now))
    everybody(at_once, lambda: chore(world.now))
    assert RosterImport.objects.get().state == "applied", RosterImport.objects.get().said
    assert written("people.roster.imported") == 1
    sources = list(Pupil.objects.exclude(source_id="").values_list("source_id", flat=True))
    assert sources and len(sources) == len(set(sources))
    whole()


def test_rooms_and_orders_are_put_right_by_whoever_comes_first(world: World, at_once: Works) -> None:
    meeting, host = world.live()
    seats = [world.come_in(meeting, host, name) for name in ("Amara", "Ben")]
    world.media.part(meeting.room, seats[0].public_id)
    stranger = world.rights(host)
    world.media.join(meeting.room, "nobody-known", stranger)
    world.later(seconds=30)
    everybody(at_once, lambda: worker._by_one(worker._reconcile)(world.now))
    everybody(at_once, lambda: worker._carry_out_orders(world.now))
    assert set(world.media.rooms[meeting.room]) == {host.public_id, seats[1].public_id}
    assert Row.objects.filter(kind="meetings.guest.out").count() == 1
    assert log.verify()[1] is None
