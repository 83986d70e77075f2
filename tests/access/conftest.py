"""A school with recordings, and requests to see them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from circletime.access.actions import checks, films, log
from circletime.access.models import Case
from circletime.core import time
from circletime.meetings.models import Meeting, Seat, Stay
from circletime.meetings.rules import State
from circletime.people.models import Adult, Pupil, User
from circletime.recordings.models import Recording
from tests.access.films import have_films
from tests.recordings.school import BEGAN, give_turn, make_meeting, make_recording, make_school, make_seat

ASKED = BEGAN + timedelta(days=1, hours=1)
"""The day after the meeting; a Wednesday."""


@pytest.fixture(autouse=True)
def own_vault(tmp_path: Path, settings: Any) -> None:
    settings.VAULT, settings.KEYS = tmp_path / "vault", tmp_path / "keys"
    settings.VAULT.mkdir()


@pytest.fixture(autouse=True)
def the_day_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "now", lambda: ASKED)


@pytest.fixture
def staff(db: None, settings: Any) -> dict[str, User]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return make_school()


@pytest.fixture
def amara(staff: dict[str, User]) -> Pupil:
    return Pupil.objects.filter(first_name="Amara").earliest("pk")


@pytest.fixture
def parent(amara: Pupil) -> Adult:
    return Adult.objects.filter(households__pupils=amara).earliest("pk")


def seat_of(meeting: Meeting, pupil: Pupil) -> Seat:
    seat = make_seat(meeting, pupil.label)
    Seat.objects.filter(pk=seat.pk).update(pupil=pupil)
    seat.pupil = pupil
    return seat


def recorded(
    staff: dict[str, User],
    *pupils: Pupil,
    began: datetime = BEGAN,
    seconds: float = 600,
    spoke: tuple[float, float] | None = (60, 90),
) -> Recording:
    """A meeting of these children that was held and recorded; each had one turn."""
    meeting = make_meeting(staff, state=State.ENDED, seconds=seconds)
    seats = [seat_of(meeting, pupil) for pupil in pupils]
    for seat in seats:
        if spoke is not None:
            give_turn(seat, *spoke)
    recording = make_recording(meeting, [])
    shift = began - BEGAN
    if shift:
        times = {"live_at": began, "starts_at": began, "ended_at": began + timedelta(seconds=seconds)}
        Meeting.objects.filter(pk=meeting.pk).update(**times)
        Stay.objects.filter(seat__meeting=meeting).update(in_at=began, out_at=times["ended_at"])
        Recording.objects.filter(pk=recording.pk).update(
            made_at=began, destroy_on=recording.destroy_on + timedelta(days=shift.days)
        )
    return Recording.objects.select_related("meeting").get(pk=recording.pk)


Asked = Callable[..., Case]


@pytest.fixture
def ask(staff: dict[str, User], amara: Pupil, parent: Adult) -> Asked:
    """Log a request about Amara, by her parent, unless told otherwise."""

    def asked(**more: Any) -> Case:
        said = {
            "pupil": amara,
            "asker_name": parent.name,
            "relation": "parent",
            "channel": "spoken",
            "asked_on": ASKED.date(),
            "by": staff["slt"],
            "now": ASKED,
        }
        return log.log_case(**(said | more))

    return asked


@pytest.fixture
def checked(ask: Asked, staff: dict[str, User]) -> Asked:
    """Log a request and check who asks."""

    def made(**more: Any) -> Case:
        case = ask(**more)
        checks.check_identity(case=case, how="Passport seen", by=staff["slt"], now=ASKED)
        return checks.check_responsibility(case=case, how="On our record", by=staff["dsl"], now=ASKED)

    return made


@pytest.fixture
def ready(checked: Asked, staff: dict[str, User], amara: Pupil) -> Asked:
    """A request whose films are approved; about one recording where the test made none."""

    def made(**more: Any) -> Case:
        if not Recording.objects.exists():
            recorded(staff, amara)
        case = checks.identify(case=checked(**more), by=staff["slt"], now=ASKED)
        have_films(case, staff["dsl"], ASKED)
        return films.mark_ready(case=case, by=staff["slt"], now=ASKED)

    return made
