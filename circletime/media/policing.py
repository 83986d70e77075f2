"""What a browser may say on the signalling socket, message by message.

LiveKit checks the right to publish a source, but believes the client about what that source is,
how many there are, and what else it sends. Here each message from a browser is read before it is
passed on; what is not needed for a meeting is dropped, and a lie is named.
"""

import base64
import binascii
import gzip
import zlib
from collections.abc import MutableSequence
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError
from livekit.protocol import models as lk
from livekit.protocol import rtc

from circletime.media.livekit import sources
from circletime.media.rules import Rights

LONGEST_JOIN = 256 * 1024
WIDE = 1600
"""Pixels. Children's cameras send 640; a picture this wide is more likely a screen."""
ANSWERED_WITHIN = 10.0
"""Seconds. A request to send that was refused is never answered; after this it may be made again."""
CAMERA_SHAPES = (4 / 3, 16 / 9, 3 / 4, 9 / 16, 1.0, 3 / 2, 2 / 3)

_FITTING = {
    (lk.TrackType.VIDEO, lk.TrackSource.CAMERA): "camera",
    (lk.TrackType.VIDEO, lk.TrackSource.SCREEN_SHARE): "screen",
    (lk.TrackType.AUDIO, lk.TrackSource.MICROPHONE): "microphone",
    (lk.TrackType.AUDIO, lk.TrackSource.SCREEN_SHARE_AUDIO): "screen_audio",
}
# What livekit-client needs for a meeting. Everything else is dropped without a word.
_PASSED = frozenset(
    {
        "offer",
        "answer",
        "trickle",
        "mute",
        "subscription",
        "track_setting",
        "leave",
        "update_layers",
        "ping",
        "ping_req",
        "update_audio_track",
        "update_video_track",
    }
)
_LIES = {
    "update_metadata": "Tried to change its name or details",
    "publish_data_track_request": "Tried to send data",
    "store_data_blob_request": "Tried to send data",
    "simulate": "Tried to disturb the connection",
}


class Malformed(Exception):
    """The message is not the protocol's; the connection is closed."""


@dataclass
class Verdict:
    """What becomes of one message: `forward` (None drops it), its lies, and what looks like a screen.

    `asks`: the media server has to answer it at once.
    """

    forward: bytes | None
    asks: bool = False
    lies: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)


@dataclass
class Tracks:
    """What one connection sends now, by source, as its own requests and the server's answers say."""

    identity: str
    asked: dict[str, tuple[str, float]] = field(default_factory=dict)
    """cid -> source and when it was asked for; not answered yet"""
    live: dict[str, str] = field(default_factory=dict)
    """sid -> source"""

    def holds(self, source: str, now: float) -> bool:
        """Whether something of this source is sent already, or was asked for moments ago."""
        recent = any(kind == source and at > now - ANSWERED_WITHIN for kind, at in self.asked.values())
        return recent or source in self.live.values()


def screen_like(width: int, height: int) -> bool:
    """Whether a picture of this size is shaped like a screen rather than a camera's."""
    if not width or not height:
        return False
    return width >= WIDE or min(abs(width / height - shape) for shape in CAMERA_SHAPES) > 0.08


def check_add_track(
    request: rtc.AddTrackRequest, rights: Rights, tracks: Tracks, now: float
) -> tuple[str | None, str]:
    """The lie in a request to send something, or None; and the source it is for."""
    source = _FITTING.get((request.type, request.source))
    if source is None:
        return "Tried to send something as what it is not", ""
    if source not in sources(rights):
        return f"Tried to send a {source.replace('_', ' ')} without leave", source
    if request.cid not in tracks.asked and tracks.holds(source, now):
        return f"Tried to send a second {source.replace('_', ' ')}", source
    return None, source


def _may_send(track: lk.TrackInfo, rights: Rights) -> bool:
    return _FITTING.get((track.type, track.source)) in sources(rights)


def read_request(data: bytes, rights: Rights, tracks: Tracks, now: float) -> Verdict:
    """Judge one message from a browser; `now` is a monotonic time in seconds. Raises `Malformed`."""
    try:
        request = rtc.SignalRequest.FromString(data)
    except DecodeError as trouble:
        raise Malformed from trouble
    kind = request.WhichOneof("message")
    if kind == "add_track":
        lie, source = check_add_track(request.add_track, rights, tracks, now)
        if lie is not None:
            return Verdict(None, lies=[lie])
        tracks.asked[request.add_track.cid] = (source, now)
        if source == "camera" and screen_like(request.add_track.width, request.add_track.height):
            return Verdict(data, shapes=["The camera's picture has the size or shape of a screen"])
        return Verdict(data)
    if kind == "sync_state":
        # What it sent before its line was lost. LiveKit has taken away what may be sent no more, as the
        # microphone of a turn that ended, and throws out who still names it.
        kept = [one for one in request.sync_state.publish_tracks if _may_send(one.track, rights)]
        del request.sync_state.publish_tracks[:]
        request.sync_state.publish_tracks.extend(kept)
        return Verdict(request.SerializeToString())
    if kind in _PASSED:
        return Verdict(data, asks=kind in ("ping", "ping_req"))
    return Verdict(None, lies=[_LIES[kind]] if kind in _LIES else [])


def read_response(data: bytes, tracks: Tracks, relay: str = "") -> bytes | None:
    """Judge one message from the media server: a token is never handed on, and tracks are counted.

    Of the servers that a browser is to ask on its way it is told of the school's own relay only:
    every other would learn the family's address.
    """
    try:
        response = rtc.SignalResponse.FromString(data)
    except DecodeError:
        return data  # a newer server's message; it is not ours to break
    kind = response.WhichOneof("message")
    if kind == "refresh_token":
        return None
    if kind == "track_published":
        asked = tracks.asked.pop(response.track_published.cid, None)
        if asked is not None:
            tracks.live[response.track_published.track.sid] = asked[0]
    elif kind == "track_unpublished":
        tracks.live.pop(response.track_unpublished.track_sid, None)
    elif kind == "join":
        tracks.asked.clear()
        tracks.live.clear()
        return _only_ours(response, response.join.ice_servers, relay)
    elif kind == "reconnect":
        return _only_ours(response, response.reconnect.ice_servers, relay)
    elif kind == "update":
        _count_own(response.update, tracks)
    return data


def refuses(data: bytes) -> bool:
    """Whether a first answer is a refusal: the connection that is to be resumed is known there no more."""
    try:
        return bool(rtc.SignalResponse.FromString(data).WhichOneof("message") == "leave")
    except DecodeError:
        return False


def _only_ours(response: rtc.SignalResponse, servers: MutableSequence[rtc.ICEServer], relay: str) -> bytes:
    ours = [server for server in servers if relay and all(_is_at(url, relay) for url in server.urls)]
    del servers[:]
    servers.extend(ours)
    return response.SerializeToString()


def _is_at(url: str, relay: str) -> bool:
    # turns:HOST:443?transport=tcp
    scheme, _, rest = url.partition(":")
    return scheme == "turns" and rest.partition("?")[0].rpartition(":")[0] == relay


def _count_own(update: rtc.ParticipantUpdate, tracks: Tracks) -> None:
    # When a right is taken away the server unpublishes by itself, and may say so only here.
    for info in update.participants:
        if info.identity == tracks.identity:
            left = {track.sid for track in info.tracks}
            for sid in [sid for sid in tracks.live if sid not in left]:
                del tracks.live[sid]


def read_join(packed: str, rights: Rights, tracks: Tracks, now: float) -> tuple[str, bool, list[str]]:
    """Judge the request that opens a v1 connection.

    Answers it with everything untrue taken out, whether it resumes an earlier one, and the lies.
    Raises `Malformed` for what is not one, or unpacks to more than `LONGEST_JOIN` bytes.
    """
    try:
        padded = packed + "=" * (-len(packed) % 4)
        wrapped = rtc.WrappedJoinRequest.FromString(base64.urlsafe_b64decode(padded))
        raw = wrapped.join_request
        if wrapped.compression == rtc.WrappedJoinRequest.GZIP:
            raw = _gunzip(raw)
        request = rtc.JoinRequest.FromString(raw)
    except (DecodeError, binascii.Error, ValueError, zlib.error) as trouble:
        raise Malformed from trouble
    lies = []
    if request.metadata or request.participant_attributes:
        lies.append(_LIES["update_metadata"])
        request.metadata = ""
        request.participant_attributes.clear()
    kept = []
    for track in request.add_track_requests:
        lie, source = check_add_track(track, rights, tracks, now)
        if lie is not None:
            lies.append(lie)
            continue
        tracks.asked[track.cid] = (source, now)
        kept.append(track)
    del request.add_track_requests[:]
    request.add_track_requests.extend(kept)
    clean = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.GZIP, join_request=gzip.compress(request.SerializeToString(), 1)
    )
    return base64.urlsafe_b64encode(clean.SerializeToString()).decode(), request.reconnect, lies


def _gunzip(raw: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    plain = unpacker.decompress(raw, LONGEST_JOIN)
    if unpacker.unconsumed_tail:
        raise Malformed
    return plain


def asks_to_send(data: bytes) -> bool:
    """Whether a message is about what is sent, or is to be, for which the rights have to be looked up."""
    # Field 4, `add_track`, and field 12, `sync_state`, are the only messages that start so.
    return data[:1] in (b"\x22", b"\x62")
