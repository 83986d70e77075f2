"""People of the real installation as programs: a page, its live socket and media's, at whichever process."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.harness import Installation, wait_for


class Someone:
    """A browser. `at` is the address of the process it is at; cookies go with it to another."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.client = httpx.Client(follow_redirects=True, timeout=30)
        self.seat = self.csrf = ""

    def get(self, path: str) -> httpx.Response:
        return self.client.get(self.at + path)

    def post(self, path: str, form: dict[str, Any]) -> httpx.Response:
        """A form of the page at this address, filled in."""
        page = self.get(path)
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found is not None, page.text[:500]
        return self.client.post(self.at + path, data=form | {"csrfmiddlewaretoken": found[1]})

    def opens_the_room(self, answer: httpx.Response) -> None:
        """What the room page says of itself."""
        assert answer.status_code == 200 and "/room/" in answer.url.path, answer.text[:500]
        boot = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', answer.text, re.DOTALL)
        assert boot is not None
        self.seat, self.csrf = answer.url.path.rpartition("/")[2], json.loads(boot[1])["csrf"]

    def presses(self, verb: str, **body: Any) -> httpx.Response:
        """A button of the room."""
        where = f"{self.at}/room/{self.seat}/{verb}"
        return self.client.post(where, json=body, headers={"X-CSRFToken": self.csrf})

    @contextmanager
    def page(self) -> Iterator[ClientConnection]:
        """The live socket of the room page."""
        with self._socket(f"/live/{self.seat}") as line:
            yield line

    @contextmanager
    def media(self) -> Iterator[ClientConnection]:
        """The media socket, through the signal gate; the media server has let it in."""
        with self._socket(f"/rtc?protocol=16&auto_subscribe=1&access_token={self.seat}") as line:
            assert line.recv(timeout=20)
            yield line

    def is_let_in(self) -> bool:
        """Whether the signal gate lets a new connection in."""
        try:
            with self.media():
                return True
        except InvalidStatus:
            return False

    @contextmanager
    def _socket(self, path: str) -> Iterator[ClientConnection]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        where = self.at.replace("http", "ws") + path
        headers = {"Cookie": cookies}
        with connect(where, additional_headers=headers, origin=self.at, max_size=None) as line:  # type: ignore[arg-type]
            yield line


def teacher(at: Installation, base: str) -> Someone:
    """The class's teacher, in the room, whose meeting runs."""
    one = Someone(base)
    known = at.facts["staff"]["teacher"]
    one.post("/accounts/login/", {"login": known["email"], "password": known["password"]})
    where = f"/meetings/{at.facts['meeting']['id']}/"
    boxes = re.findall(r'name="confirmed"[^>]*value="([^"]*)"', one.get(where).text)
    page = one.get(where)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None
    form = {"confirmed": boxes, "csrfmiddlewaretoken": token[1]}
    one.opens_the_room(one.client.post(f"{base}{where}start", data=form))
    return one


def child(at: Installation, base: str, name: str) -> Someone:
    """A child in the waiting room."""
    one = Someone(base)
    one.post("/join/", {"class_id": at.facts["class"]["id"], "password": at.facts["class"]["password"]})
    one.opens_the_room(one.post("/join/name", {"name": name, "grown_up": "on"}))
    return one


def told(line: ClientConnection, what: Any, seconds: float, why: str) -> dict[str, Any]:
    """The first message of a live socket of which `what` is true."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        try:
            message = json.loads(line.recv(timeout=0.2))
        except TimeoutError:
            return False
        if what(message):
            found.append(message)
        return bool(found)

    wait_for(look, seconds, why)
    return found[0]


def closes(line: ClientConnection) -> bool:
    """Whether this socket was closed by the server; what else comes is passed over."""
    try:
        while True:
            line.recv(timeout=0.05)
    except TimeoutError:
        return False
    except ConnectionClosed:
        return True
