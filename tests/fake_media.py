"""LiveKit's room service in memory: rooms, who is in them, and with which rights.

It can be made to fail, as a media server that is down. `watch` is called after every change, so that
a test can look at every instant and not only at the end.
"""

from collections.abc import Callable

import pytest

from circletime.media import livekit
from circletime.media.livekit import MediaError, Participant
from circletime.media.rules import Rights


class FakeMedia:
    """Rooms by name, participants by identity."""

    def __init__(self) -> None:
        self.rooms: dict[str, dict[str, Rights]] = {}
        self.failing = False
        self.watch: Callable[[], None] = lambda: None

    def _ask(self) -> None:
        if self.failing:
            raise MediaError("The media server is not answering.")

    def create_room(self, room: str) -> None:
        self._ask()
        self.rooms.setdefault(room, {})

    def delete_room(self, room: str) -> None:
        self._ask()
        self.rooms.pop(room, None)

    def list_rooms(self) -> list[str]:
        self._ask()
        return list(self.rooms)

    def list_participants(self, room: str) -> list[Participant]:
        self._ask()
        return [Participant(who, "", rights, 0) for who, rights in self.rooms.get(room, {}).items()]

    def set_rights(self, room: str, identity: str, rights: Rights) -> bool:
        self._ask()
        if identity not in self.rooms.get(room, {}):
            return False
        self.rooms[room][identity] = rights
        self.watch()
        return True

    def remove(self, room: str, identity: str) -> None:
        self._ask()
        self.rooms.get(room, {}).pop(identity, None)

    def join(self, room: str, identity: str, rights: Rights) -> bool:
        """A browser's connection with a token of these rights; False when there is no such room."""
        if room not in self.rooms:
            return False
        self.rooms[room][identity] = rights
        self.watch()
        return True

    def part(self, room: str, identity: str) -> None:
        """A browser's connection ends."""
        self.rooms.get(room, {}).pop(identity, None)


NAMES = ("create_room", "delete_room", "list_rooms", "list_participants", "set_rights", "remove")


def install(fake: FakeMedia, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the fake in LiveKit's place."""
    for name in NAMES:
        monkeypatch.setattr(livekit, name, getattr(fake, name))
