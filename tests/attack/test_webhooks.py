"""What says that it comes from the media server: noise, lies, and its own signature under nonsense."""

import base64
import hashlib
import json
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from livekit.api import AccessToken

from circletime.audit.queries import head
from circletime.media import livekit
from circletime.media.livekit import MediaSettings
from circletime.meetings.models import Meeting
from tests.attack.amount import inputs, thrown
from tests.attack.browsers import light
from tests.web.visits import Visits
from tests.world import World

KEY, SECRET = "circletime", "s" * 40
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda each: st.one_of(
        st.lists(each, max_size=3), st.dictionaries(st.text(max_size=8), each, max_size=3)
    ),
    max_leaves=6,
)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "event": st.one_of(JSON, st.just("track_unpublished")),
        "room": st.one_of(JSON, st.fixed_dictionaries({"name": JSON})),
        "participant": st.one_of(JSON, st.fixed_dictionaries({"identity": JSON})),
        "track": st.one_of(JSON, st.fixed_dictionaries({"source": st.one_of(JSON, st.just("SCREEN_SHARE"))})),
    },
)


@pytest.fixture
def hook(world: World, visits: Visits, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Posts to the hook, as nobody in particular; a meeting runs."""
    world.live()
    monkeypatch.setattr(livekit, "settings", lambda: MediaSettings("http://127.0.0.1:1", KEY, SECRET))
    client = light(visits.browser())

    def post(body: bytes, authorization: str) -> int:
        answer = client.post(
            reverse("hooks-livekit"),
            body,
            content_type="application/webhook+json",
            HTTP_AUTHORIZATION=authorization,
        )
        return int(answer.status_code)

    return post


def signature(body: bytes, secret: str = SECRET) -> str:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return str(AccessToken(KEY, secret).with_sha256(digest).to_jwt())


def test_noise_is_nobody(hook: Any) -> None:
    meeting, before = Meeting.objects.get(), head()
    tokens = st.one_of(
        st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=80),
        st.just(signature(b"{}")),
        st.just(signature(b"{}", "t" * 40)),
        st.just("eyJhbGciOiJub25lIn0.eyJpc3MiOiJjaXJjbGV0aW1lIn0."),
    )

    @thrown(inputs(60))
    @given(body=st.one_of(st.binary(max_size=200), st.just(b"[" * 5000), EVENT.map(_written)), token=tokens)
    def throw(body: bytes, token: str) -> None:
        assert hook(body, token) == 401 or body == b"{}"

    throw()
    assert head() == before and Meeting.objects.get() == meeting


def test_signed_nonsense_changes_nothing(hook: Any) -> None:
    """The media server itself, gone mad: still no error, and nobody's meeting is another."""
    before = head()

    @thrown(inputs(60))
    @given(st.one_of(EVENT, JSON))
    def throw(event: Any) -> None:
        body = _written(event)
        assert hook(body, signature(body)) in (204, 401)

    throw()
    deep = b'{"event":' * 3000
    assert hook(deep, signature(deep)) == 401
    assert head() == before and Meeting.objects.get().state == "live"


def _written(event: Any) -> bytes:
    return json.dumps(event).encode()
