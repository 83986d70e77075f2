"""Mail: sent by the worker through a real server, tried again, given up, or written into a folder."""

import json
import os
import runpy
import subprocess
import sys
import time as clock
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from django.urls import reverse

from circletime.audit.queries import list_kinds
from circletime.core import time
from circletime.pages import demo, mailfolder
from circletime.pages.forgotten import answer_asks
from circletime.people.actions import ask_for_password, take_password_ask
from circletime.people.models import PasswordAsk
from circletime.people.rules import PASSWORD_ASK_LASTS, answered_again_after
from config.env import BadSetting
from tests.harness import ROOT, wait_for
from tests.pace import paced
from tests.web.page import Page
from tests.web.post_office import PostOffice, certificate, open_office
from tests.web.visits import Visits
from tests.world import World

RESET = reverse("account_reset_password")
SMTP = "django.core.mail.backends.smtp.EmailBackend"
FOLDER = "circletime.pages.mailfolder.FolderBackend"


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    """A mail server, and our settings that lead to it."""
    with open_office() as opened:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", opened.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield opened


def ask(world: World) -> None:
    ask_for_password(email=world.teacher.email, now=time.now())


class TestTheServer:
    """Through SMTP, spoken for real."""

    def test_the_mail_arrives_and_says_who_it_is_from(self, world: World, office: PostOffice) -> None:
        ask(world)
        answer_asks()
        (letter,) = office.came
        assert letter["To"] == world.teacher.email and "circletime@localhost" in letter["From"]
        assert letter["Auto-Submitted"] == "auto-generated"
        text = letter.get_content()
        assert text.startswith("Hello Mrs Osei,") and "/accounts/password/reset/key/" in text
        assert not PasswordAsk.objects.exists()

    def test_a_slow_server_keeps_nobody_waiting_and_tells_nothing(
        self, world: World, office: PostOffice, visits: Visits
    ) -> None:
        office.seconds = 1.5
        seconds: dict[str, list[float]] = {world.teacher.email: [], "nobody@larkfield.example": []}
        for index in range(5):
            for email, taken in seconds.items():
                client = visits.browser(f"192.0.2.{index}")
                began = clock.monotonic()
                assert client.post(RESET, {"email": email}).status_code == 302
                taken.append(clock.monotonic() - began)
        known, unknown = (median(each) for each in seconds.values())
        assert max(known, unknown) < 1.4 and abs(known - unknown) < paced(0.05), seconds
        assert not office.came
        answer_asks()
        assert len(office.came) == 1

    def test_what_is_refused_for_good_is_not_tried_again(
        self, world: World, office: PostOffice, caplog: pytest.LogCaptureFixture
    ) -> None:
        for index, place in enumerate(("at_recipient", "at_data")):
            setattr(office, place, "550 No such mailbox")
            ask(world)
            answer_asks()
            assert not PasswordAsk.objects.exists()
            assert list_kinds(world.teacher.actor) == ["people.password.link_refused"] * (index + 1)
            setattr(office, place, "250 OK")
        assert "refused for good" in caplog.text and world.teacher.actor in caplog.text
        assert world.teacher.email not in caplog.text, "a log holds events and no names"

    @pytest.mark.parametrize("place", ["at_recipient", "at_data"])
    def test_what_is_refused_for_now_is_tried_again(
        self, place: str, world: World, office: PostOffice, caplog: pytest.LogCaptureFixture
    ) -> None:
        setattr(office, place, "451 Come back later")
        ask(world)
        answer_asks()
        assert PasswordAsk.objects.count() == 1 and not office.came
        setattr(office, place, "250 OK")
        answer_asks()
        assert not office.came, "not before its time"
        world.later(seconds=61)
        answer_asks()
        assert len(office.came) == 1 and not PasswordAsk.objects.exists()
        assert world.teacher.email not in caplog.text

    def test_a_server_that_is_away_loses_nothing(self, world: World, settings: Any) -> None:
        with open_office() as opened:
            settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", opened.port
            settings.EMAIL_USE_TLS = False
        ask(world)
        answer_asks()
        assert PasswordAsk.objects.count() == 1
        with open_office() as opened:
            settings.EMAIL_PORT = opened.port
            world.later(seconds=61)
            answer_asks()
            assert len(opened.came) == 1

    def test_a_sign_in_that_the_server_refuses_is_no_reason_to_lose_mail(
        self, world: World, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context, trusted = certificate(tmp_path)
        how = {"tls_context": context, "require_starttls": True, "auth_required": True}
        with open_office(**how) as opened:
            settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", opened.port
            settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = True, "circletime"
            ask(world)
            answer_asks()
            assert not opened.signed_in, "a stranger's certificate is not spoken to"
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
            settings.EMAIL_HOST_PASSWORD = "wrong"
            world.later(minutes=2)
            answer_asks()
            assert set(opened.signed_in) == {"refused"} and PasswordAsk.objects.count() == 1
            settings.EMAIL_HOST_PASSWORD = "secret"
            world.later(minutes=5)
            answer_asks()
            assert len(opened.came) == 1 and not PasswordAsk.objects.exists()


class TestTheAsk:
    """The row between the page and the worker."""

    def test_whoever_takes_it_and_dies_leaves_it_for_the_next(
        self, world: World, office: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(*args: object, **more: object) -> None:
            raise SystemExit

        ask(world)
        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr("circletime.pages.forgotten.answer_password_ask", die)
            answer_asks()
        assert len(office.came) == 1 and PasswordAsk.objects.count() == 1
        world.later(seconds=61)
        answer_asks()
        assert len(office.came) == 2, "at least once"
        assert not PasswordAsk.objects.exists()

    def test_two_workers_do_not_take_the_same(self, world: World) -> None:
        ask(world)
        assert take_password_ask(now=world.now) is not None
        assert take_password_ask(now=world.now) is None

    def test_it_is_tried_less_and_less_often_and_then_given_up(
        self, world: World, office: PostOffice
    ) -> None:
        office.at_data = "451 Not now"
        ask(world)
        waits = [answered_again_after(tries) for tries in range(8)]
        assert waits == sorted(waits) and waits[0] == timedelta(minutes=1) and waits[-1] == waits[-2]
        for wait in waits[:3]:
            answer_asks()
            assert PasswordAsk.objects.get().due_at == world.now + wait
            world.now += wait
        world.now += PASSWORD_ASK_LASTS
        office.at_data = "250 OK"
        answer_asks()
        assert not office.came and not PasswordAsk.objects.exists()

    def test_no_link_is_kept_in_the_database(self, world: World, visits: Visits) -> None:
        visits.browser().post(RESET, {"email": world.teacher.email})
        (row,) = PasswordAsk.objects.values()
        assert set(row) == {"id", "email", "asked_at", "due_at", "tries"}


class TestTheSettings:
    """What `CIRCLETIME_SMTP_*` means."""

    def read(self, monkeypatch: pytest.MonkeyPatch, **given: str) -> dict[str, Any]:
        for name, value in given.items():
            monkeypatch.setenv(f"CIRCLETIME_{name}", value)
        return runpy.run_path(str(ROOT / "config" / "settings.py"))

    def test_without_a_server_mail_goes_to_the_folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.read(monkeypatch)
        assert found["EMAIL_BACKEND"] == FOLDER and not found["DEMO"]
        assert found["MAIL_FOLDER"] == found["VAR"] / "mail"

    def test_a_server_and_all_about_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.read(
            monkeypatch,
            SMTP_HOST="mail.larkfield.example",
            SMTP_PORT="465",
            SMTP_USER="circletime",
            SMTP_PASSWORD="secret",
            SMTP_TLS="tls",
            MAIL_FROM="Larkfield <office@larkfield.example>",
        )
        names = ("BACKEND", "HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_SSL", "USE_TLS")
        assert [found[f"EMAIL_{name}"] for name in names] == [
            SMTP,
            "mail.larkfield.example",
            465,
            "circletime",
            "secret",
            True,
            False,
        ]
        assert found["DEFAULT_FROM_EMAIL"] == "Larkfield <office@larkfield.example>"

    def test_encryption_is_on_unless_it_is_switched_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.read(monkeypatch, SMTP_HOST="mail.larkfield.example")
        assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (587, True, False)
        found = self.read(monkeypatch, SMTP_TLS="off")
        assert not found["EMAIL_USE_TLS"] and not found["EMAIL_USE_SSL"]
        with pytest.raises(BadSetting, match="one of: starttls, tls, off"):
            self.read(monkeypatch, SMTP_TLS="perhaps")

    def test_the_demo_sends_nothing_whatever_is_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.read(monkeypatch, SMTP_HOST="mail.larkfield.example", DEMO="yes")
        assert found["DEMO"] and found["EMAIL_BACKEND"] == FOLDER


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """Mail goes into a folder."""
    settings.EMAIL_BACKEND, settings.MAIL_FOLDER = FOLDER, tmp_path / "mail"
    return tmp_path / "mail"


class TestTheFolder:
    """Where mail goes without a server, and the demo's page that shows it."""

    def test_each_mail_is_a_file_for_our_eyes_only(self, world: World, folder: Path) -> None:
        for number in range(3):
            EmailMessage(f"Number {number}", "Grüße", to=["zoë@home.example"]).send()
            world.later(seconds=1)
        files = sorted(folder.iterdir())
        assert [each.suffix for each in files] == [".eml"] * 3
        assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
        assert folder.stat().st_mode & 0o777 == 0o700
        assert [letter.subject for letter in mailfolder.newest(2)] == ["Number 2", "Number 1"]
        assert mailfolder.newest(1)[0].text.strip() == "Grüße"

    def test_mails_of_one_moment_do_not_overwrite_each_other(self, world: World, folder: Path) -> None:
        get_connection().send_messages([EmailMessage("Same", "time", to=["a@home.example"])] * 20)
        assert len(list(folder.iterdir())) == 20

    def test_the_demos_page_shows_it_to_staff(
        self, world: World, folder: Path, settings: Any, visits: Visits
    ) -> None:
        settings.DEMO = True
        page = reverse("mail")
        assert visits.browser().get(page)["Location"].startswith(reverse("account_login"))
        assert "There is no mail yet" in Page(visits.by_role("governor").get(page)).words()
        EmailMessage("Second", "<b>bold</b>", to=["b@home.example"]).send()
        world.later(seconds=1)
        ask(world)
        answer_asks()
        answer = visits.by_role("office").get(page)
        shown = Page(answer)
        assert [each.text for each in shown.every if each.tag == "h2"] == [
            "A new password for Circletime",
            "Second",
        ]
        assert world.teacher.email in shown.words() and "<b>bold</b>" in shown.words()
        assert "no-store" in answer["Cache-Control"]
        (link,) = (a.get("href") for a in shown.every if a.tag == "a" and "/reset/key/" in a.get("href"))
        followed = Client().get(link.removeprefix(settings.PUBLIC_URL))
        assert followed.status_code == 302 and "set-password" in followed["Location"]

    def test_no_school_has_the_page(self, folder: Path, settings: Any, visits: Visits) -> None:
        EmailMessage("Second", "text", to=["b@home.example"]).send()
        assert not settings.DEMO
        for client in (visits.browser(), visits.by_role("office"), visits.by_role("headteacher")):
            assert client.get(reverse("mail")).status_code == 404

    def test_the_demos_facts_say_where_it_is(self, world: World, tmp_path: Path, settings: Any) -> None:
        path = tmp_path / "demo.json"
        path.write_text(json.dumps({"staff": {}, "family_link_path": "/f/x"}))
        facts = demo.prepare_demo(path, classes=2, pupils=8, now=world.now)
        assert facts["mail"] == f"{settings.PUBLIC_URL}/mail/"
        assert json.loads(path.read_text())["mail"] == facts["mail"]
        assert facts["mail"] in demo.words(facts)


def test_the_worker_itself_sends_what_was_asked_for(tmp_path: Path) -> None:
    """The part of the program, as a process of its own, with a real server and a real database."""
    with open_office() as opened:
        env = os.environ | {
            "CIRCLETIME_VAR": str(tmp_path),
            "CIRCLETIME_SMTP_HOST": "127.0.0.1",
            "CIRCLETIME_SMTP_PORT": str(opened.port),
            "CIRCLETIME_SMTP_TLS": "off",
        }
        code = (
            "import django; django.setup()\n"
            "from circletime.core import time; from tests import lanes\n"
            "from circletime.people.actions import ask_for_password\n"
            "from circletime.people.models import User\n"
            "lanes.begin()\n"
            "User.objects.create_user('osei@larkfield.example', 'x', name='Mrs Osei')\n"
            "ask_for_password(email='osei@larkfield.example', now=time.now())\n"
        )
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)
        worker = subprocess.Popen(
            [sys.executable, "-m", "circletime.pages.cli", "part", "worker"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert worker.stdin is not None
            worker.stdin.write(b"go\n")
            worker.stdin.flush()
            wait_for(lambda: opened.came, 30, "the mail arrives")
        finally:
            worker.kill()
            worker.wait()
            worker.stdin.close()
    assert opened.came[0]["To"] == "osei@larkfield.example"
