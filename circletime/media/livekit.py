"""The media server's own interface, in plain values. The only module that speaks to LiveKit's API.

Calls are synchronous, so that actions and the worker stay plain code; one kept-alive connection
makes a call cost about a millisecond. Grants and permissions are always written out whole, because
LiveKit's defaults are "allowed" and an omitted list of sources means every source.
"""

import datetime
import hashlib
import json
import time
from base64 import b64decode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
from google.protobuf.message import Message
from livekit.api import AccessToken, TokenVerifier, VideoGrants
from livekit.protocol import models as lk
from livekit.protocol import room as lk_room

from circletime.core import spans
from circletime.media.rules import Rights

TIMEOUT = 2.0
"""Seconds for one call, however many nodes are asked."""
CONNECTS_WITHIN = 0.5
LOOKS_WITHIN = 1.5
LONGEST_WEBHOOK = 256 * 1024
RECORDER = "recorder"
"""The identity of the hidden participant that records."""

Answer = TypeVar("Answer", bound=Message)


class MediaError(Exception):
    """The media server did not do what it was asked; the text says what, in plain words."""


@dataclass(frozen=True)
class MediaSettings:
    """Where the media server is and how to sign what it is told.

    `others` are the addresses of further nodes of one cluster, which are asked when `url` does not
    answer. `relay` is the name of the school's own relay, or "".
    """

    url: str
    key: str
    secret: str
    others: tuple[str, ...] = ()
    relay: str = ""


@dataclass(frozen=True)
class Track:
    """Something that is sent into a room. `width` and `height` are what the client said."""

    sid: str
    source: str
    width: int
    height: int


@dataclass(frozen=True)
class Participant:
    """Somebody in a room, as the media server sees them."""

    identity: str
    name: str
    rights: Rights
    joined_at: int
    tracks: tuple[Track, ...] = field(default=())


@dataclass(frozen=True)
class WebhookEvent:
    """One event that the media server told and signed. `source` is set for events about a track."""

    name: str
    room: str
    identity: str
    source: str


_settings: MediaSettings | None = None
_client: httpx.Client | None = None
_answered = ""


def configure(settings: MediaSettings) -> None:
    """Say once where the media server is."""
    global _settings, _client, _answered
    _settings = settings
    _client = httpx.Client()
    _answered = settings.url


def addresses() -> list[str]:
    """Where to ask, in this order: the node that answered last, then every other."""
    every = [settings().url, *settings().others]
    return sorted(every, key=lambda url: url != _answered)


def answers(url: str) -> None:
    """Tell that the node at `url` has answered: it is asked first from now on."""
    global _answered
    _answered = url


def settings() -> MediaSettings:
    """What `configure` was told."""
    if _settings is None:
        raise MediaError("The media server was not configured.")
    return _settings


SOURCES = {
    "camera": lk.TrackSource.CAMERA,
    "microphone": lk.TrackSource.MICROPHONE,
    "screen": lk.TrackSource.SCREEN_SHARE,
    "screen_audio": lk.TrackSource.SCREEN_SHARE_AUDIO,
}
_GRANT_NAMES = {
    "camera": "camera",
    "microphone": "microphone",
    "screen": "screen_share",
    "screen_audio": "screen_share_audio",
}


def sources(rights: Rights) -> list[str]:
    """What may be sent, as keys of `SOURCES`. Sound of a shared screen goes with the microphone's right."""
    wanted = [name for name in ("camera", "microphone", "screen") if getattr(rights, name)]
    if rights.screen and rights.microphone:
        wanted.append("screen_audio")
    return wanted


def grants(room: str, rights: Rights, *, hidden: bool = False) -> VideoGrants:
    """A connection's grants, every one written out."""
    allowed = sources(rights)
    return VideoGrants(
        room_create=False,
        room_list=False,
        room_record=False,
        room_admin=False,
        room_join=True,
        room=room,
        destination_room="",
        can_publish=bool(allowed),
        can_subscribe=rights.subscribe,
        can_publish_data=False,
        can_publish_sources=[_GRANT_NAMES[name] for name in allowed],
        can_update_own_metadata=False,
        ingress_admin=False,
        hidden=hidden,
        recorder=False,
        agent=False,
        can_manage_agent_session=False,
        can_subscribe_metrics=False,
    )


def permission(rights: Rights) -> lk.ParticipantPermission:
    """A participant's permission, whole: LiveKit replaces the set, and what is omitted is off."""
    allowed = sources(rights)
    return lk.ParticipantPermission(
        can_subscribe=rights.subscribe,
        can_publish=bool(allowed),
        can_publish_data=False,
        can_publish_sources=[SOURCES[name] for name in allowed],
        hidden=False,
        recorder=False,
        can_update_metadata=False,
        agent=False,
        can_subscribe_metrics=False,
        can_manage_agent_session=False,
    )


def rights_of(given: lk.ParticipantPermission) -> Rights:
    """A permission read back. An empty list of sources with `can_publish` is every source."""
    allowed: set[int] = set(given.can_publish_sources) or set(SOURCES.values())
    if not given.can_publish:
        allowed = set()
    return Rights(
        camera=lk.TrackSource.CAMERA in allowed,
        microphone=lk.TrackSource.MICROPHONE in allowed,
        screen=lk.TrackSource.SCREEN_SHARE in allowed,
        subscribe=given.can_subscribe,
    )


def make_token(
    room: str,
    identity: str,
    name: str,
    rights: Rights,
    *,
    hidden: bool = False,
    ttl: datetime.timedelta = datetime.timedelta(minutes=1),
) -> str:
    """A token for one connection. It stays inside the gate or the recorder; no browser holds one."""
    where = settings()
    token = AccessToken(where.key, where.secret).with_identity(identity).with_name(name).with_ttl(ttl)
    return str(token.with_grants(grants(room, rights, hidden=hidden)).to_jwt())


def create_room(room: str) -> None:
    """Make the room, or leave it as it is when it is there.

    `empty_timeout` is longer than any meeting: only we end a room, never its emptiness.
    """
    request = lk_room.CreateRoomRequest(
        name=room, empty_timeout=3600, departure_timeout=3600, max_participants=120
    )
    _call("CreateRoom", request, lk.Room, VideoGrants(room_create=True))


def delete_room(room: str) -> None:
    """Put everybody out and delete the room. A room that is not there is fine."""
    request = lk_room.DeleteRoomRequest(room=room)
    _call(
        "DeleteRoom", request, lk_room.DeleteRoomResponse, VideoGrants(room_create=True), absent_is_fine=True
    )


def list_rooms() -> list[str]:
    """The names of all rooms there are."""
    answer = _call(
        "ListRooms", lk_room.ListRoomsRequest(), lk_room.ListRoomsResponse, VideoGrants(room_list=True)
    )
    return [room.name for room in answer.rooms] if answer is not None else []


def list_participants(room: str, within: float = TIMEOUT) -> list[Participant]:
    """Everybody in the room, the hidden recorder among them; nobody when there is no such room."""
    answer = _call(
        "ListParticipants",
        lk_room.ListParticipantsRequest(room=room),
        lk_room.ListParticipantsResponse,
        VideoGrants(room_admin=True, room=room),
        absent_is_fine=True,
        within=within,
    )
    return [_participant(one) for one in answer.participants] if answer is not None else []


def set_rights(room: str, identity: str, rights: Rights) -> bool:
    """Give a participant exactly these rights; False when they are not in the room."""
    request = lk_room.UpdateParticipantRequest(room=room, identity=identity, permission=permission(rights))
    admin = VideoGrants(room_admin=True, room=room)
    try:
        return _call("UpdateParticipant", request, lk.ParticipantInfo, admin, absent_is_fine=True) is not None
    except MediaError:
        if _is_there(room, identity):
            raise
        return False


def remove(room: str, identity: str) -> None:
    """Put one participant out. One who is not there is fine."""
    request = lk_room.RoomParticipantIdentity(room=room, identity=identity)
    admin = VideoGrants(room_admin=True, room=room)
    try:
        _call("RemoveParticipant", request, lk_room.RemoveParticipantResponse, admin, absent_is_fine=True)
    except MediaError:
        if _is_there(room, identity):
            raise


def _is_there(room: str, identity: str) -> bool:
    # Who was on a node that died stays in the nodes' common memory, and an order for them is never answered.
    # The node that has the room now knows better, and without its word nothing is taken for done.
    return any(one.identity == identity for one in list_participants(room, within=LOOKS_WITHIN))


def parse_webhook(body: bytes, authorization: str) -> WebhookEvent:
    """An event that the media server really sent: its signature and the hash of the body hold.

    Raises `MediaError` for anything else.
    """
    if len(body) > LONGEST_WEBHOOK:
        raise MediaError("The event is too long.")
    where = settings()
    try:
        claims = TokenVerifier(where.key, where.secret).verify(authorization)
        if not claims.sha256 or b64decode(claims.sha256) != hashlib.sha256(body).digest():
            raise MediaError("The event was not signed for this text.")
        event = json.loads(body)
        track = event.get("track") or {}
        return WebhookEvent(
            name=str(event.get("event", "")),
            room=str((event.get("room") or {}).get("name", "")),
            identity=str((event.get("participant") or {}).get("identity", "")),
            source=str(track.get("source", "")).lower(),
        )
    except MediaError:
        raise
    except Exception as trouble:
        raise MediaError("The event is not from our media server.") from trouble


def _participant(info: lk.ParticipantInfo) -> Participant:
    tracks: Iterable[lk.TrackInfo] = info.tracks
    return Participant(
        identity=info.identity,
        name=info.name,
        rights=rights_of(info.permission),
        joined_at=info.joined_at,
        tracks=tuple(
            Track(track.sid, lk.TrackSource.Name(track.source).lower(), track.width, track.height)
            for track in tracks
        ),
    )


def _call(
    method: str,
    request: Message,
    answer: type[Answer],
    grant: VideoGrants,
    *,
    absent_is_fine: bool = False,
    within: float = TIMEOUT,
) -> Answer | None:
    with spans.span(f"RoomService/{method}", asks=True):
        reply = _ask(method, request, grant, within)
    if reply.status_code == 404 and absent_is_fine:
        return None
    if reply.status_code != 200:
        raise MediaError(f"The media server refused {method}: {reply.status_code}.")
    return answer.FromString(reply.content)


def _ask(method: str, request: Message, grant: VideoGrants, within: float) -> httpx.Response:
    where = settings()
    assert _client is not None  # noqa: S101  set together with the settings
    token = AccessToken(where.key, where.secret).with_ttl(datetime.timedelta(seconds=60)).with_grants(grant)
    headers = {"Authorization": f"Bearer {token.to_jwt()}", "Content-Type": "application/protobuf"}
    path, content = f"/twirp/livekit.RoomService/{method}", request.SerializeToString()
    reply = None
    end = time.monotonic() + within
    for url in addresses():
        left = max(0.1, end - time.monotonic())
        with suppress(httpx.HTTPError):
            # Whatever is asked here may be asked twice, so the next node may be asked after any silence.
            patience = httpx.Timeout(left, connect=min(CONNECTS_WITHIN, left))
            reply = _client.post(url + path, content=content, headers=headers, timeout=patience)
            answers(url)
            break
    if reply is None:
        raise MediaError("The media server is not answering.")
    return reply
