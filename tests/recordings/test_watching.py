"""Who may watch, what is written down, and how the film's bytes are handed out."""

from datetime import timedelta

import pytest
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from circletime.audit.queries import list_kinds
from circletime.core import time
from circletime.meetings.rules import SeatRole, State
from circletime.people.rules import WATCHERS
from circletime.recordings import keys, queries
from circletime.recordings.actions import film as film_actions
from circletime.recordings.models import Film, Recording, Viewing
from circletime.recordings.rules import BadRange, FilmState, Span, read_range
from circletime.recordings.rules import State as Stands
from tests.recordings.school import BEGAN, give_turn, make_meeting, make_recording, make_seat, put_film
from tests.signing import sign_in
from tests.waiting import run

FILM = bytes(range(256)) * 1200
HEAD = 1000


@pytest.fixture
def recording(staff) -> Recording:
    """A recording whose film is known bytes: what is served must be exactly these."""
    meeting = make_meeting(staff, state=State.ENDED, seconds=600)
    host = make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    give_turn(make_seat(meeting, "Amara"), 65, 80)
    made = make_recording(meeting, [])
    assert host.pk
    put_film(made.films.get(), FILM, head=HEAD)
    return made


def film_of(recording: Recording) -> Film:
    return recording.films.get()


def signed_in(user) -> Client:
    client = Client()
    sign_in(client, user)
    return client


@pytest.fixture
def watcher(staff, recording) -> Client:
    """A senior leader who has said why."""
    client = signed_in(staff["slt"])
    answer = client.post(
        reverse("recording", args=[recording.public_id]), {"why": "A parent asked to see it"}
    )
    assert answer.status_code == 302
    return client


def every_address(recording: Recording) -> list[tuple[str, str]]:
    names = ("recording", "recording-film")
    return [
        ("get", reverse("recordings")),
        *(("get", reverse(name, args=[recording.public_id])) for name in names),
        ("post", reverse("recording", args=[recording.public_id])),
        ("post", reverse("recording-make", args=[recording.public_id])),
        ("get", reverse("recording", args=["x" * 22])),
        ("get", reverse("recording-film", args=["x" * 22])),
    ]


@pytest.mark.parametrize("role", ["teacher", "support", "office", "governor"])
def test_others_get_nothing_and_learn_nothing(staff, recording, role):
    assert not staff[role].roles & WATCHERS
    client = signed_in(staff[role])
    for method, address in every_address(recording):
        answer = getattr(client, method)(address, {"why": "I am curious"} if method == "post" else None)
        assert answer.status_code == 403, address
        assert recording.public_id.encode() not in answer.content
    assert not Viewing.objects.exists()


def test_who_is_not_signed_in_is_sent_to_sign_in(recording):
    for method, address in every_address(recording):
        answer = getattr(Client(), method)(address)
        assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")


def test_what_was_destroyed_long_ago_is_shown_when_it_is_asked_for(staff, recording):
    today = timezone.localtime(time.now()).date()
    for days, shown in ((29, True), (31, False)):
        gone_on = today - timedelta(days=days)
        Recording.objects.update(state=Stands.DESTROYED, destroy_on=gone_on)
        page = signed_in(staff["slt"]).get(reverse("recordings")).content.decode()
        assert ('class="gone"' in page) == shown, days
    page = signed_in(staff["slt"]).get(reverse("recordings"), {"gone": "all"}).content.decode()
    assert 'class="gone"' in page


@pytest.mark.parametrize("role", ["slt", "dsl", "headteacher"])
def test_those_who_may_see_the_list(staff, recording, role):
    page = signed_in(staff[role]).get(reverse("recordings")).content.decode()
    assert "will be destroyed on" in page and "24 December 2026" in page
    assert reverse("recording", args=[recording.public_id]) in page and ">Watch</a>" in page
    assert "10 min" in page


def test_a_reason_is_asked_first_and_kept(staff, recording):
    client, address = signed_in(staff["slt"]), reverse("recording", args=[recording.public_id])
    before = client.get(address).content.decode()
    assert "Why are you watching?" in before and "<video" not in before
    assert client.get(reverse("recording-film", args=[recording.public_id])).status_code == 403
    assert client.post(address, {"why": "  "}).status_code == 400
    assert not Viewing.objects.exists()
    client.post(address, {"why": "Checking a worry of the class teacher"})
    viewing = Viewing.objects.get()
    assert viewing.user == staff["slt"] and viewing.why == "Checking a worry of the class teacher"
    assert "recordings.recording.viewed" in list_kinds(recording.subject)
    after = client.get(address).content.decode()
    assert "<video controls" in after and "Ms Abara" in after
    assert "Amara had a turn" in after and 'data-seconds="65.0"' in after
    assert "<script>" not in after and "style=" not in after


def test_one_persons_reason_is_not_anothers(staff, recording, watcher):
    film = reverse("recording-film", args=[recording.public_id])
    assert watcher.get(film, headers={"Range": "bytes=0-9"}).status_code == 206
    assert signed_in(staff["dsl"]).get(film, headers={"Range": "bytes=0-9"}).status_code == 403


def test_a_role_that_is_taken_away_ends_the_film_at_the_next_piece(staff, recording, watcher):
    film = reverse("recording-film", args=[recording.public_id])
    assert watcher.get(film, headers={"Range": "bytes=0-9"}).status_code == 206
    staff["slt"].rolegrant_set.all().delete()
    assert watcher.get(film, headers={"Range": "bytes=10-19"}).status_code == 403


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        (f"bytes={HEAD - 5}-{HEAD + 5}", HEAD - 5, HEAD + 5),
        (f"bytes={HEAD}-", HEAD, len(FILM) - 1),
        ("bytes=65000-140000", 65000, 140000),
        ("bytes=-10", len(FILM) - 10, len(FILM) - 1),
        (f"bytes=-{len(FILM) * 9}", 0, len(FILM) - 1),
        (f"bytes=5-{10**18}", 5, len(FILM) - 1),
        (f"bytes={len(FILM) - 1}-", len(FILM) - 1, len(FILM) - 1),
    ],
)
def test_a_range_is_answered_exactly(recording, watcher, header, first, last):
    answer = watcher.get(reverse("recording-film", args=[recording.public_id]), headers={"Range": header})
    assert answer.status_code == 206
    assert answer.content == FILM[first : last + 1]
    assert answer["Content-Range"] == f"bytes {first}-{last}/{len(FILM)}"
    assert answer["Cache-Control"] == "no-store" and answer["Content-Disposition"].startswith("inline")
    assert answer["Content-Type"] == "video/mp4" and answer["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("header", [f"bytes={len(FILM)}-", f"bytes={10**18}-{10**18 + 1}", "bytes=-0"])
def test_a_range_behind_the_end_is_416(recording, watcher, header):
    answer = watcher.get(reverse("recording-film", args=[recording.public_id]), headers={"Range": header})
    assert answer.status_code == 416 and answer["Content-Range"] == f"bytes */{len(FILM)}"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes=",
        "bytes=-",
        "bytes=9-5",
        "bytes=a-b",
        "items=0-5",
        "bytes=0-5,10-15",
        "bytes=" + "9" * 5000 + "-",
        "bytes=²-³",
    ],
)
def test_what_is_no_single_range_gets_everything(staff, recording, watcher, header):
    client = AsyncClient()
    client.cookies = watcher.cookies

    async def ask():
        answer = await client.get(
            reverse("recording-film", args=[recording.public_id]), headers={"Range": header} if header else {}
        )
        return answer, b"".join([part async for part in answer.streaming_content])

    answer, body = run(ask)
    assert answer.status_code == 200 and body == FILM and answer["Content-Length"] == str(len(FILM))


def test_a_huge_range_comes_in_pieces(recording, watcher, monkeypatch):
    monkeypatch.setattr("circletime.pages.film_bytes.LONGEST_ANSWER", 1000)
    answer = watcher.get(
        reverse("recording-film", args=[recording.public_id]), headers={"Range": "bytes=500-"}
    )
    assert answer.status_code == 206 and answer.content == FILM[500:1500]
    assert answer["Content-Range"] == f"bytes 500-1499/{len(FILM)}"


def test_ranges_as_the_rfc_has_them():
    assert read_range("bytes=2-", 10) == Span(2, 9)
    assert read_range(" bytes=2-4 ", 10) == Span(2, 4)
    assert read_range("bytes=2-4, 6-7", 10) is None
    with pytest.raises(BadRange):
        read_range("bytes=-5", 0)


def test_progress_is_told_and_a_failed_film_is_made_again(recording, watcher):
    address = reverse("recording", args=[recording.public_id])
    recording.films.update(state=FilmState.MAKING, percent=40)
    told = watcher.get(address, headers={"Accept": "application/json"}).json()
    assert told == {"state": "making", "percent": 40}
    assert "<progress" in watcher.get(address).content.decode()
    assert watcher.get(reverse("recording-film", args=[recording.public_id])).status_code == 404
    recording.films.update(state=FilmState.FAILED, trouble="A part is damaged.")
    assert "Make the film again" in watcher.get(address).content.decode()
    watcher.post(reverse("recording-make", args=[recording.public_id]))
    assert recording.films.get().state == FilmState.WAITING
    assert film_actions.claim_next(BEGAN) is not None


def test_a_damaged_film_is_not_served(recording, watcher):
    path = queries.folder_of(recording.public_id) / film_of(recording).rest_name
    raw = bytearray(path.read_bytes())
    raw[200] ^= 1
    path.write_bytes(raw)
    film = reverse("recording-film", args=[recording.public_id])
    assert watcher.get(film, headers={"Range": "bytes=1000-1010"}).status_code == 500
    assert watcher.get(film, headers={"Range": f"bytes={len(FILM) - 10}-"}).status_code == 206
    count, trouble = queries.vault_verify()
    assert count == 1 and len(trouble) == 1 and film_of(recording).rest_name in trouble[0]


def test_a_missing_and_a_foreign_part_are_named(recording, own_vault):
    assert queries.vault_verify() == (1, [])
    folder = queries.folder_of(recording.public_id)
    (folder / film_of(recording).rest_name).unlink()
    (folder / film_of(recording).head_name).replace(folder / film_of(recording).rest_name)
    (own_vault / "stranger").mkdir()
    trouble = queries.vault_verify()[1]
    assert any(film_of(recording).head_name in line and "missing" in line for line in trouble)
    assert any(film_of(recording).rest_name in line and "changed" in line for line in trouble)
    assert any("stranger" in line for line in trouble)


def test_a_key_file_that_does_not_fit_is_said(recording, settings):
    (settings.KEYS / "vault_kek").unlink()
    assert "missing" in queries.vault_verify()[1][0]
    keys.wrap(keys.new_key(), "another", may_make_file=True)
    assert "is not the one" in queries.vault_verify()[1][0]
