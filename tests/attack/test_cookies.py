"""What a browser is given to keep, where the school is reached over https."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from tests.attack.browsers import Crowd
from tests.web.school import School
from tests.web.visits import Visits
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("SESSION", "CSRF")
WHAT = ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "PATH", "DOMAIN")


@pytest.fixture(scope="module")
def served() -> dict[str, Any]:
    """The settings as they are with https, Django's own beneath them."""
    script = (
        "import json, django; from django.conf import settings; "
        f"names = [(n, w) for n in {NAMES} for w in {WHAT}]; "
        "print(json.dumps({f'{n}_{w}': getattr(settings, f'{n}_COOKIE_{w}') for n, w in names}))"
    )
    told = {"CIRCLETIME_URL": "https://meet.larkfield.example", "DJANGO_SETTINGS_MODULE": "config.settings"}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | told,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_with_https_no_cookie_goes_out_without_it(
    served: dict[str, Any], school: School, visits: Visits
) -> None:
    for name in NAMES:
        assert served[f"{name}_NAME"].startswith("__Host-") and served[f"{name}_SECURE"]
        assert served[f"{name}_PATH"] == "/" and served[f"{name}_DOMAIN"] is None, (
            "or browsers do not take it"
        )
    client = visits.browser()
    answer = client.post(reverse("see", args=[school.shown.see]), secure=True)
    (cookie,) = answer.cookies.values()
    assert cookie.key == "__Secure-viewing" and cookie["secure"] and cookie["httponly"]
    assert client.get(answer["Location"], secure=True).status_code == 200, "and is known again"
    taken = client.post(reverse("take", args=[school.shown.take]), secure=True)
    assert set(taken.cookies) <= {"__Secure-copy"}


def test_no_cookie_is_sent_along_from_another_site(served: dict[str, Any], world: World) -> None:
    assert served["SESSION_SAMESITE"] == served["CSRF_SAMESITE"] == "Lax"
    client = Crowd(world).browser()
    for each in client.get(reverse("join")).cookies.values():
        assert each["samesite"] == "Lax"


def test_no_script_reads_a_session(served: dict[str, Any], world: World) -> None:
    assert served["SESSION_HTTPONLY"] and served["CSRF_HTTPONLY"]
    client = Crowd(world).browser()
    for address in (reverse("join"), reverse("account_login")):
        for each in client.get(address).cookies.values():
            assert each["httponly"], each.key
