"""Somebody is found by a part of the name, in a school of its real size."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from circletime.people.factory import invent_school
from circletime.people.models import Adult, Household, Pupil, SchoolClass, User
from tests.people.conftest import page
from tests.signing import sign_in
from tests.web.page import Page
from tests.world import NOON

MOST = 200 * 1024


@pytest.mark.parametrize(
    ("text", "found"),
    [("chloe", "Chloé"), ("D ARCY", "D'Arcy"), ("osei", "Mrs Osei"), ("Eunji", "Eun-ji")],
)
def test_case_accents_and_order_are_forgiven(text: str, found: str, office: Any, world: Any) -> None:
    shown = Page(office.get(reverse("people"), {"q": text})).words()
    assert "Found" in shown and found in shown


def test_both_names_are_enough_in_any_order_and_a_stranger_is_nobody(office: Any, ben: Pupil) -> None:
    text = Page(office.get(reverse("people"), {"q": f"{ben.last_name} ben"})).words()
    assert f"Ben {ben.last_name}" in text
    for nobody in ("Zebedee", "<script>alert(1)</script>", "%", "x" * 5_000, "\0"):
        answer = office.get(reverse("people"), {"q": nobody})
        assert answer.status_code == 200 and "<script>alert" not in answer.content.decode()
        assert "Nobody of this name" in Page(answer).words() or nobody in "%\0"


def test_pages_of_a_whole_school_are_small_and_ask_little(db: None) -> None:
    invent_school(now=NOON, classes=14, pupils=30, password="a-long-enough-password")
    assert Pupil.objects.count() == 420
    client, ben = Client(), Pupil.objects.earliest("pk")
    sign_in(client, User.objects.get(email="office@larkfield.example"))
    for address in (
        reverse("people"),
        reverse("people") + "?q=a",
        page("class", SchoolClass.objects.earliest("pk")),
        page("pupil", ben),
        page("household", Household.objects.earliest("pk")),
        page("adult", Adult.objects.earliest("pk")),
        reverse("people-pupil-new"),
        reverse("people-staff"),
    ):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
        assert answer.status_code == 200 and len(answer.content) < MOST, address
        assert len(asked) <= 25, f"{address}: {len(asked)} questions"
