"""A recording is open to its teacher only when a leader says so, for a time, and to nobody else (T8)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from circletime.audit.models import Row
from circletime.audit.queries import list_kinds
from circletime.core import time
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings.rules import SeatRole, State
from circletime.people.rules import WATCHERS, Role
from circletime.recordings import watching
from circletime.recordings.actions import film as films
from circletime.recordings.actions import openings, viewing
from circletime.recordings.film.cut import Cut
from circletime.recordings.models import Opening, Recording, Viewing
from circletime.recordings.rules import FilmKind, FilmState, can_watch_when_opened
from tests.recordings.school import BEGAN, make_meeting, make_recording, make_seat, put_film
from tests.signing import sign_in


@pytest.fixture
def recording(staff) -> Recording:
    meeting = make_meeting(staff, state=State.ENDED, seconds=600)
    make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    made = make_recording(meeting, [])
    put_film(made.films.get(), bytes(5000))
    return made


def open_it(recording: Recording, staff, who: str = "teacher", days: int = 2, by: str = "slt") -> Opening:
    return openings.open_to_host(
        recording=recording,
        user=staff[who],
        reason="To hear a turn again",
        days=days,
        by=staff[by],
        now=time.now(),
    )


def client_of(user) -> Client:
    client = Client()
    sign_in(client, user)
    return client


def goes_in(user, recording: Recording) -> Client:
    client = client_of(user)
    answer = client.post(reverse("recording", args=[recording.public_id]), {"why": "To hear a turn again"})
    assert answer.status_code == 302
    return client


def every_byte(recording: Recording) -> list[str]:
    """Every address that gives bytes of a film."""
    films_there = [
        reverse("recording-other-film", args=[recording.public_id, f.public_id])
        for f in recording.films.all()
    ]
    return [reverse("recording-film", args=[recording.public_id]), *films_there]


def codes(client: Client, recording: Recording) -> set[int]:
    ranges = ({"Range": "bytes=0-9"}, {"Range": "bytes=2000-2999"}, {"Range": "bytes=-5"}, {})
    return {client.get(address, headers=h).status_code for address in every_byte(recording) for h in ranges}


def test_a_teacher_gets_no_byte_until_it_is_opened_and_then_only_of_this_one(staff, recording):
    other = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
    put_film(other.films.get(), bytes(5000))
    teacher = client_of(staff["teacher"])
    assert codes(teacher, recording) == {403}
    open_it(recording, staff)
    assert codes(teacher, recording) == {403}, "the reason is asked for as of everybody"
    teacher = goes_in(staff["teacher"], recording)
    assert codes(teacher, recording) == {206, 200}
    assert codes(teacher, other) == {403}
    assert teacher.get(reverse("recordings")).status_code == 403
    assert Viewing.objects.get().user == staff["teacher"] and Viewing.objects.get().sent


def test_time_alone_closes_it_at_the_next_byte(staff, recording, monkeypatch):
    opening = open_it(recording, staff, days=1)
    teacher = goes_in(staff["teacher"], recording)
    just = opening.until - timedelta(seconds=1)
    Viewing.objects.update(at=just - timedelta(minutes=5))
    teacher = client_of(staff["teacher"])
    monkeypatch.setattr(time, "now", lambda: just)
    assert codes(teacher, recording) == {206, 200}
    monkeypatch.setattr(time, "now", lambda: opening.until)
    assert codes(teacher, recording) == {403}
    page = reverse("recording", args=[recording.public_id])
    assert teacher.get(page).status_code == 403
    assert teacher.post(page, {"why": "Once more"}).status_code == 403
    assert "recordings.opening.closed" not in list_kinds(recording.subject)


def test_it_is_open_for_as_many_days_as_were_said(staff, recording):
    for days in (1, 7):
        opening = open_it(recording, staff, days=days)
        assert timedelta(0) <= opening.opened_at + timedelta(days=days) - opening.until < timedelta(seconds=5)


def test_time_ends_it_by_the_rule_alone():
    """Whatever the database was asked: at the very moment it is over."""
    teacher = {Role.TEACHER}
    assert can_watch_when_opened(teacher, until=BEGAN, now=BEGAN - timedelta(seconds=1))
    assert not can_watch_when_opened(teacher, until=BEGAN, now=BEGAN)
    assert not can_watch_when_opened(teacher, until=None, now=BEGAN)
    assert not can_watch_when_opened({Role.OFFICE}, until=BEGAN, now=BEGAN - timedelta(seconds=1))


def test_a_leader_closes_it_early_at_the_next_byte(staff, recording):
    opening = open_it(recording, staff)
    teacher = goes_in(staff["teacher"], recording)
    assert codes(teacher, recording) == {206, 200}
    address = reverse("recording-close", args=[recording.public_id, opening.public_id])
    assert teacher.post(address).status_code == 403
    assert client_of(staff["dsl"]).post(address).status_code == 302
    assert codes(teacher, recording) == {403}
    client_of(staff["dsl"]).post(address)
    assert list_kinds(recording.subject).count("recordings.opening.closed") == 1


@pytest.mark.parametrize("who", ["support", "office", "governor", "slt", "dsl"])
def test_it_is_opened_to_nobody_but_who_hosted_it(staff, recording, who):
    with pytest.raises(Refused) as refusal:
        open_it(recording, staff, who)
    assert refusal.value.field == "user" and not Opening.objects.exists()


def test_somebody_who_hosted_it_too_may_be_let_in(staff, recording):
    make_seat(recording.meeting, "Mr Nowak", role=SeatRole.HOST, user=staff["support"])
    open_it(recording, staff, "support")
    assert codes(goes_in(staff["support"], recording), recording) == {206, 200}


@pytest.mark.parametrize("by", ["teacher", "support", "office", "governor"])
def test_nobody_but_leaders_opens_or_closes(staff, recording, by):
    assert not staff[by].roles & WATCHERS
    with pytest.raises(NotAllowed):
        open_it(recording, staff, by=by)
    opening = open_it(recording, staff)
    with pytest.raises(NotAllowed):
        openings.close(opening=opening, by=staff[by], now=time.now())


@pytest.mark.parametrize("days", [None, 0, -1, 8, 10**8])
def test_it_is_never_open_for_longer_than_the_policy_has_it(staff, recording, days):
    with pytest.raises(Refused) as refusal:
        open_it(recording, staff, days=days)
    assert refusal.value.field == "days"


def test_a_host_who_hosts_no_more_gets_nothing(staff, recording):
    open_it(recording, staff)
    teacher = goes_in(staff["teacher"], recording)
    staff["teacher"].rolegrant_set.all().delete()
    assert codes(teacher, recording) == {403}


def test_a_film_that_leaves_people_out_is_not_the_teachers(staff, recording):
    made = films.ask(
        recording=recording, kind=FilmKind.REDACTED, cut=Cut(keep=frozenset()), by="user:1", now=BEGAN
    )
    put_film(made, bytes(5000))
    open_it(recording, staff)
    address = reverse("recording-other-film", args=[recording.public_id, made.public_id])
    assert (
        goes_in(staff["teacher"], recording).get(address, headers={"Range": "bytes=0-9"}).status_code == 404
    )
    assert goes_in(staff["slt"], recording).get(address, headers={"Range": "bytes=0-9"}).status_code == 206


def test_a_film_of_another_recording_is_not_found_under_this_one(staff, recording):
    other = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
    put_film(other.films.get(), bytes(5000))
    open_it(recording, staff)
    teacher = goes_in(staff["teacher"], recording)
    address = reverse("recording-other-film", args=[recording.public_id, other.films.get().public_id])
    assert teacher.get(address, headers={"Range": "bytes=0-9"}).status_code == 404


def test_what_is_not_open_looks_like_what_is_not_there(staff, recording):
    teacher = client_of(staff["teacher"])
    for name in ("recording", "recording-film"):
        theirs, nobodys = (
            teacher.get(reverse(name, args=[each])) for each in (recording.public_id, "x" * 22)
        )
        assert theirs.status_code == nobodys.status_code == 403


def test_both_see_it_and_the_log_names_nobody(staff, recording):
    opening = open_it(recording, staff)
    leader = goes_in(staff["dsl"], recording).get(reverse("recording", args=[recording.public_id]))
    words = leader.content.decode()
    assert f"Close it for {staff['teacher'].name}" in words and "To hear a turn again" in words
    teacher = client_of(staff["teacher"])
    meeting = teacher.get(reverse("meeting", args=[recording.meeting.public_id])).content.decode()
    assert reverse("recording", args=[recording.public_id]) in meeting and staff["slt"].name in meeting
    page = teacher.get(reverse("recording", args=[recording.public_id])).content.decode()
    assert "opened this recording for you until" in page and "Who watched" not in page
    row = Row.objects.get(kind="recordings.opening.made")
    assert opening.public_id in row.data and staff["teacher"].name not in row.data
    assert "turn again" not in row.data


def test_what_was_typed_stays_beside_what_is_wrong(staff, recording):
    leader = goes_in(staff["slt"], recording)
    address = reverse("recording-open", args=[recording.public_id])
    answer = leader.post(
        address, {"user": staff["teacher"].pk, "reason": "To hear a turn again", "days": "30"}
    )
    words = answer.content.decode()
    assert (
        answer.status_code == 400 and "Choose from 1 to 7 days." in words and "To hear a turn again" in words
    )
    for typed in ({}, {"user": "9" * 40}, {"user": "²"}, {"user": staff["teacher"].pk, "days": "x"}):
        assert leader.post(address, typed).status_code == 400
    assert not Opening.objects.exists()


def test_a_recording_that_is_gone_is_opened_to_nobody_and_shown_to_nobody(staff, recording):
    open_it(recording, staff)
    teacher = goes_in(staff["teacher"], recording)
    Recording.objects.filter(pk=recording.pk).update(destroy_on=BEGAN.date())
    assert codes(teacher, recording) == {404}
    with pytest.raises(Refused):
        open_it(recording, staff)
    with pytest.raises(Refused):
        viewing.begin_viewing(recording=recording, why="Once more", by=staff["teacher"], now=BEGAN)


def test_one_persons_film_is_asked_for_once_and_only_of_who_was_there(staff, recording):
    amara = make_seat(recording.meeting, "Amara")
    address = reverse("recording-person", args=[recording.public_id])
    assert client_of(staff["slt"]).post(address, {"person": amara.public_id}).status_code == 403, (
        "no reason yet"
    )
    leader = goes_in(staff["slt"], recording)
    for _ in "ab":
        answer = leader.post(address, {"person": amara.public_id})
        assert answer.status_code == 302
    film = recording.films.get(kind=FilmKind.PERSON)
    assert answer["Location"].endswith(f"?film={film.public_id}")
    assert "<progress" in leader.get(answer["Location"]).content.decode()
    assert leader.get(answer["Location"], headers={"Accept": "application/json"}).json()["state"] == "waiting"
    put_film(film, bytes(3000))
    assert film.state == FilmState.READY
    page = leader.get(answer["Location"]).content.decode()
    assert reverse("recording-other-film", args=[recording.public_id, film.public_id]) in page
    assert "Amara alone" in page
    assert leader.post(address, {"person": "somebody"}).status_code == 404
    assert leader.post(address, {"person": ""})["Location"] == reverse(
        "recording", args=[recording.public_id]
    )
    assert not watching.list_open(recording, BEGAN)
