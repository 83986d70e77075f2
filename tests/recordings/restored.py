"""Run inside an installation: backs it up, destroys a recording, puts the backup back, and attacks.

`python -m tests.recordings.restored make`, then one of CASES. The copies are plain copies of files, as a
backup program makes them.
"""

import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import django

from tests.signing import sign_in


def make(_: Path) -> None:
    """A school with one recording whose film is ready."""
    from circletime.core import time
    from circletime.meetings.rules import State
    from circletime.people.factory import invent_school
    from circletime.recordings import queries
    from tests import lanes
    from tests.recordings import school

    lanes.begin()
    made = invent_school(now=school.BEGAN, classes=1, pupils=2, password=school.PASSWORD)
    staff = {role: user for role, (user, _) in made.staff.items()}
    time.now = lambda: school.BEGAN
    recording = school.make_recording(school.make_meeting(staff, state=State.ENDED, seconds=60), [])
    film = queries.whole_film(recording)
    assert film is not None
    school.put_film(film, b"a class that nobody may see any more")


def _installation():
    from circletime.people.models import User
    from circletime.recordings.models import Recording
    from tests.recordings import school

    staff = {
        role: User.objects.filter(rolegrant__role=role).earliest("pk") for role in ("dsl", "headteacher")
    }
    recording = Recording.objects.get()
    _at(school.BEGAN)
    assert _film_status(staff, recording) == 206, "it can be watched before its day"
    return staff, recording


def _at(moment: datetime) -> None:
    from circletime.core import time

    time.now = lambda: moment


def _copy(names: tuple[str, ...], to: Path) -> None:
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in names:
        here = settings.VAR / name
        if here.is_dir():
            shutil.copytree(here, to / name)
        else:
            to.mkdir(exist_ok=True)
            shutil.copy2(here, to / name)


def _put_back(names: tuple[str, ...], backup: Path) -> None:
    from django.conf import settings
    from django.db import connection

    connection.close()
    for name in names:
        here = settings.VAR / name
        if here.is_dir():
            shutil.rmtree(here)
            shutil.copytree(backup / name, here)
        else:
            for old in settings.VAR.glob(f"{name}*"):
                old.unlink()
            shutil.copy2(backup / name, here)


def _film_status(staff, recording) -> int:
    """What somebody gets who may watch and has just said why."""
    from django.test import Client
    from django.urls import reverse

    from circletime.core import time
    from circletime.recordings.models import Viewing

    Viewing.objects.create(recording_id=recording.pk, user=staff["dsl"], at=time.now(), why="Allowed once")
    client = Client(SERVER_NAME="localhost")
    sign_in(client, staff["dsl"])
    address = reverse("recording-film", args=[recording.public_id])
    return client.get(address, headers={"Range": "bytes=0-9"}).status_code


def _nobody_sees_it(staff, recording) -> None:
    assert _film_status(staff, recording) == 404


def _no_key_opens_it(recording) -> None:
    from circletime.recordings import queries
    from circletime.recordings.keys import KeyTrouble

    recording.refresh_from_db()
    assert bytes(recording.wrapped_key), "the restored database has the wrapped key again"
    assert queries.folder_of(recording.public_id).exists(), "the vault's files are back"
    try:
        queries.key_of(recording)
    except KeyTrouble:
        return
    raise AssertionError("the key of a destroyed recording came back")


def _gone(recording) -> bool:
    from django.conf import settings

    from circletime.recordings import queries
    from circletime.recordings.rules import State

    recording.refresh_from_db()
    return (
        recording.state == State.DESTROYED
        and not queries.folder_of(recording.public_id).exists()
        and not (settings.KEYS / "recordings" / recording.public_id).exists()
        and queries.certificate_of(recording.public_id) is not None
    )


def _backed_up(names: tuple[str, ...], backup: Path, *, days_before: int):
    """An installation that was backed up so many days before the recording's day, and destroyed it since."""
    from circletime.recordings import tasks
    from tests.recordings import school

    staff, recording = _installation()
    day = school.BEGAN + timedelta(days=30)
    school.days_pass(day - timedelta(days=days_before - 1))  # the worker ran on the day of the backup
    _copy(names, backup)
    school.days_pass(day)
    _at(day)
    assert tasks.destroy_due(day).destroyed == 1 and _gone(recording)
    return staff, recording, day


DATA = ("db.sqlite3", "vault")


def last_weeks(backup: Path) -> None:
    """Database and vault of six days ago: nothing opens it, nobody sees it, the next run ends it."""
    from circletime.recordings import tasks

    staff, recording, day = _backed_up(DATA, backup, days_before=6)
    _put_back(DATA, backup)
    _no_key_opens_it(recording)
    _nobody_sees_it(staff, recording)
    assert tasks.destroy_due(day).destroyed == 1 and _gone(recording)


def older(backup: Path) -> None:
    """Of two weeks ago: the worker doubts the clock; nobody sees it meanwhile; a person lets it go on."""
    from circletime.pages import cli
    from circletime.recordings import tasks

    staff, recording, day = _backed_up(DATA, backup, days_before=14)
    _put_back(DATA, backup)
    assert tasks.destroy_due(day).waits
    _no_key_opens_it(recording)
    _nobody_sees_it(staff, recording)
    assert cli.main(["retention", "run"]) == 1 and not _gone(recording)
    assert cli.main(["retention", "run", "--clock-is-right"]) == 0 and _gone(recording)


def with_keys(backup: Path) -> None:
    """Somebody put back all three, against what is written: still nobody sees it, and it goes again."""
    from circletime.recordings import queries, tasks

    staff, recording, day = _backed_up((*DATA, "keys"), backup, days_before=6)
    _put_back((*DATA, "keys"), backup)
    recording.refresh_from_db()
    assert queries.key_of(recording), "this is the case that only the day keeps shut"
    _nobody_sees_it(staff, recording)
    assert tasks.destroy_due(day).destroyed == 1 and _gone(recording)


def files_alone(backup: Path) -> None:
    """Vault and keys, under today's database, which knows: removed again at the next run."""
    from django.conf import settings

    from circletime.recordings import queries, tasks

    staff, recording, day = _backed_up(("vault", "keys"), backup, days_before=6)
    _put_back(("vault",), backup)
    own = settings.KEYS / "recordings" / recording.public_id
    shutil.copy2(backup / "keys" / "recordings" / recording.public_id, own)
    assert any("belongs to no recording" in line for line in queries.vault_verify()[1])
    _nobody_sees_it(staff, recording)
    assert tasks.destroy_due(day).destroyed == 0 and _gone(recording)


def deleted_early(backup: Path) -> None:
    """Deleted early, and last week's backup put back before its day: the day does not help, the key does."""
    from circletime.recordings.actions import early
    from tests.recordings import school

    staff, recording = _installation()
    _copy(DATA, backup)
    now = school.BEGAN + timedelta(days=5)
    _at(now)
    early.ask_early(recording=recording, ground="harm", reason="A sibling is in it", by=staff["dsl"], now=now)
    early.confirm_early(recording=recording, by=staff["headteacher"], now=now)
    assert _gone(recording)
    _put_back(DATA, backup)
    _no_key_opens_it(recording)
    _nobody_sees_it(staff, recording)


CASES: dict[str, Callable[[Path], None]] = {
    one.__name__: one for one in (make, last_weeks, older, with_keys, files_alone, deleted_early)
}

if __name__ == "__main__":
    django.setup()
    from django.conf import settings

    CASES[sys.argv[1]](settings.VAR.parent / "backup")
    print("as it should be")
