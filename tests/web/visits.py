"""What people do with a browser, and the objects the addresses of the program need."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from circletime.meetings.actions import door, lifecycle
from circletime.meetings.models import Meeting, Seat
from circletime.people.models import Household, Pupil, User
from tests.signing import sign_in
from tests.world import World, family_link

HOME = "203.0.113.7"
"""An address of the network a family is at."""


@dataclass
class Visits:
    """Browsers in a world."""

    world: World

    def browser(self, address: str = HOME, **options: Any) -> Client:
        return Client(REMOTE_ADDR=address, **options)

    def signed_in(self, user: User, **options: Any) -> Client:
        client = self.browser("198.51.100.1", **options)
        sign_in(client, user)
        return client

    def by_role(self, role: str) -> Client:
        return self.signed_in(self.world.staff[role])

    def class_door(self, client: Client, class_id: str = "", password: str = "", **options: Any) -> Any:
        """Type class ID and password; Oak's own unless told."""
        self.world.oak.refresh_from_db()
        typed = {
            "class_id": class_id or self.world.oak.join_id,
            "password": password or self.world.oak.password,
        }
        return client.post(reverse("join"), typed, **options)

    def ask(self, client: Client, name: str, last_name: str = "", grown_up: str = "yes") -> Any:
        """Type a first name and ask to join."""
        typed = {"name": name, "last_name": last_name, "grown_up": grown_up}
        return client.post(reverse("join-name"), typed)

    def waiting(self, name: str, client: Client | None = None) -> tuple[Client, Seat]:
        """A child's browser in the waiting room."""
        client = client or self.browser()
        assert self.class_door(client).status_code == 302
        answer = self.ask(client, name)
        assert answer.status_code == 302, answer.content.decode()
        return client, Seat.objects.get(public_id=answer["Location"].rsplit("/", 1)[1])

    def let_in(self, name: str, host: Seat) -> tuple[Client, Seat]:
        """A child's browser in the room."""
        client, seat = self.waiting(name)
        door.admit(by=host, seat_id=seat.public_id, now=self.world.now)
        self.world.connect(seat)
        return client, Seat.objects.get(pk=seat.pk)

    def open_meeting(self, **plan: Any) -> Meeting:
        """A meeting whose waiting room is open, started by nobody yet."""
        meeting = self.world.plan(**plan)
        lifecycle.open_waiting_room(meeting=meeting, by="test", now=self.world.now)
        return self.world.fresh(meeting)

    def planned(self, hours: float = 24, **plan: Any) -> Meeting:
        """A meeting of another day."""
        now, self.world.now = self.world.now, self.world.now + timedelta(hours=hours)
        meeting = self.world.plan(**plan)
        self.world.now = now
        return meeting

    def link_of(self, household: Household) -> str:
        return family_link(household, self.world.now)

    def family_of(self, pupil: Pupil) -> Household:
        return pupil.households.get()
