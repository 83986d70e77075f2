"""A small world, and families' browsers in it. Each test is one transaction that is rolled back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from circletime.core import time
from circletime.pages.family_codes import answer_code_asks
from circletime.people.models import Adult, Household, Pupil
from tests.documents.papers import Papers
from tests.fake_media import FakeMedia
from tests.web.visits import HOME, Visits
from tests.world import World, make_world


@pytest.fixture
def world(db: None, media: FakeMedia, monkeypatch: pytest.MonkeyPatch) -> World:
    """The clock is the world's."""
    made = make_world(media, pupils=6)
    monkeypatch.setattr(time, "now", lambda: made.now)
    return made


@pytest.fixture
def visits(world: World) -> Iterator[Visits]:
    cache.clear()
    yield Visits(world)


@pytest.fixture
def papers(world: World) -> Papers:
    return Papers(world)


@dataclass
class Home:
    """The families of a world, at their doors."""

    world: World
    visits: Visits
    mail: Path

    def adult(self, child: str, number: int = 0) -> Adult:
        """An adult of a child's household; made where there is none."""
        household = self.household(child)
        while household.adults.count() <= number:
            count = household.adults.count()
            household.adults.create(
                name=f"Adult {count} of {child}", email=f"{child.lower()}{count}@home.example"
            )
        return household.adults.order_by("pk")[number]

    def household(self, child: str) -> Household:
        return self.world.pupil(child).households.earliest("pk")

    def by_link(self, child: str) -> Client:
        """A browser that opened the link of this child's household."""
        client = self.visits.browser()
        answer = client.get(reverse("family", args=[self.visits.link_of(self.household(child))]))
        assert answer.status_code == 302, answer
        return client

    def by_link_of(self, pupil: Pupil) -> Client:
        """The same for a child whose name is another one by now."""
        client = self.visits.browser()
        client.get(reverse("family", args=[self.visits.link_of(pupil.households.get())]))
        return client

    def ask(self, email: str, client: Client | None = None, place: str = HOME) -> Client:
        """A browser that waits for a code to this address."""
        client = client or self.visits.browser(place)
        answer = client.post(reverse("family-sign-in"), {"email": email})
        assert answer["Location"] == reverse("family-code"), answer.content.decode()
        return client

    def codes(self) -> list[str]:
        """The codes that the worker mails now, the oldest first."""
        before = set(self.mail.glob("*.eml"))
        answer_code_asks()
        texts = [
            path.read_text()
            for path in sorted(set(self.mail.glob("*.eml")) - before, key=lambda one: one.stat().st_mtime_ns)
        ]
        return [re.findall(r"^\d{5} \d{5}$", text, re.MULTILINE)[0] for text in texts]

    def type(self, client: Client, code: str) -> Any:
        return client.post(reverse("family-code"), {"code": code})

    def by_code(self, adult: Adult, place: str = HOME) -> Client:
        """A browser that signed in with a code mailed to this adult."""
        client = self.ask(adult.email, place=place)
        (code,) = self.codes()
        answer = self.type(client, code)
        assert answer["Location"] == reverse("family-home"), answer.content.decode()
        return client


@pytest.fixture
def home(world: World, visits: Visits, settings: Any, tmp_path: Path) -> Home:
    settings.EMAIL_BACKEND = "circletime.pages.mailfolder.FolderBackend"
    settings.MAIL_FOLDER = tmp_path / "mail"
    Adult.objects.update(language="en")
    return Home(world, visits, settings.MAIL_FOLDER)
