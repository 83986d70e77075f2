"""The page that says whether all is well, for the office and senior leaders."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from circletime.core import time
from circletime.health import tasks
from circletime.health.checks.every import Check
from circletime.health.rules.finding import Subject
from tests.health.conftest import says
from tests.signing import sign_in
from tests.world import World


@pytest.fixture(autouse=True)
def noon(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "now", lambda: world.now)


def page(world: World, role: str = "office") -> str:
    client = Client()
    sign_in(client, world.staff[role])
    answer = client.get(reverse("well"))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def found(world: World, **fine: bool) -> None:
    tasks.beat(world.now)
    tasks.look_around(
        world.now, [Check(Subject(name), says(Subject(name), each)) for name, each in fine.items()]
    )


def test_before_anybody_looked(world: World) -> None:
    shown = page(world)
    assert "Nothing was looked at yet." in shown and "1 thing to see to" in shown
    assert "The school’s clock" in shown or "The school&#x27;s clock" in shown


def test_all_is_well(world: World) -> None:
    found(world, disk=True, recording=True)
    shown = page(world)
    assert "<h1>All is well</h1>" in shown and "To see to" not in shown
    assert "Last looked at on 24 November 2026, 12:00." in shown
    for words in ("<dt>Disk</dt><dd>It is well.</dd>", "<dt>Recording</dt>", "meetings open and end on time"):
        assert words in shown


def test_what_is_wrong_comes_first_and_says_what_to_do(world: World) -> None:
    found(world, disk=True, letters=False, log=False)
    shown = page(world)
    assert "<h1>2 things to see to</h1>" in shown
    assert shown.index("It is not well.") < shown.index("It is well.")
    assert "<strong>What to do:</strong> Mend it." in shown and "Since 24 November 2026, 12:00" in shown
    assert f'href="{reverse("letters")}">To the page Letters' in shown


def test_a_worker_that_stopped_since_is_seen_at_once(world: World) -> None:
    found(world, disk=True, worker=True)
    world.now += timedelta(minutes=3)
    shown = page(world)
    assert "<h1>1 thing to see to</h1>" in shown and "stands still since 24 November, 12:00" in shown


def test_it_says_who_is_written_to(world: World, settings) -> None:
    office, head = world.staff["office"].name, world.staff["headteacher"].name
    settings.ALARMS_TO = ["office", "headteacher", "it@larkfield.example"]
    shown = page(world)
    assert office in shown and head in shown and "1 address in the settings" in shown
    assert "it@larkfield.example" not in shown


@pytest.mark.parametrize("role", ["office", "slt", "dsl", "headteacher"])
def test_the_menu_counts_what_is_wrong(role: str, world: World) -> None:
    found(world, letters=False, log=False)
    assert 'Is all well? <strong class="count">2<span class="visually-hidden"> to see to' in page(world, role)


@pytest.mark.parametrize("role", ["teacher", "support", "governor"])
def test_for_others_there_is_no_such_page(role: str, world: World) -> None:
    found(world, letters=False)
    client = Client()
    sign_in(client, world.staff[role])
    assert client.get(reverse("well")).status_code == 403
    assert "Is all well?" not in client.get(reverse("meetings")).content.decode()
