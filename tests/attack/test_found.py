"""What the fuzzer, or whoever read the code for it, found once: each stays mended."""

import asyncio
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.audit import verify_log
from circletime.meetings.models import Seat
from circletime.pages.asgi import build
from circletime.recordings.spans import read_told
from tests.waiting import run
from tests.web.visits import Visits
from tests.world import World


@pytest.fixture
def child(world: World, visits: Visits) -> tuple[Client, Seat]:
    _, host = world.live()
    return visits.let_in("Amara", host)


def press(client: Client, seat: Seat, verb: str, body: bytes) -> Any:
    address = reverse("room-command", args=[seat.public_id, verb])
    return client.post(address, body, content_type="application/json")


@pytest.mark.parametrize("text", ["\\ud800", "half \\udfff", "\\u0000"])
def test_half_a_character_is_not_understood(child: tuple[Client, Seat], text: str) -> None:
    """JSON can carry what no database takes; it was an error of ours."""
    client, seat = child
    body = f'{{"kind": "{text}", "detail": "{text}"}}'.encode()
    answer = press(client, seat, "notice", body)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "malformed"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"up":' * 30_000])
def test_what_is_nested_too_deep_is_not_understood(child: tuple[Client, Seat], body: bytes) -> None:
    client, seat = child
    assert press(client, seat, "hand", body).status_code == 400


@pytest.mark.parametrize("told", ["[" * 20_000, f"[[0, {'9' * 400}]]", "[[0, 1e999]]", "[[NaN, 1]]"])
def test_a_number_beyond_all_is_no_span(told: str) -> None:
    """The page that takes them answers 400 to each of these."""
    with pytest.raises((ValueError, RecursionError, OverflowError)):
        read_told(told)


@pytest.mark.parametrize(
    "path, origin",
    [
        ("/nothing", "http://localhost"),
        ("/live/x", "http://[::1"),
        ("/live/x", "http://localhost:99999"),
        ("/rtc", "http://[::1"),
    ],
)
def test_a_socket_that_is_none_is_closed_and_no_error(path: str, origin: str) -> None:
    """Anybody could write a traceback into the log by asking for one."""
    told: list[dict[str, Any]] = []

    async def act() -> None:
        says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        says.put_nowait({"type": "websocket.connect"})

        async def hear(message: dict[str, Any]) -> None:
            told.append(message)

        headers = [(b"host", b"localhost"), (b"origin", origin.encode())]
        scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b""}
        await build(None)(scope, says.get, hear)

    run(act)
    assert [each["type"] for each in told] == ["websocket.close"]


class TestZeroBytes:
    """PostgreSQL takes none, and would have made an error of ours of each."""

    def test_they_are_left_out_of_forms(self, world: World, visits: Visits) -> None:
        visits.open_meeting()
        typed = {
            "class_id": f"{world.oak.join_id[:3]}\0{world.oak.join_id[3:]}",
            "password": world.oak.password,
        }
        assert visits.browser().post(reverse("join"), typed)["Location"] == reverse("join-name")
        office = visits.by_role("office")
        assert office.post(
            reverse("people-class-new"), {"verb": "add", "name\0": "x", "name": "Pl\0um", "year": "3"}
        )
        assert world.oak.__class__.objects.filter(name="Plum").exists()

    def test_and_of_what_is_asked_for(self, world: World, visits: Visits) -> None:
        page = visits.by_role("office").get(reverse("people"), {"q": "Am\0ara"})
        assert page.status_code == 200 and b"\0" not in page.content

    def test_an_address_with_one_is_nowhere(self, world: World, visits: Visits) -> None:
        assert visits.by_role("dsl").get("/meetings/%00/").status_code == 404
        assert visits.browser().get("/f/%00").status_code == 404


@pytest.mark.parametrize("read", [verify_log.read_letter, lambda text: verify_log.check_export([text])])
def test_a_file_without_a_bottom_is_broken(read: Any) -> None:
    import base64

    deep = "[" * 50_000
    packed = base64.b64encode(json.dumps({"text": deep, "signature": "00"}).encode()).decode()
    for text in (deep, f"{verify_log.BEGIN}\n{packed}\n{verify_log.END}"):
        with pytest.raises(verify_log.Broken):
            read(text)
