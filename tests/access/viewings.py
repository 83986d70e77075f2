"""A request whose film is approved, and the two browsers of its viewing."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from circletime.access.actions import invitations, redaction
from circletime.access.actions import viewing as actions
from circletime.access.models import Case, CaseRecording, Invitation, ViewingSession
from circletime.people.models import RoleGrant, User
from circletime.recordings.film.render import render
from circletime.recordings.film.script import Script, Track
from circletime.recordings.models import Film
from tests.access.conftest import ASKED
from tests.recordings.plant import colour_at
from tests.recordings.school import put_film
from tests.recordings.tracks import picture, tone

SECONDS = 30
STARTS = ASKED + timedelta(days=2)


@dataclass
class Clock:
    """The moment it is, for everything that asks."""

    now: datetime = ASKED

    def later(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now

    def __call__(self) -> datetime:
        return self.now


@cache
def film_bytes() -> bytes:
    """A real film whose colour and tone tell the time."""
    data = {"v": picture(SECONDS, colour_at), "a": tone(SECONDS, 440)}
    tracks = tuple(
        Track("a", source, Path(n), 0, SECONDS) for n, source in (("v", "camera"), ("a", "microphone"))
    )
    rest = io.BytesIO()
    script = Script(0, SECONDS, "A film", "Europe/London", tracks, {"a": "Amara"})
    made = render(script, lambda path: io.BytesIO(data[path.name]), rest, lambda _: None)
    return made.head + rest.getvalue()


def second_leader() -> User:
    """Another senior leader."""
    user = User.objects.create(email="second.leader@example.org", name="Mr Quill")
    RoleGrant.objects.create(user=user, role="slt")
    return user


def make_film(row: CaseRecording, by: User, now: datetime) -> Film:
    """Have the film made, and put a real one where the worker would."""
    film = redaction.make(case_recording=row, by=by, now=now)
    put_film(film, film_bytes())
    return film


def invite(case: Case, leader: User, now: datetime, starts_at: datetime = STARTS) -> Invitation:
    invitations.invite(
        case=case,
        starts_at=starts_at,
        minutes=30,
        where="online",
        place="",
        leader=leader,
        by=leader,
        now=now,
    )
    return Invitation.objects.filter(case=case).latest("pk")


@dataclass
class Viewing:
    """A viewing and its two browsers."""

    invitation: Invitation
    row: CaseRecording
    film: Film
    leader: Client
    parent: Client
    clock: Clock
    secret: str = ""

    @property
    def session(self) -> ViewingSession:
        return ViewingSession.objects.select_related("invitation__case", "showing").get(
            invitation=self.invitation
        )

    def address(self, name: str, *more: Any) -> str:
        return reverse(name, args=[self.invitation.public_id, *more])

    def post(self, what: str, client: Client | None = None, **form: Any) -> Any:
        return (client or self.leader).post(self.address(f"supervised-{what}"), form)

    def say(
        self, at: float = 0, *, playing: bool = False, client: Client | None = None, recording: str = ""
    ) -> Any:
        """What the leader's page says every two seconds."""
        form = {"recording": recording or self.row.recording.public_id, "at": at}
        return self.post("here", client, **form, playing="yes" if playing else "no")

    def link(self) -> str:
        leader = User.objects.get(pk=self.invitation.leader_id)
        self.secret = actions.make_link(invitation=self.invitation, by=leader, now=self.clock.now)
        return self.secret

    def see(self, client: Client | None = None) -> Any:
        return (client or self.parent).get(reverse("see", args=[self.secret]))

    def bind(self, client: Client | None = None) -> Any:
        return (client or self.parent).post(reverse("see", args=[self.secret]))

    def state(self, client: Client | None = None) -> str:
        return str((client or self.parent).get(reverse("see-state", args=[self.secret])).json()["light"])

    def piece(self, number: int = 0, client: Client | None = None, film: str = "", **more: Any) -> Any:
        address = reverse("see-piece", args=[self.secret, film or self.film.public_id, number])
        return (client or self.parent).get(address, **more)

    def begin(self) -> None:
        """Both are there, at the beginning of the film."""
        self.clock.now = self.invitation.starts_at
        self.link()
        assert self.bind().status_code == 302
        assert self.post("open").status_code == 302
        assert self.say().status_code == 200
        assert self.state() == "on"
