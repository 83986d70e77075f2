"""What every answer tells the browser: which powers of the device it may use, and whom it may talk to."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.pages.headers import NEEDED, POWERS, permissions
from tests.web.school import routes
from tests.web.test_other_sites import every_answer, policy

ROOT = Path(__file__).resolve().parents[2]
USED = {
    "getUserMedia": {"camera", "microphone"},
    "room/room.js": {"camera", "microphone", "display-capture"},
    "room/preview.js": {"camera", "microphone"},
    "requestFullscreen": {"fullscreen"},
    "webauthn-json": {"publickey-credentials-get", "publickey-credentials-create"},
}
"""By what is found in a page or its scripts, the powers that it needs."""


AT_TIMES = {"meeting", "recording", "redaction", "see", "supervised"}
"""Pages that do not have their camera or their player at all times."""


def given(answer: Any) -> set[str]:
    """The powers that an answer leaves to its page."""
    parts = [part.strip() for part in answer["Permissions-Policy"].split(",")]
    named = {part.partition("=")[0] for part in parts}
    assert named == set(POWERS) and all(part.endswith(("=()", "=(self)")) for part in parts)
    return {part.partition("=")[0] for part in parts if part.endswith("=(self)")}


def needs(answer: Any) -> set[str]:
    """The powers that the page and its scripts use."""
    text = answer.content.decode() if not answer.streaming else ""
    for name in re.findall(r'src="/static/(js/[\w-]+\.js)"', text):
        text += (ROOT / "circletime/pages/static" / name).read_text()
    return set().union(*(powers for sign, powers in USED.items() if sign in text))


@pytest.mark.parametrize("who", ["anonymous", "pupil", "teacher", "dsl", "family"])
def test_a_page_has_the_powers_that_it_uses_and_no_others(who: str, request: pytest.FixtureRequest) -> None:
    seen: set[str] = set()
    wrong: list[str] = []
    for name, answer in every_answer(who, request):
        allowed = given(answer)
        seen |= allowed
        if answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html"):
            if not needs(answer) <= allowed or not (name in AT_TIMES or allowed <= needs(answer)):
                wrong.append(f"{name}: {sorted(allowed)}, not {sorted(needs(answer))}")
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin", name
    assert not wrong
    assert seen >= ({"camera", "microphone"} if who in ("pupil", "teacher", "family") else set())


def test_every_name_is_an_address_of_ours() -> None:
    assert set(NEEDED) <= set(routes())
    assert {power for powers in NEEDED.values() for power in powers} <= set(POWERS)
    assert "camera=()" in permissions(None) and "camera=(self)" in permissions("room")


@pytest.mark.parametrize("who", ["anonymous", "pupil", "dsl"])
def test_no_page_makes_a_program_out_of_text(who: str, request: pytest.FixtureRequest) -> None:
    for name, answer in every_answer(who, request):
        rules = policy(answer)
        if name == "document-file" and answer.status_code == 200:
            continue
        assert rules["require-trusted-types-for"] == ["'script'"], name
        assert rules["trusted-types"] == ["'none'"], name


def test_files_are_told_the_same(client: Client) -> None:
    answer = client.get("/static/css/tokens.css")
    assert answer.status_code == 200 and given(answer) == set()
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"


SAYS = """
import django; django.setup()
from django.test import Client
answer = Client(SERVER_NAME="{host}").get("/accounts/login/", secure={secure})
print(answer.headers.get("Strict-Transport-Security"))
print({{name: bool(cookie["secure"]) for name, cookie in answer.cookies.items()}})
"""


@pytest.mark.parametrize(
    "url, says",
    [
        ("https://meet.larkfield.example", "max-age=31536000\n{'__Host-csrf': True}"),
        ("http://localhost:8000", "None\n{'csrftoken': False}"),
    ],
)
def test_a_browser_that_came_by_https_never_comes_otherwise(url: str, says: str, tmp_path: Path) -> None:
    host = url.split("//")[1].split(":")[0]
    env = os.environ | {
        "CIRCLETIME_VAR": str(tmp_path),
        "CIRCLETIME_URL": url,
        "CIRCLETIME_HOSTS": host,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    code = "from tests import lanes\n" + SAYS.format(host=host, secure=url.startswith("https"))
    code = code.replace("django.setup()", "django.setup(); lanes.begin()")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == says, done.stderr


def test_sign_in_is_shown_with_them(client: Client, db: None) -> None:
    answer = client.get(reverse("account_login"))
    assert given(answer) == {"publickey-credentials-get", "publickey-credentials-create"}
