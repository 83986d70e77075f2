"""The record says what runs here, the school's words are kept, and no secret stands in it."""

from typing import Any

import pytest
from django.conf import settings as real
from django.urls import reverse

from circletime.documents.actions.limits import set_limit
from circletime.policy.limits import Limit
from circletime.protection.models import SchoolWords
from circletime.protection.queries.record import record_of
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World


def test_it_says_what_is_set(world: World, settings: Any) -> None:
    places = dict(record_of(world.now).where)
    assert "SQLite" in places["Database"] and str(real.VAULT) in places["Recordings"]
    assert places["Recordings that have stopped"] == "Stay in that folder"
    settings.EMAIL_HOST, settings.DEMO = "mail.larkfield.example", False
    settings.EMAIL_HOST_PASSWORD = "hush-hush"
    settings.SCHOOLPING = "https://user:hush-hush@ping.example/x"
    settings.S3_BUCKET, settings.S3_URL = "films", "https://s3.example"
    found = record_of(world.now)
    places = dict(found.where)
    assert "mail.larkfield.example" in places["Letters"] and "ping.example" in places["SchoolPing"]
    assert "films at s3.example" in places["Recordings that have stopped"]
    assert "hush-hush" not in str(found)


def test_it_says_the_periods_in_force(world: World) -> None:
    set_limit(limit=Limit.REGISTERS, value=6, by=world.staff["headteacher"], now=world.now)
    found = record_of(world.now)
    own = [each for each in found.periods if each.own]
    assert [(each.words, each.value) for each in own] == [("Registers have names for", 6)]
    assert "6 months after the meeting" in {row.until for row in found.rows}


def test_the_school_s_words_are_kept(world: World, visits: Visits) -> None:
    where, client = reverse("protection"), visits.by_role("headteacher")
    shown = client.get(where).content.decode()
    assert "Suggested: Public task" in shown and "points wait for" in shown
    client.post(where, {"verb": "basis", "text": "Public task, <b>as the board said</b>"})
    client.post(where, {"verb": "basis", "text": "Public task, <b>as the board said</b> in May"})
    shown = client.get(where).content.decode()
    assert "&lt;b&gt;as the board said&lt;/b&gt; in May" in shown and "Suggested: Public task" not in shown
    assert SchoolWords.objects.count() == 2
    assert client.post(where, {"verb": "nothing", "text": "x"}).status_code == 404
    answer = client.post(where, {"verb": "basis", "text": "x" * 2001})
    assert answer.status_code == 400 and "at most 2000 characters" in answer.content.decode()


@pytest.mark.parametrize("role", ["teacher", "support", "slt", "governor"])
def test_who_does_not_read_it(role: str, visits: Visits) -> None:
    client = visits.by_role(role)
    assert client.get(reverse("protection")).status_code == 403
    assert client.get(reverse("protection-pdf")).status_code == 403
    assert reverse("protection") not in Page(client.get(reverse("classes"))).addresses()


def test_the_office_reads_and_does_not_write(visits: Visits) -> None:
    client = visits.by_role("office")
    assert client.get(reverse("protection")).status_code == 200
    assert client.post(reverse("protection"), {"verb": "basis", "text": "x"}).status_code == 403
    assert not SchoolWords.objects.exists()


def test_on_paper(visits: Visits) -> None:
    answer = visits.by_role("dsl").get(reverse("protection-pdf"))
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
