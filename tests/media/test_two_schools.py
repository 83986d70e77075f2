"""Two schools on one machine: what keeps them apart, and what does not (ADR 45)."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator

import pytest
from livekit.api import AccessToken
from websockets.exceptions import InvalidStatus

from circletime.media import livekit
from circletime.media.livekit import MediaError, MediaSettings
from circletime.media.rules import Rights
from tests.media.cluster import redis_server
from tests.media.test_livekit import open_line
from tests.recorder import studio as real
from tests.recorder.studio import Studio

pytestmark = [pytest.mark.media, pytest.mark.timeout(60)]

CHILD = Rights(camera=True, microphone=False, screen=False, subscribe=True)
ROOM = "r-0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def schools() -> Iterator[tuple[Studio, Studio]]:
    """A media server, a key and a Redis each."""
    real.build("server", "recorder")
    with redis_server() as one, redis_server() as other:
        with real.studio(one, "larkfield") as larkfield, real.studio(other, "oakmere") as oakmere:
            livekit.configure(oakmere.settings)
            livekit.create_room(ROOM)
            yield larkfield, oakmere


def test_with_a_media_server_each_one_schools_key_is_nothing_to_the_other(
    schools: tuple[Studio, Studio],
) -> None:
    larkfield, oakmere = schools
    livekit.configure(MediaSettings(oakmere.settings.url, larkfield.settings.key, larkfield.settings.secret))
    for ask in (
        livekit.list_rooms,
        lambda: livekit.list_participants(ROOM),
        lambda: livekit.create_room(ROOM),
        lambda: livekit.delete_room(ROOM),
        lambda: livekit.set_rights(ROOM, "amara", CHILD),
    ):
        with pytest.raises(MediaError, match=r"refused .*: 401"):
            ask()
    with pytest.raises(InvalidStatus, match="401"), open_line(oakmere, ROOM, "stranger", CHILD):
        pass


def test_a_room_whose_name_is_known_is_out_of_reach(
    schools: tuple[Studio, Studio],
) -> None:
    larkfield, oakmere = schools
    livekit.configure(oakmere.settings)
    livekit.create_room(ROOM)
    with open_line(oakmere, ROOM, "amara", CHILD):
        livekit.configure(larkfield.settings)
        assert livekit.list_rooms() == []
        with pytest.raises(MediaError):
            livekit.list_participants(ROOM)
        assert not livekit.set_rights(ROOM, "amara", Rights.NONE)
        livekit.remove(ROOM, "amara")
        livekit.delete_room(ROOM)
        with pytest.raises(InvalidStatus), open_line(larkfield, ROOM, "stranger", CHILD):
            pass
        livekit.configure(oakmere.settings)
        assert [(one.identity, one.rights) for one in livekit.list_participants(ROOM)] == [("amara", CHILD)]


def test_what_one_schools_media_server_tells_is_not_believed_by_the_other(
    schools: tuple[Studio, Studio],
) -> None:
    larkfield, oakmere = schools
    body = b'{"event": "participant_left"}'
    token = AccessToken(larkfield.settings.key, larkfield.settings.secret)
    signed = token.with_sha256(b64encode(hashlib.sha256(body).digest()).decode()).to_jwt()
    livekit.configure(larkfield.settings)
    assert livekit.parse_webhook(body, signed).name == "participant_left"
    livekit.configure(oakmere.settings)
    with pytest.raises(MediaError, match="not from our media server"):
        livekit.parse_webhook(body, signed)


def test_two_databases_of_one_redis_do_not_keep_schools_apart(schools: tuple[Studio, Studio]) -> None:
    """Why each school has a Redis too: what its nodes tell each other there knows no database numbers."""
    _, oakmere = schools
    livekit.configure(oakmere.settings)
    livekit.create_room(ROOM)
    with open_line(oakmere, ROOM, "amara", CHILD), real.studio(f"{oakmere.plan.redis}/1", "stranger"):
        assert livekit.list_rooms() == []
        assert [one.name for one in livekit.list_participants(ROOM)] == ["Amara"]


def test_a_key_of_ones_own_does_not_keep_schools_apart_on_one_media_server() -> None:
    """Why each school has a media server: whoever has any key of one sees and ends every room of it."""
    with real.studio() as shared:
        shared.more_keys["other"] = "o" * 40
        shared.server.kill()
        shared.server.wait()
        shared.start_server()
        livekit.create_room(ROOM)
        with open_line(shared, ROOM, "amara", CHILD):
            livekit.configure(MediaSettings(shared.settings.url, "other", "o" * 40))
            assert livekit.list_rooms() == [ROOM]
            assert [one.name for one in livekit.list_participants(ROOM)] == ["Amara"]
            with open_line(shared, ROOM, "stranger", CHILD):
                assert len(livekit.list_participants(ROOM)) == 2
            livekit.delete_room(ROOM)
            assert livekit.list_participants(ROOM) == []
