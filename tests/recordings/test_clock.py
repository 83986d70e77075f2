"""A clock that cannot be trusted destroys nothing; a person's word lets it go on (ADR 8)."""

import json
import logging
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from circletime.audit.actions import record
from circletime.audit.queries import list_kinds
from circletime.core import time
from circletime.health.checks import kept
from circletime.health.rules.finding import Subject, well
from circletime.meetings.rules import State
from circletime.pages import cli
from circletime.recordings import queries, tasks
from circletime.recordings.models import Recording, Vigil
from circletime.recordings.rules import State as Stands
from circletime.recordings.rules import clock_trouble
from tests.recordings.school import BEGAN, days_pass, make_meeting, make_recording
from tests.recordings.test_retention import DAY

HOUR = timedelta(hours=1)
MONTH = timedelta(days=31)


@pytest.fixture
def recording(staff) -> Recording:
    tasks.destroy_due(BEGAN - HOUR)  # the worker is there
    return make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])


def is_there(recording: Recording) -> bool:
    recording.refresh_from_db()
    return recording.state == Stands.STOPPED and bool(queries.key_of(recording))


def somebody_does_something(at: datetime) -> None:
    with transaction.atomic():
        record("test.thing.done", by="test", subject="thing:1", now=at)


def clock_says(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "now", lambda: moment)


@pytest.mark.parametrize(
    ("now", "last", "newest", "trouble"),
    [
        (DAY, None, None, ""),
        (DAY, DAY, None, ""),
        (DAY, DAY - timedelta(days=7), DAY, ""),
        (DAY, DAY - timedelta(days=7, seconds=1), None, "ahead"),
        # Pages that were used while the clock was wrong do not make it right.
        (DAY, DAY - MONTH, DAY, "ahead"),
        (DAY, None, DAY - MONTH, "ahead"),
        (DAY, DAY + timedelta(minutes=5), None, ""),
        (DAY, DAY + timedelta(minutes=6), None, "behind"),
        (DAY, DAY, DAY + timedelta(minutes=6), "behind"),
        (DAY, DAY - MONTH, DAY + MONTH, "behind"),
    ],
)
def test_when_the_clock_is_doubted(now, last, newest, trouble):
    assert clock_trouble(now, last, newest) == trouble


def test_a_clock_that_leaps_a_month_ahead_destroys_nothing(recording, caplog):
    with caplog.at_level(logging.ERROR):
        for minute in range(3):
            assert tasks.destroy_due(DAY + MONTH + timedelta(minutes=minute)) == tasks.Run(left=1, waits=True)
    assert is_there(recording)
    said = [line for line in caplog.messages if "Nothing is destroyed" in line]
    assert len(said) == 1 and "--clock-is-right" in said[0] and "24 January 2027" in said[0]
    assert list_kinds("clock") == ["recordings.clock.doubted"]


def test_pages_that_are_used_meanwhile_do_not_vouch_for_it(recording):
    somebody_does_something(DAY)
    assert tasks.destroy_due(DAY).waits
    somebody_does_something(DAY + HOUR)
    assert tasks.destroy_due(DAY + HOUR).waits and is_there(recording)


def test_at_its_first_run_the_log_is_asked(staff, recording):
    Vigil.objects.all().delete()
    somebody_does_something(BEGAN)
    for _ in range(2):  # its own doubt, written down, is no proof either
        assert tasks.destroy_due(DAY).waits
    assert is_there(recording)


def test_a_clock_that_is_set_back_a_month_destroys_nothing(staff, recording):
    days_pass(DAY)
    somebody_does_something(DAY)
    other = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
    other.destroy_on = "2026-11-20"
    other.save()
    assert tasks.destroy_due(BEGAN).waits
    assert is_there(recording) and is_there(other)
    # Set right again, it goes on by itself.
    assert tasks.destroy_due(DAY) == tasks.Run(destroyed=2)


def test_a_clock_that_was_ahead_and_is_right_again_waits_for_a_person(recording):
    somebody_does_something(DAY)
    assert tasks.destroy_due(DAY).waits
    assert tasks.destroy_due(BEGAN + HOUR).waits  # what was written under the wrong clock stands in the log
    assert tasks.destroy_due(BEGAN + HOUR, confirmed=True) == tasks.Run()
    assert tasks.destroy_due(BEGAN + HOUR * 2) == tasks.Run()
    assert is_there(recording)
    assert list_kinds("clock") == ["recordings.clock.doubted", "recordings.clock.trusted"]


def test_a_worker_that_was_away_for_some_days_catches_up(staff, recording):
    days_pass(DAY - timedelta(days=3))
    other = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
    Recording.objects.filter(pk=other.pk).update(destroy_on="2026-12-22")
    assert tasks.destroy_due(DAY) == tasks.Run(destroyed=2)


def test_the_command_says_it_and_asks_for_a_word(recording, monkeypatch, capsys):
    clock_says(DAY, monkeypatch)
    assert cli.main(["retention", "run"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Today is 24 December 2026. Destroying what is due by 24 December 2026."
    assert "more than 7 days" in said[1] and is_there(recording)
    told = json.loads(said[-1])
    assert told == {"as_of": "2026-12-24", "destroyed": 0, "left": 1, "kept": 0, "waits": True}
    assert cli.main(["retention", "run", "--clock-is-right"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == {"as_of": "2026-12-24", "destroyed": 1, "left": 0, "kept": 0, "waits": False}
    assert cli.main(["retention", "run"]) == 0


def test_the_doctor_says_it(recording, monkeypatch):
    clock_says(BEGAN, monkeypatch)
    assert kept.destruction(BEGAN) == well(Subject.DESTRUCTION, "Recordings are destroyed on their day.")
    clock_says(DAY, monkeypatch)
    found = kept.destruction(DAY)
    assert not found.fine and "Nothing is destroyed" in found.says
    assert "retention run --clock-is-right" in found.says
    days_pass(DAY + timedelta(days=2))
    clock_says(DAY + timedelta(days=2), monkeypatch)
    found = kept.destruction(DAY + timedelta(days=2))
    assert not found.fine and found.says.startswith("Recordings past their day and still there: 1.")


def test_a_day_to_come_is_for_the_demo_only(recording, monkeypatch, capsys, settings, tmp_path):
    settings.DEMO, settings.VAR = False, tmp_path
    clock_says(BEGAN, monkeypatch)
    assert cli.main(["retention", "run", "--as-of", "2026-12-24"]) == 2
    assert "still to come" in capsys.readouterr().err and is_there(recording)
    assert cli.main(["retention", "run", "--as-of", "2026-11-24"]) == 0 and is_there(recording)
    (tmp_path / "demo.json").touch()
    assert cli.main(["retention", "run", "--as-of", "2026-12-23"]) == 0 and is_there(recording)
    assert cli.main(["retention", "run", "--as-of", "2026-12-24"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["destroyed"] == 1


def test_a_day_that_is_none_is_said(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["retention", "run", "--as-of", "Christmas"])
    assert ended.value.code == 2 and "is no date; write it as 2026-12-24" in capsys.readouterr().err


def test_the_status_is_only_good_when_all_is_gone(recording, monkeypatch, capsys):
    days_pass(DAY)
    clock_says(DAY, monkeypatch)
    monkeypatch.setattr("shutil.rmtree", lambda path: (_ for _ in ()).throw(PermissionError("no")))
    assert cli.main(["retention", "run"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["left"] == 1
    monkeypatch.undo()
    clock_says(DAY, monkeypatch)
    assert cli.main(["retention", "run"]) == 0
