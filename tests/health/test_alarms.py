"""Whoever can act is written to: when it begins, once a day, and when it is well again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from circletime.audit.models import Row
from circletime.health import tasks
from circletime.health.checks.every import CHECKS, Check
from circletime.health.models import Standing
from circletime.health.rules.alarms import CALM
from circletime.health.rules.finding import Finding, Subject
from circletime.meetings.models import Meeting
from circletime.notices.actions import enqueue
from circletime.notices.models import Letter
from circletime.notices.rules import Kind
from circletime.recordings import room
from circletime.recordings.actions import capture
from circletime.recordings.models import Recording, Vigil
from tests.health.conftest import letters, says
from tests.recordings.school import make_meeting
from tests.world import World

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def look(world: World, *checks: tuple[Subject, bool]) -> list[Letter]:
    """One look of the worker; answers the letters it made."""
    before = len(letters())
    every = [Check(subject, says(subject, fine), timedelta(0)) for subject, fine in checks]
    tasks.look_around(world.now, every)
    return letters()[before:]


def test_each_who_can_act_is_written_to_once(world: World) -> None:
    made = look(world, (Subject.DISK, False))
    people = [world.staff["office"], world.staff["headteacher"]]
    assert sorted(letter.to for letter in made) == sorted(user.email for user in people)
    for user in people:
        (mine,) = (letter for letter in made if letter.to == user.email)
        assert (
            mine.text.startswith(f"Dear {user.name},\n\n") and mine.subject == "Circletime: Disk, to see to"
        )
        for words in ("It is not well.", "To do: Mend it.", "/well/", "since 24 November 2026 at 12:00"):
            assert words in mine.text
    for _ in range(1, 60):
        world.now += MINUTE
        assert look(world, (Subject.DISK, False)) == []


def test_an_address_in_the_settings_is_written_to_as_well(world: World, settings: Any) -> None:
    settings.ALARMS_TO = ["it@larkfield.example"]
    (made,) = look(world, (Subject.DISK, False))
    assert made.to == "it@larkfield.example" and made.text.startswith("Hello,\n\n")


def test_once_a_day_while_it_lasts_and_once_when_it_is_well_again(world: World, settings: Any) -> None:
    settings.ALARMS_TO = ["office"]
    subjects = []
    for hours in range(60):
        world.now += timedelta(hours=1)
        subjects += [letter.subject for letter in look(world, (Subject.MAIL, hours >= 50))]
    assert subjects == [
        "Circletime: Mail server, to see to",
        "Circletime: Mail server, still to see to",
        "Circletime: Mail server, still to see to",
        "Circletime: Mail server, well again",
    ]
    kinds = Row.objects.filter(subject="health:mail").order_by("number").values_list("kind", flat=True)
    assert list(kinds) == [f"health.alarm.{verb}" for verb in ("begun", "goes_on", "goes_on", "over")]


def test_what_begins_at_the_same_moment_is_one_letter(world: World, settings: Any) -> None:
    settings.ALARMS_TO = ["office"]
    (made,) = look(world, (Subject.DISK, False), (Subject.LOG, False), (Subject.BACKUP, True))
    assert made.subject == "Circletime: 2 things to see to"
    assert "Disk, since" in made.text and "The log, since" in made.text and "Backup" not in made.text


def test_what_is_only_shown_makes_no_letter(world: World) -> None:
    assert look(world, (Subject.SWAP, False), (Subject.TOLD, False)) == []
    assert Standing.objects.filter(fine=False).count() == 2


def test_a_check_that_breaks_keeps_the_others_from_nothing(world: World) -> None:
    def breaks(now: object) -> Finding:
        raise RuntimeError("broken on purpose")

    every = [Check(Subject.MEDIA, breaks), Check(Subject.DISK, says(Subject.DISK, False))]
    tasks.look_around(world.now, every)
    assert [one.subject for one in Standing.objects.all()] == ["disk"] and letters()


def test_what_asks_others_is_looked_at_seldom(world: World) -> None:
    looked: list[Subject] = []

    def check(subject: Subject, every: timedelta) -> Check:
        def count(now: object) -> Finding:
            looked.append(subject)
            return Finding(subject, True, "Fine.")

        return Check(subject, count, every)

    every = [check(Subject.DISK, 10 * MINUTE), check(Subject.LOG, timedelta(seconds=20))]
    for _ in range(61):
        tasks.look_around(world.now, every)
        world.now += timedelta(seconds=20)
    assert (looked.count(Subject.DISK), looked.count(Subject.LOG)) == (3, 61)


def test_a_letter_about_circletime_that_fails_makes_no_other(world: World, settings: Any) -> None:
    """An address that is wrong: else each failed letter would be an alarm, whose letter fails as well."""
    settings.ALARMS_TO = ["no-such-box@larkfield.example"]
    look(world, (Subject.DISK, False))
    Letter.objects.update(state="failed", trouble="no box", ended_at=world.now)
    (check,) = (one for one in CHECKS if one.subject == Subject.LETTERS)
    tasks.look_around(world.now, [check])
    assert Standing.objects.get(subject="letters").fine and len(letters()) == 1


# The real checks


def full_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    monkeypatch.setattr("circletime.recordings.queries.free_bytes", lambda: room.WARN_BELOW - 1)
    return lambda: monkeypatch.setattr(
        "circletime.recordings.queries.free_bytes", lambda: 2 * room.WARN_BELOW
    )


def failed_notice(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    told = {"to": "a@home.example", "subject": "Come", "text": "Dear parent", "kind": Kind.MEETING}
    letter = enqueue(**told, about="meeting:x", by="test", now=world.now)  # type: ignore[arg-type]
    Letter.objects.filter(pk=letter.pk).update(state="failed", trouble="no box")
    return lambda: Letter.objects.filter(pk=letter.pk).update(state="stopped")


def recording_gap(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    monkeypatch.setattr(capture.recorder().__class__, "list", lambda self: {})
    meeting, _ = world.live()
    mine = Meeting.objects.filter(pk=meeting.pk)
    mine.update(recording="lost", recording_lost_at=world.now - MINUTE)
    return lambda: mine.update(recording="on", recording_lost_at=None)


def overdue_destruction(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    Vigil.objects.update_or_create(pk=1, defaults={"at": world.now, "row": Row.objects.count()})
    late = Recording.objects.create(
        meeting=make_meeting(world.staff),
        wrapped_key=b"k",
        made_at=world.now - 40 * DAY,
        destroy_on=(world.now - 10 * DAY).date(),
        state="stopped",
    )
    return lambda: Recording.objects.filter(pk=late.pk).update(state="destroyed")


def ending_certificate(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    ends = "circletime.health.checks.certificate._ends_at"
    monkeypatch.setattr("django.conf.settings.HTTPS", True)
    monkeypatch.setattr(ends, lambda: (world.now + 5 * DAY).timestamp())
    return lambda: monkeypatch.setattr(ends, lambda: (world.now + 90 * DAY).timestamp())


def late_worker(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    tasks.beat(world.now - 5 * MINUTE)
    tasks.beat(world.now)
    return lambda: None  # its beats go on below, and it is forgotten after a while


@pytest.mark.parametrize(
    "subject, wrong, words",
    [
        (Subject.DISK, full_disk, "are free where recordings are kept"),
        (Subject.LETTERS, failed_notice, "Letters that could not be sent: 1."),
        (Subject.RECORDING, recording_gap, "not being recorded: 1 of 1"),
        (Subject.DESTRUCTION, overdue_destruction, "Recordings past their day and still there: 1."),
        (Subject.CERTIFICATE, ending_certificate, "ends in 5 days"),
        (Subject.WORKER, late_worker, "stood still from 24 November, 11:55 to 24 November, 12:00"),
    ],
)
def test_each_of_these_is_told_when_it_begins_and_when_it_is_over(
    subject: Subject,
    wrong: Callable[[World, pytest.MonkeyPatch], Callable[[], object]],
    words: str,
    world: World,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.ALARMS_TO = ["office"]
    monkeypatch.setattr(capture.recorder().__class__, "list", lambda self: {})
    (check,) = (one for one in CHECKS if one.subject == subject)
    mend = wrong(world, monkeypatch)
    seldom = Check(check.subject, check.look, timedelta(0))
    for _ in range(3):
        tasks.look_around(world.now, [seldom])
        world.now += MINUTE
        tasks.beat(world.now)
    (begun,) = letters()
    assert begun.subject.endswith(", to see to") and words in begun.text
    mend()
    for _ in range(int(2 * CALM / MINUTE) + 2):
        tasks.look_around(world.now, [seldom])
        world.now += MINUTE / 2
        tasks.beat(world.now)
        world.now += MINUTE / 2
        tasks.beat(world.now)
    assert [letter.subject for letter in letters()][1:] == [f"Circletime: {subject.words}, well again"]
