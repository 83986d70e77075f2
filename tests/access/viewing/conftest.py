"""A viewing of an approved film, and its two browsers."""

import pytest
from django.test import Client

from circletime.access.actions import checks, redaction
from circletime.access.models import (
    Case,
    CaseRecording,
)
from circletime.core import time
from circletime.meetings.rules import SeatRole
from circletime.recordings.models import Recording
from tests.access.conftest import recorded
from tests.access.viewings import (
    SECONDS,
    Clock,
    Viewing,
    invite,
    make_film,
)
from tests.recordings.school import make_seat
from tests.signing import sign_in


@pytest.fixture(autouse=True)
def clock(monkeypatch, the_day_after) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "now", made)
    return made


def signed_in(user) -> Client:
    client = Client()
    sign_in(client, user)
    return client


@pytest.fixture
def recording(staff, amara) -> Recording:
    from circletime.people.models import Pupil

    made = recorded(staff, amara, Pupil.objects.filter(first_name="Ben").earliest("pk"), seconds=SECONDS)
    make_seat(made.meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    return made


@pytest.fixture
def row(staff, recording, checked, clock) -> CaseRecording:
    """The recording in a request that has identified it."""
    case = checks.identify(case=checked(), by=staff["slt"], now=clock.now)
    return case.recordings.get()


@pytest.fixture
def film(staff, row, clock):
    """Made by the senior leader, approved by the safeguarding lead."""
    made = make_film(row, staff["slt"], clock.now)
    redaction.approve(case_recording=row, film=made.public_id, by=staff["dsl"], now=clock.now)
    assert Case.objects.get().state == "ready"
    return made


@pytest.fixture
def viewing(staff, row, film, clock) -> Viewing:
    invitation = invite(row.case, staff["slt"], clock.now)
    return Viewing(invitation, row, film, signed_in(staff["slt"]), Client(), clock)


SENT = (200, 204)
"""A piece, or that none begins in that second."""


def dark(viewing: Viewing, number: int = 0, client: Client | None = None) -> bool:
    """Nothing of the film is sent."""
    answer = viewing.piece(number, client)
    return answer.status_code == 404 and not answer.content


def change_mark(viewing, staff):
    """Mark a stretch more than the approved film leaves out."""
    redaction.mark(
        case_recording=viewing.row,
        begins=1,
        ends=3,
        seat="",
        picture=True,
        sound=True,
        why="name",
        note="",
        by=staff["slt"],
        now=viewing.clock.now,
    )
