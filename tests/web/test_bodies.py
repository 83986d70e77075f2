"""A request that brings more than its page takes is turned away before it is written down."""

from typing import Any

import pytest
from django.urls import reverse

from circletime.oversight.rules.reports import LARGEST_REPORT
from circletime.pages.bodies import LARGEST, LARGEST_UPLOAD, LimitedBodies, largest_at
from circletime.people.roster.reading import LARGEST_FILE
from tests.waiting import run

PIECE = 64 * 1024


class Sender:
    """A client that sends piece after piece, and would never stop by itself."""

    def __init__(self, pieces: int, announced: int | None = None) -> None:
        self.left, self.sent, self.answer = pieces, 0, b""
        self.status = 0
        self.headers = [] if announced is None else [(b"content-length", str(announced).encode())]

    async def give(self) -> dict[str, Any]:
        self.left -= 1
        self.sent += PIECE
        return {"type": "http.request", "body": b"x" * PIECE, "more_body": self.left > 0}

    async def take(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.answer += message.get("body", b"")

    def post(self, path: str) -> list[bytes]:
        """Send it; answers what the pages behind were handed."""
        read: list[bytes] = []

        async def pages(scope: Any, receive: Any, send: Any) -> None:
            more = True
            while more:
                message = await receive()
                read.append(message["body"])
                more = message["more_body"]
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"taken"})

        scope = {"type": "http", "path": path, "headers": self.headers}

        async def ask() -> None:
            await LimitedBodies(pages)(scope, self.give, self.take)

        run(ask)
        return read


def test_an_endless_body_is_cut_off_at_the_limit() -> None:
    sender = Sender(pieces=10**9)
    read = sender.post("/join/")
    assert sender.status == 413 and b"Nothing was changed" in sender.answer
    assert sum(map(len, read)) <= LARGEST and sender.sent <= LARGEST + PIECE


def test_one_that_announces_too_much_is_not_read_at_all() -> None:
    sender = Sender(pieces=1, announced=LARGEST + 1)
    assert sender.post("/join/") == [] and sender.status == 413 and sender.sent == 0


@pytest.mark.parametrize("announced", [None, 10])
def test_one_that_is_small_or_says_so_goes_through(announced: int | None) -> None:
    sender = Sender(pieces=2, announced=announced)
    assert len(sender.post("/join/")) == 2 and sender.answer == b"taken"


def test_the_pages_that_take_files_take_the_files_they_promise() -> None:
    for path in (reverse("roster"), reverse("report-check"), reverse("policy-edit", args=["behaviour"])):
        assert largest_at(path) == LARGEST_UPLOAD > max(LARGEST_FILE, LARGEST_REPORT)
    for name in ("join", "account_login", "language"):
        assert largest_at(reverse(name)) == LARGEST
