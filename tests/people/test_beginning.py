"""A real school begins: on an empty machine one command names it and makes the first account."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from circletime.audit.models import Row
from circletime.pages import cli, cli_people
from circletime.people.models import User
from circletime.people.queries import get_school
from circletime.people.rules import Role

ROOT = Path(__file__).resolve().parents[2]
BEGIN = ["school", "begin", "Brook Lane Primary", "--name", "Mrs Addo", "--email", "Head@brook.example"]


def test_on_an_empty_machine(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("CIRCLETIME_")}
    env |= {"CIRCLETIME_VAR": str(tmp_path / "new"), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", "circletime.pages.cli"]
    done = subprocess.run([*command, *BEGIN], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Mrs Addo is headteacher and office" in done.stdout, done.stderr


@pytest.fixture
def no_tables_to_make(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_people, "make_tables", lambda: None)


@pytest.mark.usefixtures("no_tables_to_make")
class TestTheFirstAccount:
    def test_sets_a_password_by_the_link_and_is_headteacher(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(BEGIN) == 0
        link = found_link(capsys.readouterr().out)
        head = User.objects.get()
        assert (head.email, head.roles) == ("head@brook.example", {Role.HEADTEACHER, Role.OFFICE})
        assert get_school().name == "Brook Lane Primary"
        browser = Client()
        form = browser.get(link, follow=True).redirect_chain[-1][0]
        word = "brook-lane-owls-of-9"
        browser.post(form, {"password1": word, "password2": word})
        head.refresh_from_db()
        assert head.check_password(word)
        assert Client().get(link, follow=True).context.get("token_fail")
        assert cli.main(BEGIN) == 2
        assert "has accounts already" in capsys.readouterr().err

    def test_a_new_link_is_written_down(self, capsys: pytest.CaptureFixture[str]) -> None:
        cli.main(BEGIN)
        first = found_link(capsys.readouterr().out)
        assert cli.main(["sign-in", "link", "HEAD@brook.example"]) == 0
        assert found_link(capsys.readouterr().out).split("/")[:5] == first.split("/")[:5]
        assert cli.main(["sign-in", "link", "nobody@brook.example"]) == 2
        kinds = list(Row.objects.order_by("number").values_list("kind", flat=True))
        assert kinds == [
            "people.school.named",
            "people.staff.added",
            "people.staff.roles",
            "people.password.link_shown",
        ]

    def test_nothing_is_half_done(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main([*BEGIN[:-1], "not an address"]) == 2
        assert "address" in capsys.readouterr().err
        assert not User.objects.exists() and not Row.objects.exists()
        assert cli.main(["school", "begin", "  ", *BEGIN[3:]]) == 2
        assert "Type the school's name" in capsys.readouterr().err

    def test_another_name(self, capsys: pytest.CaptureFixture[str]) -> None:
        cli.main(BEGIN)
        assert cli.main(["school", "name", "Brook Lane\nPrimary School"]) == 0
        assert get_school().name == "Brook Lane Primary School"


def found_link(text: str) -> str:
    """The path of the one link that was printed."""
    (found,) = re.findall(r"https?://[^/\s]+(/\S+)", text)
    return str(found)
