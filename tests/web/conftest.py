"""A world, and browsers of the people in it. No real media server and no real recorder."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from circletime.access.actions.ending import extend
from circletime.access.actions.log import log_case
from circletime.access.actions.stopping import note_restriction
from circletime.documents.rules.kinds import Audience
from circletime.documents.rules.kinds import Kind as Kinds
from circletime.meetings.rules import Kind, State
from circletime.notices.actions import enqueue, letter_sent
from circletime.notices.models import Letter
from circletime.notices.rules import Kind as LetterKind
from circletime.notices.rules import State as LetterState
from circletime.oversight.models import Draw, DrawnMeeting, Incident, Leak, RuleException
from circletime.recordings import tasks
from circletime.recordings.actions import holds
from circletime.recordings.models import Opening, Recording
from circletime.recordings.rules import FilmState
from tests.actions.conftest import world
from tests.documents.papers import Papers
from tests.recordings.school import make_meeting, make_recording
from tests.web.school import School
from tests.web.seen import make_seen
from tests.web.soft_key import keep
from tests.web.visits import Visits
from tests.world import World

__all__ = ["world"]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any) -> None:
    """Nothing of one test's vault, keys or recorder is there for the next."""
    settings.VAULT, settings.KEYS = tmp_path / "vault", tmp_path / "keys"
    settings.VAULT.mkdir()
    settings.RECORDER_SOCKET = tmp_path / "recorder.sock"


@pytest.fixture
def visits(world: World) -> Iterator[Visits]:
    """Browsers at the school's pages. The sign-in's counts begin at nothing."""
    cache.clear()
    yield Visits(world)
    cache.clear()


@pytest.fixture
def browser(visits: Visits) -> Client:
    """A browser that nobody has signed in with."""
    return visits.browser()


@pytest.fixture
def school(world: World, visits: Visits, monkeypatch: pytest.MonkeyPatch) -> School:
    """Oak's meeting is running, another is planned, one was held and recorded, and a letter was sent."""
    # The key of the one copy that is signed off here would be a quarter of all this; nobody opens it.
    monkeypatch.setattr("circletime.access.copy.ROUNDS", 1000)
    running, host = world.live()
    held = make_meeting(world.staff, state=State.ENDED, seconds=600)
    recording = make_recording(held, [])
    recording.films.update(state=FilmState.FAILED)
    Opening.objects.create(
        recording=recording,
        user=world.staff["teacher"],
        opened_by=world.staff["slt"],
        reason="It is over by now",
        opened_at=world.now - timedelta(days=3),
        until=world.now - timedelta(days=2),
    )
    gone, kept = (make_recording(make_meeting(world.staff, state=State.ENDED, seconds=60), []) for _ in "ab")
    Recording.objects.filter(pk=gone.pk).update(destroy_on=world.now.date())
    tasks.destroy_due(world.now)
    hold = holds.place_hold(
        recordings=[kept],
        reason="A parent asked",
        review_on=world.now.date() + timedelta(days=9),
        by=world.staff["slt"],
        now=world.now,
    )
    letter = enqueue(
        to="parent@home.example",
        subject="Come and see it",
        text="Dear parent, …",
        kind=LetterKind.CASE,
        about="case:none",
        by=world.staff["slt"],
        now=world.now,
    )
    Letter.objects.filter(pk=letter.pk).update(state=LetterState.SENDING, tries=1)
    letter_sent(letter=Letter.objects.get(pk=letter.pk), by="test", now=world.now)
    staff = visits.open_meeting(kind=Kind.STAFF, minutes=40)
    link = visits.link_of(visits.family_of(world.pupil("Ben")))
    case = log_case(
        pupil=world.pupil("Amara"),
        asker_name="Ada Somebody",
        relation="parent",
        channel="spoken",
        asked_on=world.now.date(),
        by=world.staff["office"],
        now=world.now,
    )
    extend(case=case, reason="It is complex", by=world.staff["slt"], now=world.now)
    restriction = note_restriction(
        pupil=world.pupil("Chloé"),
        what="An order of the court",
        since=world.now.date(),
        by=world.staff["dsl"],
        now=world.now,
    )
    leak = Leak.objects.create(
        place="class",
        school_class=world.oak,
        network="facebook",
        sort="social",
        alarm=True,
        fetched=1,
        first_at=world.now,
        last_at=world.now,
    )
    leak.classes.add(world.oak)
    Incident.objects.create(
        kind="technical",
        what="The sound was gone",
        happened_at=world.now,
        reported_by=world.teacher,
        reported_at=world.now,
    )
    draw = Draw.objects.create(
        month=world.now.date().replace(day=1),
        row=0,
        digest="",
        candidates=[held.public_id],
        drawn_at=world.now,
    )
    RuleException.objects.create(
        rule="bedroom",
        asked_by=world.teacher,
        asked_at=world.now,
        reason="A room is painted",
        until=world.now.date() + timedelta(days=9),
    )
    keep(world.stranger)
    DrawnMeeting.objects.create(draw=draw, meeting=held, place=1)
    planned = visits.planned()
    Letter.objects.filter(kind=LetterKind.MEETING).update(
        state=LetterState.SENT, sent_at=world.now, ended_at=world.now
    )
    kept_too = (case, restriction, link)
    made = School(world, running, host, planned, held, staff, recording, gone, hold, *kept_too)
    made.shown = make_seen(world)
    papers = Papers(world)
    made.paper = papers.publish(Kinds.VIDEO, of=(Audience.STAFF, Audience.HOUSEHOLDS), gates=())
    papers.write(Kinds.VIDEO, "A new wording, which is a draft, and long enough to be read.")
    return made
