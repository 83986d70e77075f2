"""The room page: whose it is, and what it marks (P3, S2, R6)."""

import html
import json
import re
from typing import Any

from django.test import Client
from django.urls import reverse

from circletime.meetings.models import Seat
from tests.web.visits import Visits
from tests.world import World


def boot(client: Client, seat: Seat) -> dict[str, Any]:
    """What the page is begun with."""
    answer = client.get(reverse("room", args=[seat.public_id]))
    assert answer.status_code == 200
    found = re.search(
        r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', answer.content.decode(), re.S
    )
    assert found is not None
    begun: dict[str, Any] = json.loads(html.unescape(found[1]))
    return begun


def test_the_mark_in_a_room_is_the_viewers_own(world: World, visits: Visits) -> None:
    """No browser can stop a screenshot; each one says on whose screen it was taken, and when."""
    _, host = world.live()
    amara, hers = visits.let_in("Amara", host)
    ben, his = visits.let_in("Ben", host)
    assert boot(amara, hers)["viewer_mark"] == "Amara · Oak · 24 Nov 12:00"
    assert boot(ben, his)["viewer_mark"] == "Ben · Oak · 24 Nov 12:00"


def test_another_browser_gets_no_room(world: World, visits: Visits) -> None:
    _, host = world.live()
    _, hers = visits.let_in("Amara", host)
    ben, _ = visits.let_in("Ben", host)
    for client in (ben, visits.browser(), visits.by_role("teacher")):
        assert client.get(reverse("room", args=[hers.public_id])).status_code == 404
