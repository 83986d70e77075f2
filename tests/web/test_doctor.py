"""`circletime doctor`: whatever is wrong is one plain sentence, and the exit status is 1."""

import http.server
import os
import shutil
import socket
import threading
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from circletime.core.time import now
from circletime.health import tasks
from circletime.media.config import Relay
from circletime.notices.actions import enqueue
from circletime.notices.models import Letter
from circletime.notices.rules import Kind
from circletime.pages import cli
from circletime.recordings.actions import capture
from tests.fake_media import FakeMedia
from tests.media.certificates import certificate
from tests.web.post_office import open_office

Disk = namedtuple("Disk", "total used free")
GB = 1024**3
Doctor = Callable[[], tuple[int, list[str]]]


def free_ports() -> Iterator[int]:
    """Ports that nobody has, of both kinds."""
    while True:
        with socket.socket() as one, socket.socket(type=socket.SOCK_DGRAM) as other:
            one.bind(("127.0.0.1", 0))
            try:
                other.bind(one.getsockname())
            except OSError:
                continue
            number: int = one.getsockname()[1]
        yield number


@pytest.fixture
def machine(db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine on which all is well."""
    ports = free_ports()
    settings.PORT = next(ports)
    settings.LIVEKIT_PORT, settings.LIVEKIT_TCP_PORT = next(ports), next(ports)
    settings.LIVEKIT_UDP_PORT = next(ports)
    settings.PUBLIC_URL, settings.HTTPS = f"http://localhost:{settings.PORT}", False
    settings.BASE_DIR, settings.VAR, settings.BIN = tmp_path, tmp_path / "var", tmp_path / "bin"
    for folder in (settings.VAR, settings.BIN, settings.KEYS, tmp_path / "room" / "dist"):
        folder.mkdir(parents=True, exist_ok=True)
    (tmp_path / "room" / "dist" / "room.js").touch()
    for name in ("livekit-server", "recorder"):
        (settings.BIN / name).touch(mode=0o755)
    for name in ("django_secret", "livekit_secret"):
        (settings.KEYS / name).touch(mode=0o600)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(100 * GB, 50 * GB, 50 * GB))
    return settings


@pytest.fixture
def doctor(machine: Any, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """The command as it is typed; answers its exit status and what it says is wrong."""

    def run() -> tuple[int, list[str]]:
        status = cli.main(["doctor"])
        said = capsys.readouterr()
        assert said.err == ""
        lines = said.out.splitlines()
        assert all(line.startswith(("ok    ", "wrong ")) and line.endswith((".", ").")) for line in lines)
        return status, [line.removeprefix("wrong ") for line in lines if line.startswith("wrong ")]

    return run


def one_sentence(found: tuple[int, list[str]], *words: str) -> None:
    status, wrong = found
    assert status == 1
    assert len(wrong) == 1, wrong
    assert all(word in wrong[0] for word in words), wrong
    assert "Traceback" not in wrong[0] and "Errno" not in wrong[0]


def test_a_machine_on_which_all_is_well(doctor: Doctor) -> None:
    assert doctor() == (0, [])


@pytest.mark.parametrize(
    "name, what",
    [("PORT", "pages"), ("LIVEKIT_PORT", "media signalling"), ("LIVEKIT_TCP_PORT", "media over TCP")],
)
def test_a_port_that_another_program_has(name: str, what: str, machine: Any, doctor: Doctor) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", getattr(machine, name)))
        other.listen()
        one_sentence(doctor(), str(getattr(machine, name)), what, "in use by another program", "PORT=9000")


def test_a_udp_port_that_another_program_has(machine: Any, doctor: Doctor) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", machine.LIVEKIT_UDP_PORT))
        one_sentence(doctor(), str(machine.LIVEKIT_UDP_PORT), "media over UDP")


def serve(port: int, page: bytes) -> http.server.HTTPServer:
    """Somebody's web server at a port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *args: object) -> None:
            """Nothing to say."""

    server = http.server.HTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


def test_another_web_server_at_the_port_is_not_taken_for_ours(machine: Any, doctor: Doctor) -> None:
    server = serve(machine.PORT, b"<h1>It works!</h1>")
    try:
        one_sentence(doctor(), str(machine.PORT), "in use by another program")
    finally:
        server.shutdown()
        server.server_close()


def test_ports_that_circletime_itself_has_are_no_trouble(
    machine: Any, doctor: Doctor, media: FakeMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.beat(now())
    monkeypatch.setattr(capture, "recorder", lambda: SimpleNamespace(list=dict))
    server = serve(machine.PORT, b"<title>Sign in \xc2\xb7 Circletime</title>")
    try:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", machine.LIVEKIT_PORT))
            taken.listen()
            assert doctor() == (0, [])
            (machine.BIN / "recorder").unlink()
            one_sentence(doctor(), "recorder is missing")
            (machine.BIN / "recorder").touch(mode=0o755)
            media.failing = True
            one_sentence(doctor(), "The media server does not answer", "media.log")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o644, 0o660])
def test_a_key_that_others_can_read(mode: int, machine: Any, doctor: Doctor) -> None:
    (machine.KEYS / "vault").touch()
    (machine.KEYS / "vault").chmod(mode)
    one_sentence(doctor(), "Other accounts can read vault", "chmod 600")


@pytest.mark.parametrize("name", ["livekit-server", "recorder"])
def test_a_program_that_is_missing_or_may_not_run(name: str, machine: Any, doctor: Doctor) -> None:
    (machine.BIN / name).chmod(0o644)
    one_sentence(doctor(), str(machine.BIN / name), "is missing", "Run make setup")
    (machine.BIN / name).unlink()
    one_sentence(doctor(), str(machine.BIN / name), "is missing", "Run make setup")


@pytest.mark.parametrize("free", [0, 1, 4 * GB, 5 * GB - 1])
def test_a_disk_that_is_nearly_full(free: int, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(100 * GB, 100 * GB - free, free))
    one_sentence(doctor(), "are free where recordings are kept", "Make room")


def test_the_disk_of_the_vault_is_looked_at_and_no_other(
    machine: Any, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []

    def usage(path: Path) -> Disk:
        looked.append(path)
        return Disk(100 * GB, 0, 5 * GB)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert doctor() == (0, [])
    assert looked == [machine.VAULT]


def test_a_vault_whose_disk_is_not_there(
    machine: Any, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", os.statvfs)
    machine.VAULT.rmdir()
    one_sentence(doctor(), str(machine.VAULT), "is not there")


def test_an_address_for_families_without_a_certificate(machine: Any, doctor: Doctor) -> None:
    machine.PUBLIC_URL = "http://meet.larkfield.example"
    one_sentence(doctor(), "http://meet.larkfield.example", "Browsers give no camera without https")


def test_a_media_server_elsewhere_that_answers_and_one_that_does_not(machine: Any, doctor: Doctor) -> None:
    there, gone = next(free_ports()), next(free_ports())
    server = serve(there, b"OK")
    try:
        machine.LIVEKIT_ELSEWHERE = [f"http://127.0.0.1:{there}"]
        assert doctor() == (0, [])
        machine.LIVEKIT_ELSEWHERE.append(f"http://127.0.0.1:{gone}")
        one_sentence(doctor(), f"http://127.0.0.1:{gone}", "does not answer", "CIRCLETIME_LIVEKIT_URL")
    finally:
        server.shutdown()
        server.server_close()


def test_a_relay_whose_certificate_ends_soon(machine: Any, doctor: Doctor, tmp_path: Path) -> None:
    name = "turn.larkfield.example"
    cert, key = certificate(tmp_path, name, days=90)
    machine.TURN_DOMAIN, machine.TURN = name, Relay(name, cert, key, next(free_ports()))
    assert doctor() == (0, [])
    certificate(tmp_path, name, days=13)
    one_sentence(doctor(), name, "ends on", "start the media server again")


def test_a_mail_server_that_answers_and_one_that_does_not(machine: Any, doctor: Doctor) -> None:
    machine.EMAIL_HOST = "127.0.0.1"
    with open_office() as office:
        machine.EMAIL_PORT = office.port
        assert doctor() == (0, [])
    one_sentence(doctor(), "The mail server 127.0.0.1", str(machine.EMAIL_PORT), "does not answer")


def test_a_letter_about_circletime_itself_that_failed(doctor: Doctor) -> None:
    """It is said, but makes no alarm: that would be another letter to the same address."""
    letter = enqueue(
        to="it@larkfield.example",
        subject="Circletime: Disk, to see to",
        text="Hello",
        kind=Kind.HEALTH,
        about="health",
        by="test",
        now=now(),
    )
    Letter.objects.filter(pk=letter.pk).update(state="failed", trouble="no box")
    one_sentence(doctor(), "about Circletime itself that could not be sent: 1", "The page Letters")


@pytest.mark.parametrize(
    "stands, words",
    [
        ({"state": "failed", "trouble": "no box"}, ("could not be sent: 1", "The page Letters")),
        ({"state": "waiting", "trouble": "away"}, ("more than an hour: 1",)),
        ({"state": "sending"}, ("more than an hour: 1",)),
        ({"state": "waiting", "trouble": "sign-in"}, ("CIRCLETIME_SMTP_PASSWORD",)),
    ],
)
def test_a_letter_that_failed_or_waits_too_long(
    stands: dict[str, str], words: tuple[str, ...], machine: Any, doctor: Doctor
) -> None:
    letter = enqueue(
        to="parent@home.example",
        subject="Come",
        text="Dear parent",
        kind=Kind.MEETING,
        about="meeting:x",
        by="test",
        now=now() - timedelta(hours=2),
    )
    Letter.objects.filter(pk=letter.pk).update(**stands)
    one_sentence(doctor(), *words)
    Letter.objects.filter(pk=letter.pk).update(state="stopped")
    assert doctor() == (0, [])


def test_a_clock_that_ran_backwards(machine: Any, doctor: Doctor) -> None:
    written = machine.VAR / "db.sqlite3"
    written.touch()
    tomorrow = time.time() + 86_400
    os.utime(written, (tomorrow, tomorrow))
    one_sentence(doctor(), "clock", "timedatectl")


def test_a_setting_that_is_misspelt(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIRCLETIME_SMPT_HOST", "mail.larkfield.example")
    one_sentence(doctor(), "CIRCLETIME_SMPT_HOST is no setting", "Did you mean CIRCLETIME_SMTP_HOST?")


def test_a_room_client_that_was_not_built(machine: Any, doctor: Doctor) -> None:
    (machine.BASE_DIR / "room" / "dist" / "room.js").unlink()
    one_sentence(doctor(), "The room client is not built", "make setup")


def test_everything_at_once_is_all_said(
    machine: Any, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(machine.BIN)
    (machine.KEYS / "django_secret").chmod(0o644)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(GB, GB, 0))
    status, wrong = doctor()
    assert status == 1 and len(wrong) == 4


def test_serve_says_it_too_and_starts_nothing(
    machine: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*args: object) -> None:
        raise AssertionError("it was started")

    monkeypatch.setattr("circletime.media.supervisor.Supervisor.run", started)
    (machine.BIN / "recorder").unlink()
    assert cli.main(["serve"]) == 1
    assert "recorder is missing. Run make setup." in capsys.readouterr().err
