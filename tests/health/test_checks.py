"""What is looked at: each check says so when it is wrong, and what to do."""

import shutil
import socket
import ssl
import threading
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import OperationalError, connection, transaction

from circletime.audit.actions import record
from circletime.core import time
from circletime.health import tasks
from circletime.health.checks import certificate, kept, letters, machine, parts
from circletime.health.checks.every import AT_THE_MOMENT, CHECKS
from circletime.health.models import Beat
from circletime.health.rules.alarms import CALM
from circletime.health.rules.finding import Subject
from circletime.meetings.models import Meeting
from circletime.people.models import RoleGrant
from circletime.recordings.actions import capture
from circletime.recordings.models import Recording
from circletime.recordings.queries import folder_of
from circletime.recordings.recorder import RecorderUnavailable
from tests.fake_media import FakeMedia
from tests.recordings.school import make_meeting
from tests.world import World

MINUTE = timedelta(minutes=1)
Disk = namedtuple("Disk", "total used free")
GB = 1024**3


def test_every_subject_is_looked_at_once() -> None:
    assert sorted(check.subject for check in CHECKS) == sorted(Subject)
    assert set(AT_THE_MOMENT) == {Subject.DATABASE, Subject.WORKER, Subject.MEDIA, Subject.RECORDING}


class TestDatabase:
    def test_one_that_takes_what_is_written(self, world: World) -> None:
        assert parts.database(world.now).fine
        assert Beat.objects.get().tried_at == world.now

    def test_one_that_can_only_be_read(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*args: object, **kwargs: object) -> None:
            raise OperationalError("database or disk is full")

        monkeypatch.setattr(Beat.objects, "update_or_create", full)
        found = parts.database(world.now)
        assert not found.fine and "cannot be written" in found.says and "disk is full" in found.do

    def test_a_file_that_is_read_only(self, world: World) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("a setting of SQLite's own")
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only=ON")
        try:
            assert not parts.database(world.now).fine
        finally:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA query_only=OFF")


class TestWorker:
    def test_one_that_never_ran(self, world: World) -> None:
        found = parts.worker(world.now)
        assert not found.fine and found.says.startswith("The school's clock stands still:")

    def test_one_that_lives(self, alive: World) -> None:
        for after in (0, 5, 15):
            assert parts.worker(alive.now + timedelta(seconds=after)).fine

    def test_one_that_was_not_heard_of(self, alive: World) -> None:
        found = parts.worker(alive.now + timedelta(seconds=16))
        assert not found.fine and "stands still since 24 November, 12:00" in found.says
        assert "worker.log" in found.do

    def test_one_that_was_told_to_stop(self, alive: World) -> None:
        tasks.stopped(alive.now)
        found = parts.worker(alive.now)
        assert not found.fine and "was stopped since" in found.says
        tasks.beat(alive.now + timedelta(hours=12))
        assert parts.worker(alive.now + timedelta(hours=12)).fine, "a night that was meant is no trouble"
        assert Beat.objects.get().late_from is None

    def test_one_that_stood_still_and_runs_again(self, alive: World) -> None:
        back = alive.now + 7 * MINUTE
        tasks.beat(back)
        found = parts.worker(back)
        assert not found.fine and "from 24 November, 12:00 to 24 November, 12:07" in found.says
        for half_minutes in range(1, 21):
            tasks.beat(back + half_minutes * MINUTE / 2)
        assert parts.worker(back + CALM).fine

    def test_a_new_one_within_a_minute_is_no_trouble(self, alive: World) -> None:
        tasks.beat(alive.now + MINUTE)
        assert parts.worker(alive.now + MINUTE).fine


class TestMeetings:
    @pytest.fixture(autouse=True)
    def listed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(capture, "recorder", lambda: SimpleNamespace(list=dict))

    def test_a_media_server_that_answers_and_one_that_does_not(self, world: World, media: FakeMedia) -> None:
        assert parts.media(world.now).fine
        media.failing = True
        assert not parts.media(world.now).fine

    def test_a_recorder_that_does_not_answer(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def silent() -> None:
            raise RecorderUnavailable("The recorder is not answering.")

        monkeypatch.setattr(capture, "recorder", lambda: SimpleNamespace(list=silent))
        for look in (parts.recorder, parts.recording):
            found = look(world.now)
            assert not found.fine and "no meeting can start" in found.says

    def test_a_meeting_that_is_not_recorded(self, world: World) -> None:
        assert parts.recording(world.now).says == "The recorder is ready, and no meeting runs."
        meeting, _ = world.live()
        Meeting.objects.filter(pk=meeting.pk).update(recording="on")
        assert "the one meeting that runs is being recorded" in parts.recording(world.now).says
        Meeting.objects.filter(pk=meeting.pk).update(recording="lost", recording_lost_at=world.now)
        assert parts.recording(world.now + timedelta(seconds=29)).fine, "a blink"
        found = parts.recording(world.now + timedelta(seconds=30))
        assert not found.fine and "not being recorded: 1 of 1" in found.says
        Meeting.objects.filter(pk=meeting.pk).update(state="ended")
        assert parts.recording(world.now + MINUTE).fine


class TestDisk:
    @pytest.fixture
    def free(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        def set_to(size: float) -> None:
            monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(100 * GB, 0, int(size)))

        return set_to

    def recorded(self, world: World, sizes: list[int]) -> None:
        """One recording on each of the last days, which goes on its thirtieth."""
        for number, size in enumerate(sizes):
            made = make_meeting(world.staff)
            day = world.now - timedelta(days=number)
            one = Recording.objects.create(
                meeting=made,
                wrapped_key=b"k",
                made_at=day,
                destroy_on=(day + timedelta(days=30)).date(),
                state="stopped",
            )
            folder_of(one.public_id).mkdir(parents=True)
            with (folder_of(one.public_id) / "s1-TR_0.ctv").open("wb") as file:
                file.truncate(size)  # takes no room itself

    def test_nothing_is_claimed_before_anything_was_recorded(self, world: World, free: Any) -> None:
        free(41 * GB)
        found = machine.disk(world.now)
        assert (
            found.fine and found.says == "41 GB are free where recordings are kept." and found.number is None
        )

    def test_it_says_for_how_many_days(self, world: World, free: Any) -> None:
        self.recorded(world, [GB] * 7)
        free(13 * GB)  # one is kept free for films and the database
        found = machine.disk(world.now)
        assert found.fine and found.number == 12
        assert found.says == "13 GB are free where recordings are kept, enough for about 12 days."

    def test_one_that_is_full_in_a_week_is_told_of(self, world: World, free: Any) -> None:
        self.recorded(world, [GB] * 7)
        free(7 * GB)
        found = machine.disk(world.now)
        assert not found.fine and "enough for about 6 days" in found.says and "Make room" in found.do

    def test_one_that_lasts(self, world: World, free: Any) -> None:
        self.recorded(world, [GB] * 30)
        free(41 * GB)
        found = machine.disk(world.now)
        assert found.fine and found.says.endswith("enough for all that is recorded.") and found.number is None

    def test_the_disk_of_the_database_where_it_is_another(
        self, world: World, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = tmp_path / "vault"
        monkeypatch.setattr(
            shutil, "disk_usage", lambda path: Disk(0, 0, 50 * GB if Path(path) == here else GB // 2)
        )
        assert machine.disk(world.now).fine, "the same disk"
        monkeypatch.setattr(Path, "stat", lambda path, **kw: SimpleNamespace(st_dev=1 if path == here else 2))
        found = machine.disk(world.now)
        assert not found.fine and "Only 0.5 GB are free in" in found.says


def shown_until(end: datetime, folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost's own, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(end - timedelta(days=90))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    shown, secret = folder / "cert.pem", folder / "key.pem"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return shown, secret


class TestCertificate:
    @pytest.fixture
    def served(self, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        """A server at the school's address whose certificate ends so many days from now."""
        lines: list[socket.socket] = []

        def serve(days: float, *, trusted: bool = True) -> None:
            shown, secret = shown_until(datetime.now(UTC) + timedelta(days=days), tmp_path)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(shown, secret)
            line = socket.create_server(("127.0.0.1", 0))
            lines.append(line)

            def answer() -> None:
                while True:
                    try:
                        context.wrap_socket(line.accept()[0], server_side=True).close()
                    except ssl.SSLError:
                        continue
                    except OSError:
                        return

            threading.Thread(target=answer, daemon=True).start()
            settings.HTTPS, settings.PUBLIC_URL = True, f"https://localhost:{line.getsockname()[1]}"
            if trusted:
                monkeypatch.setattr(
                    certificate, "trusting", lambda: ssl.create_default_context(cafile=str(shown))
                )

        yield serve
        for line in lines:
            line.close()

    def test_one_that_holds_for_long(self, served: Any) -> None:
        served(60.5)
        found = certificate.certificate(time.now())
        assert found.fine and "holds for 60 days" in found.says
        assert found.number == pytest.approx(time.now().timestamp() + 60.5 * 86_400, abs=60)

    @pytest.mark.parametrize("days, said", [(13.5, "ends in 13 days"), (1.5, "ends in 1 day;")])
    def test_one_that_ends(self, days: float, said: str, served: Any) -> None:
        served(days)
        found = certificate.certificate(time.now())
        assert not found.fine and said in found.says and "did not renew it" in found.do

    def test_one_that_ended(self, served: Any) -> None:
        served(-1)
        found = certificate.certificate(time.now())
        assert not found.fine and "Browsers refuse the certificate" in found.says and "expired" in found.says

    def test_one_that_nobody_trusts(self, served: Any) -> None:
        served(60, trusted=False)
        found = certificate.certificate(time.now())
        assert not found.fine and "Browsers refuse the certificate" in found.says

    def test_a_machine_that_does_not_reach_itself(self, settings: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as line:
            port = line.getsockname()[1]
        settings.HTTPS, settings.PUBLIC_URL = True, f"https://localhost:{port}"
        found = certificate.certificate(time.now())
        assert found.fine and "cannot look at itself" in found.says and found.number is None


class TestTold:
    def test_the_roles_in_the_settings_and_addresses_beside_them(self, world: World, settings: Any) -> None:
        settings.ALARMS_TO = ["office"]
        assert "1 person is written to" in letters.told(world.now).says
        settings.ALARMS_TO = ["office", "headteacher", "it@larkfield.example"]
        assert "3 people are written to" in letters.told(world.now).says
        settings.ALARMS_TO = ["office", world.staff["office"].email.upper()]
        assert "1 person is" in letters.told(world.now).says, "nobody is written to twice"

    def test_nobody(self, world: World, settings: Any) -> None:
        settings.ALARMS_TO = ["headteacher"]
        RoleGrant.objects.filter(role="headteacher").delete()
        found = letters.told(world.now)
        assert not found.fine and "Nobody would hear of it" in found.says


class TestBackup:
    def test_a_school_that_never_asked_for_one(self, world: World) -> None:
        found = kept.backup(world.now)
        assert found.fine and "never asked for a backup" in found.says

    def test_one_that_is_old(self, world: World) -> None:
        with transaction.atomic():
            record("backup.data.taken", by="system:command", subject="backup", now=world.now)
        assert kept.backup(world.now + timedelta(days=8)).fine
        found = kept.backup(world.now + timedelta(days=8, seconds=1))
        assert not found.fine and "made on 24 November 2026" in found.says
