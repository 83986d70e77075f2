"""What the gate lets a browser say, message by message."""

import base64
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import models as lk
from livekit.protocol import rtc

from circletime.media import policing
from circletime.media.policing import Malformed, Tracks, read_join, read_request, read_response
from circletime.media.rules import Rights

SEEN = Rights(camera=True, microphone=False, screen=False, subscribe=True)
HEARD = Rights(camera=True, microphone=True, screen=False, subscribe=True)


def ask(kind: int, source: int, cid: str = "c1", **size: int) -> bytes:
    track = rtc.AddTrackRequest(cid=cid, type=kind, source=source, **size)
    return rtc.SignalRequest(add_track=track).SerializeToString()


CAMERA = (lk.TrackType.VIDEO, lk.TrackSource.CAMERA)
MICROPHONE = (lk.TrackType.AUDIO, lk.TrackSource.MICROPHONE)


def test_a_camera_passes() -> None:
    assert read_request(ask(*CAMERA), SEEN, Tracks("me"), 0).forward is not None


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        MICROPHONE,
        (lk.TrackType.AUDIO, lk.TrackSource.CAMERA),
        (lk.TrackType.VIDEO, lk.TrackSource.MICROPHONE),
        (lk.TrackType.VIDEO, lk.TrackSource.SCREEN_SHARE),
        (lk.TrackType.AUDIO, lk.TrackSource.UNKNOWN),
        (lk.TrackType.VIDEO, lk.TrackSource.UNKNOWN),
        (lk.TrackType.AUDIO, lk.TrackSource.SCREEN_SHARE_AUDIO),
    ],
)
def test_whatever_a_pupil_may_not_send_is_dropped_and_named(kind: int, source: int) -> None:
    verdict = read_request(ask(kind, source), SEEN, Tracks("me"), 0)
    assert verdict.forward is None
    assert verdict.lies


def test_a_second_camera_is_refused_until_the_first_is_gone() -> None:
    tracks = Tracks("me")
    assert read_request(ask(*CAMERA, cid="a"), SEEN, tracks, 0).forward
    published = rtc.TrackPublishedResponse(cid="a", track=lk.TrackInfo(sid="TR_1"))
    read_response(rtc.SignalResponse(track_published=published).SerializeToString(), tracks)
    assert read_request(ask(*CAMERA, cid="b"), SEEN, tracks, 100).lies == ["Tried to send a second camera"]
    gone = rtc.TrackUnpublishedResponse(track_sid="TR_1")
    read_response(rtc.SignalResponse(track_unpublished=gone).SerializeToString(), tracks)
    assert read_request(ask(*CAMERA, cid="c"), SEEN, tracks, 100).forward


def test_the_server_taking_a_track_away_makes_room_for_the_next() -> None:
    tracks = Tracks("me")
    read_request(ask(*MICROPHONE, cid="a"), HEARD, tracks, 0)
    published = rtc.TrackPublishedResponse(cid="a", track=lk.TrackInfo(sid="TR_1"))
    read_response(rtc.SignalResponse(track_published=published).SerializeToString(), tracks)
    update = rtc.ParticipantUpdate(participants=[lk.ParticipantInfo(identity="me")])
    read_response(rtc.SignalResponse(update=update).SerializeToString(), tracks)
    assert read_request(ask(*MICROPHONE, cid="b"), HEARD, tracks, 1).forward


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1680, 1050), (1000, 300)])
def test_a_screen_shown_as_a_camera_is_noticed(width: int, height: int) -> None:
    assert read_request(ask(*CAMERA, width=width, height=height), SEEN, Tracks("me"), 0).shapes


@pytest.mark.parametrize(("width", "height"), [(640, 360), (480, 640), (1280, 720), (640, 480), (0, 0)])
def test_a_plain_camera_is_not(width: int, height: int) -> None:
    assert not policing.screen_like(width, height)


def test_who_comes_back_after_their_turn_sends_the_rest_as_before() -> None:
    sent = [
        rtc.TrackPublishedResponse(cid=sid, track=lk.TrackInfo(sid=sid, type=kind, source=source))
        for sid, (kind, source) in (("TR_1", CAMERA), ("TR_2", MICROPHONE))
    ]
    data = rtc.SignalRequest(sync_state=rtc.SyncState(publish_tracks=sent)).SerializeToString()
    assert policing.asks_to_send(data)
    for rights, kept in ((SEEN, ["TR_1"]), (HEARD, ["TR_1", "TR_2"]), (Rights.NONE, [])):
        verdict = read_request(data, rights, Tracks("me"), 0)
        assert verdict.forward is not None
        state = rtc.SignalRequest.FromString(verdict.forward).sync_state
        assert [one.track.sid for one in state.publish_tracks] == kept
        assert not verdict.lies


def test_a_change_of_name_is_dropped_and_named() -> None:
    request = rtc.SignalRequest(update_metadata=rtc.UpdateParticipantMetadata(name="Teacher"))
    verdict = read_request(request.SerializeToString(), HEARD, Tracks("me"), 0)
    assert verdict.forward is None
    assert verdict.lies


def test_a_token_is_never_handed_on() -> None:
    assert read_response(rtc.SignalResponse(refresh_token="eyJ").SerializeToString(), Tracks("me")) is None


def told(response: rtc.SignalResponse, relay: str) -> list[str]:
    """The servers that a browser is sent to."""
    passed = read_response(response.SerializeToString(), Tracks("me"), relay)
    assert passed is not None
    read = rtc.SignalResponse.FromString(passed)
    servers = read.join.ice_servers or read.reconnect.ice_servers
    return [url for server in servers for url in server.urls]


@pytest.mark.parametrize("kind", ["join", "reconnect"])
def test_of_all_servers_a_browser_is_told_of_the_schools_own_relay_only(kind: str) -> None:
    """Whatever a media server that others run was configured to say."""
    ours = "turns:turn.larkfield.example:443?transport=tcp"
    servers = [
        rtc.ICEServer(urls=["stun:global.stun.example:3478", "stun:stun1.example.com:3478"]),
        rtc.ICEServer(urls=["turns:turn.elsewhere.example:443?transport=tcp"], username="u", credential="c"),
        rtc.ICEServer(urls=["turns:turn.larkfield.example.evil.example:443?transport=tcp"]),
        rtc.ICEServer(urls=[ours, "stun:stun1.example.com:3478"]),
        rtc.ICEServer(urls=["stun:turn.larkfield.example:443"]),
        rtc.ICEServer(urls=[ours], username="u", credential="c"),
    ]
    body = rtc.JoinResponse if kind == "join" else rtc.ReconnectResponse
    response = rtc.SignalResponse(**{kind: body(ice_servers=servers)})
    assert told(response, "turn.larkfield.example") == [ours]
    assert told(response, "") == []


def packed(request: rtc.JoinRequest) -> str:
    wrapped = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.GZIP, join_request=gzip.compress(request.SerializeToString())
    )
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


def unpacked(text: str) -> rtc.JoinRequest:
    wrapped = rtc.WrappedJoinRequest.FromString(base64.urlsafe_b64decode(text))
    return rtc.JoinRequest.FromString(gzip.decompress(wrapped.join_request))


def test_a_join_request_loses_what_is_untrue_in_it() -> None:
    request = rtc.JoinRequest(
        metadata="{}",
        participant_attributes={"role": "host"},
        add_track_requests=[
            rtc.AddTrackRequest(cid="a", type=CAMERA[0], source=CAMERA[1]),
            rtc.AddTrackRequest(cid="b", type=MICROPHONE[0], source=MICROPHONE[1]),
        ],
    )
    text, resumes, lies = read_join(packed(request), SEEN, Tracks("me"), 0)
    clean = unpacked(text)
    assert not resumes
    assert len(lies) == 2
    assert [one.cid for one in clean.add_track_requests] == ["a"]
    assert not clean.metadata and not clean.participant_attributes


def test_a_join_request_that_swells_is_refused() -> None:
    wrapped = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.GZIP, join_request=gzip.compress(bytes(10_000_000))
    )
    with pytest.raises(Malformed):
        read_join(base64.urlsafe_b64encode(wrapped.SerializeToString()).decode(), SEEN, Tracks("me"), 0)


@given(st.binary(max_size=400))
def test_noise_is_malformed_or_harmless(data: bytes) -> None:
    try:
        read_request(data, SEEN, Tracks("me"), 0)
    except Malformed:
        pass


@given(st.text(max_size=200))
def test_noise_as_a_join_request_is_malformed_or_harmless(text: str) -> None:
    try:
        read_join(text, SEEN, Tracks("me"), 0)
    except Malformed:
        pass
