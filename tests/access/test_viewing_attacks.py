"""Every way to see a recording that is not the way: each is refused, and nothing is shown (T10)."""

import io
from datetime import timedelta

import av
import pytest
from django.test import Client
from django.urls import reverse

from circletime.access.actions import checks, redaction, stopping
from circletime.access.actions import viewing as actions
from circletime.access.models import (
    Attendance,
    Case,
    CaseRecording,
    Copy,
    Mark,
    Redaction,
    Shown,
    ViewingSession,
)
from circletime.access.queries import redaction as queries
from circletime.access.queries.viewing import account_of
from circletime.audit.queries import list_kinds
from circletime.core import time
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings.rules import SeatRole
from circletime.recordings.actions import retention
from circletime.recordings.film.pieces import LONGEST, LONGEST_PIECE
from circletime.recordings.models import Recording
from circletime.recordings.queries import folder_of
from tests.access.conftest import recorded
from tests.access.viewings import (
    SECONDS,
    STARTS,
    Clock,
    Viewing,
    film_bytes,
    invite,
    make_film,
    second_leader,
)
from tests.recordings.school import BEGAN, make_seat, put_film
from tests.waiting import run


@pytest.fixture(autouse=True)
def clock(monkeypatch, the_day_after) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "now", made)
    return made


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def recording(staff, amara) -> Recording:
    from circletime.people.models import Pupil

    made = recorded(staff, amara, Pupil.objects.filter(first_name="Ben").earliest("pk"), seconds=SECONDS)
    make_seat(made.meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    return made


@pytest.fixture
def row(staff, recording, checked, clock) -> CaseRecording:
    """The recording in a request that has identified it."""
    case = checks.identify(case=checked(), by=staff["slt"], now=clock.now)
    return case.recordings.get()


@pytest.fixture
def film(staff, row, clock):
    """Made by the senior leader, approved by the safeguarding lead."""
    made = make_film(row, staff["slt"], clock.now)
    redaction.approve(case_recording=row, film=made.public_id, by=staff["dsl"], now=clock.now)
    assert Case.objects.get().state == "ready"
    return made


@pytest.fixture
def viewing(staff, row, film, clock) -> Viewing:
    invitation = invite(row.case, staff["slt"], clock.now)
    return Viewing(invitation, row, film, signed_in(staff["slt"]), Client(), clock)


SENT = (200, 204)
"""A piece, or that none begins in that second."""


def dark(viewing: Viewing, number: int = 0, client: Client | None = None) -> bool:
    """Nothing of the film is sent."""
    answer = viewing.piece(number, client)
    return answer.status_code == 404 and not answer.content


# --- the way it is meant ------------------------------------------------------------------------------


def test_a_piece_is_a_second_of_the_film_and_kept_nowhere(viewing):
    viewing.begin()
    answer = next(got for got in map(viewing.piece, (1, 2)) if got.content)
    assert answer.status_code == 200 and answer["Content-Type"] == "video/mp4"
    assert "no-store" in answer["Cache-Control"] and answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "Content-Disposition" not in answer and len(answer.content) < LONGEST_PIECE
    with av.open(io.BytesIO(answer.content)) as container:
        moments = [float(p.pts * p.time_base) for p in container.demux() if p.pts is not None]
    assert moments and all(1 <= at < 2 + LONGEST for at in moments)


def test_what_was_shown_and_who_was_there_is_kept(viewing):
    viewing.begin()
    at = 0.0
    viewing.say(at, playing=True)
    for _ in range(5):
        viewing.clock.later(seconds=2)
        at += 2
        viewing.state()
        assert viewing.say(at, playing=True).json()["viewer"]
    viewing.clock.later(seconds=1)
    viewing.state()
    viewing.say(20)
    assert viewing.post("close").status_code == 302
    account = account_of(viewing.session)
    assert [(row.begins, row.ends) for row in account.shown] == [(0, 11)]
    assert [(row.to_at - row.from_at).total_seconds() for row in account.leader] == [11]
    assert [(row.to_at - row.from_at).total_seconds() for row in account.viewer] == [11]
    case = Case.objects.get()
    assert case.state == "viewed" and case.invitations.get().held_at is not None
    kinds = list_kinds(viewing.session.subject)
    assert kinds[0] == "access.viewing.bound" and kinds[-1] == "access.viewing.closed"
    page = viewing.leader.get(viewing.address("supervised")).content.decode()
    assert "0:00 to 0:11" in page and "Over" in page


def test_what_nobody_could_see_was_not_shown(viewing):
    viewing.clock.now = STARTS
    viewing.post("open")
    viewing.say(0, playing=True)
    viewing.clock.later(seconds=2)
    viewing.say(2, playing=True)
    viewing.post("close")
    assert not Shown.objects.exists() and Case.objects.get().state == "invited"


def test_who_sits_beside_the_leader_is_named_and_checked(viewing):
    viewing.clock.now = STARTS
    viewing.post("open")
    for form, wrong in (
        ({"name": "", "checked": "yes"}, b"Write who is here"),
        ({"name": "Ama Boateng"}, b"Look at"),
    ):
        answer = viewing.post("beside", **form)
        assert answer.status_code == 400 and wrong in answer.content
    assert viewing.post("beside", name="Ama Boateng", checked="yes").status_code == 302
    viewing.say(0, playing=True)
    viewing.clock.later(seconds=2)
    viewing.say(2, playing=True)
    assert Shown.objects.get().ends == 2
    assert b"Ama Boateng" in viewing.leader.get(viewing.address("supervised")).content


# --- before, after, and without the leader --------------------------------------------------------------


def test_before_its_time_the_link_binds_nothing_and_shows_nothing(viewing):
    viewing.link()
    assert b"Watch on this device" not in viewing.see().content
    assert viewing.bind().status_code == 200 and not viewing.session.browser_hash
    assert viewing.post("open").status_code == 409
    assert dark(viewing)


def test_before_the_leader_opens_it_is_dark(viewing):
    viewing.clock.now = STARTS
    viewing.link()
    viewing.bind()
    assert viewing.state() == "waiting" and b"Waiting for the member of staff" in viewing.see().content
    assert dark(viewing)
    viewing.say(0)
    assert viewing.state() == "waiting" and dark(viewing)


def test_a_program_that_looks_at_links_binds_nothing(viewing):
    viewing.clock.now = STARTS
    viewing.link()
    for _ in range(3):
        assert viewing.see(Client()).status_code == 200
    assert not viewing.session.browser_hash
    assert viewing.bind().status_code == 302


@pytest.mark.parametrize(("away", "lit"), [(10.0, True), (10.1, False), (11, False), (3000, False)])
def test_absent_for_ten_seconds_pauses_it_and_refuses_each_byte(viewing, away, lit):
    viewing.begin()
    viewing.say(0, playing=True)
    viewing.clock.later(seconds=away)
    assert (viewing.piece(10).status_code in SENT) == lit
    assert viewing.state() == ("on" if lit else "over" if away > 1800 else "away")


def test_who_comes_back_finds_it_paused(viewing):
    viewing.begin()
    viewing.say(5, playing=True)
    viewing.clock.later(seconds=12)
    back = viewing.say(9, playing=True)
    assert back.json()["playing"] is False
    assert viewing.parent.get(reverse("see-state", args=[viewing.secret])).json()["playing"] is False
    viewing.clock.later(seconds=1)
    assert viewing.say(9, playing=True).json()["playing"] is True
    assert Attendance.objects.filter(leader=True).count() == 2
    assert "access.viewing.leader_back" in list_kinds(viewing.session.subject)


def test_after_the_end_nothing_is_left(viewing):
    viewing.begin()
    viewing.post("close")
    assert dark(viewing) and viewing.state() == "over"
    assert viewing.say(0).status_code == 410 and viewing.post("open").status_code == 410
    assert dark(viewing)
    assert (
        viewing.leader.get(viewing.address("supervised-film", viewing.row.recording.public_id)).status_code
        == 404
    )


def test_its_time_ends_it_whoever_is_there(viewing):
    viewing.begin()
    viewing.clock.later(minutes=29, seconds=59)
    viewing.say(0)
    assert viewing.state() == "on"
    viewing.clock.later(seconds=1)
    assert dark(viewing) and viewing.state() == "over" and viewing.say(0).status_code == 410
    assert actions.close_late(session=viewing.session, now=viewing.clock.now)
    assert not actions.close_late(session=viewing.session, now=viewing.clock.now)
    assert viewing.session.closed_by is None


def test_a_clock_that_is_set_back_shows_nothing(viewing):
    viewing.begin()
    for back in (timedelta(seconds=5), timedelta(minutes=5), timedelta(days=1)):
        was = viewing.clock.now
        viewing.clock.now -= back
        assert dark(viewing) and viewing.state() != "on"
        viewing.clock.now = was
    viewing.post("close")
    viewing.clock.now -= timedelta(minutes=5)
    assert dark(viewing) and viewing.state() == "over"


# --- other people, other browsers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "who", ["second", "dsl", "headteacher", "teacher", "office", "governor", "anonymous"]
)
def test_nobody_elses_page_opens_it_or_keeps_it_open(viewing, staff, who):
    viewing.begin()
    other = Client() if who == "anonymous" else signed_in(second_leader() if who == "second" else staff[who])
    viewing.clock.later(seconds=10.5)
    for answer in (
        viewing.say(0, client=other),
        *(viewing.post(what, other) for what in ("open", "close", "longer")),
    ):
        assert answer.status_code in ((302,) if who == "anonymous" else (403,))
    assert dark(viewing)
    film = viewing.address("supervised-film", viewing.row.recording.public_id)
    assert other.get(film).status_code in (302, 403)
    assert viewing.session.closed_at is None


def test_the_address_copied_to_another_browser_shows_nothing_and_is_noticed(viewing):
    viewing.begin()
    thief = Client()
    for answer in (viewing.see(thief), viewing.bind(thief)):
        assert answer.status_code == 404 and b"There is nothing to see here" in answer.content
    assert viewing.state(thief) == "over" and dark(viewing, client=thief)
    thief.cookies["viewing"] = "x" * 43
    assert viewing.see(thief).status_code == 404 and dark(viewing, client=thief)
    assert viewing.say(0).json()["strangers"] == 3
    assert viewing.piece(0).status_code == 200


def test_a_link_is_burned_and_a_new_one_is_another(viewing):
    viewing.begin()
    old = viewing.secret
    assert viewing.post("burn").status_code == 302
    assert viewing.see().status_code == 404 and dark(viewing)
    answer = viewing.post("link")
    assert old.encode() not in answer.content and b"/see/" in answer.content
    assert viewing.see().status_code == 404
    viewing.link()
    assert viewing.see(Client()).status_code == 200 and dark(viewing)


def test_only_a_hash_of_the_link_is_kept(viewing):
    viewing.begin()
    session = viewing.session
    kept = " ".join(str(getattr(session, field.attname)) for field in session._meta.concrete_fields)
    assert viewing.secret not in kept and viewing.parent.cookies["viewing"].value not in kept
    cookie = viewing.parent.cookies["viewing"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and viewing.secret in cookie["path"]
    assert b"/see/" not in viewing.leader.get(viewing.address("supervised")).content


def test_a_leader_is_in_one_viewing_at_a_time(viewing, staff, checked, amara):
    viewing.begin()
    case = checks.identify(case=checked(asker_name="Kofi Boateng"), by=staff["slt"], now=viewing.clock.now)
    row = case.recordings.get()
    made = make_film(row, staff["slt"], viewing.clock.now)
    redaction.approve(case_recording=row, film=made.public_id, by=staff["dsl"], now=viewing.clock.now)
    starts = viewing.clock.now
    viewing.clock.now -= timedelta(days=1, minutes=5)
    second = Viewing(
        invite(case, staff["slt"], viewing.clock.now, starts),
        row,
        made,
        viewing.leader,
        Client(),
        viewing.clock,
    )
    viewing.clock.now = starts
    answer = second.post("open")
    assert answer.status_code == 409 and b"Close that one first" in answer.content
    viewing.post("close")
    assert second.post("open").status_code == 302


# --- other films ----------------------------------------------------------------------------------------


def test_no_other_film_is_sent(viewing, staff, checked, amara):
    viewing.begin()
    other = recorded(staff, amara, seconds=SECONDS, began=BEGAN + timedelta(hours=2))
    foreign = make_film(viewing.row, staff["slt"], viewing.clock.now)
    foreign_case = checks.identify(case=checked(), by=staff["slt"], now=viewing.clock.now)
    row = foreign_case.recordings.get(recording=other)
    theirs = make_film(row, staff["slt"], viewing.clock.now)
    redaction.approve(case_recording=row, film=theirs.public_id, by=staff["dsl"], now=viewing.clock.now)
    whole = viewing.row.recording.films.get(kind="whole")
    put_film(whole, film_bytes())
    for film in (foreign, theirs, whole):
        assert viewing.piece(0, film=film.public_id).status_code == 404
    for film in ("x" * 22, "..", "0"):
        assert viewing.piece(0, film=film).status_code == 404
    assert viewing.say(0, recording=other.public_id).status_code == 404
    assert viewing.leader.get(viewing.address("supervised-film", other.public_id)).status_code == 404


def test_a_film_that_nobody_approved_is_not_shown(viewing, staff):
    Redaction.objects.update(approved_by=None, approved_at=None, approved_film="", approved_digest="")
    viewing.clock.now = STARTS
    viewing.link()
    viewing.bind()
    answer = viewing.post("open")
    assert answer.status_code == 409 and b"nothing to show" in answer.content
    ViewingSession.objects.update(opened_at=STARTS, seen_at=STARTS, said_at=STARTS, showing=viewing.row)
    assert dark(viewing) and viewing.state() == "waiting"


def change_mark(viewing, staff):
    redaction.mark(
        case_recording=viewing.row,
        begins=1,
        ends=3,
        seat="",
        picture=True,
        sound=True,
        why="name",
        note="",
        by=staff["slt"],
        now=viewing.clock.now,
    )


def change_film(viewing, staff):
    make_film(viewing.row, staff["slt"], viewing.clock.now)


def change_cut(viewing, staff):
    type(viewing.film).objects.filter(pk=viewing.film.pk).update(cut={})


def change_kind_of_seat(viewing, staff):
    viewing.row.recording.meeting.seat_set.exclude(role="host").exclude(
        public_id__in=viewing.row.seats
    ).update(role="host")


@pytest.mark.parametrize("change", [change_mark, change_film, change_cut, change_kind_of_seat])
def test_a_film_that_was_changed_after_its_approval_goes_dark_at_once(viewing, staff, change):
    viewing.begin()
    assert viewing.piece(0).status_code == 200
    change(viewing, staff)
    assert dark(viewing) and viewing.state() == "waiting"
    assert queries.approved_film(viewing.row, viewing.clock.now) is None


def test_a_recording_that_was_destroyed_shows_nothing(viewing, staff):
    viewing.begin()
    case = Case.objects.get()
    case.hold.released_at = viewing.clock.now
    case.hold.released_by = staff["slt"]
    case.hold.save()
    Recording.objects.update(destroy_on=viewing.clock.now.date())
    assert dark(viewing), "its day has come, though the worker has not run"
    retention.destroy(
        recording=viewing.row.recording, by="test", now=viewing.clock.now, today=viewing.clock.now.date()
    )
    assert dark(viewing) and viewing.state() == "waiting"
    assert not folder_of(viewing.row.recording.public_id).exists()


def test_a_request_that_was_stopped_shows_nothing(viewing, staff):
    viewing.begin()
    stopping.stop(case=viewing.row.case, reason="A court order came", by=staff["dsl"], now=viewing.clock.now)
    assert dark(viewing) and viewing.state() == "over" and viewing.say(0).status_code == 410


def test_a_contact_restriction_that_turns_up_shows_nothing(viewing, staff, amara):
    from circletime.people.models import ContactRestriction

    viewing.begin()
    ContactRestriction.objects.create(
        pupil=amara,
        what="An order",
        noted_by=staff["office"],
        noted_at=viewing.clock.now,
        since=viewing.clock.now.date(),
    )
    assert dark(viewing) and viewing.state() == "over"


def test_damaged_bytes_are_not_sent(viewing):
    viewing.begin()
    path = folder_of(viewing.row.recording.public_id) / viewing.film.rest_name
    raw = bytearray(path.read_bytes())
    for at in range(100, len(raw), 5000):
        raw[at] ^= 1
    path.write_bytes(raw)
    assert dark(viewing)
    path.unlink()
    assert dark(viewing)


# --- ranges, places, numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "bytes=0-",
        "bytes=0-99999999999999999999",
        "bytes=5-1",
        "bytes=-1",
        "lines=1-2",
        "bytes=" + "0-1," * 2000 + "5-6",
        "x" * 4000,
    ],
)
def test_a_range_gets_no_more_than_the_one_piece(viewing, header):
    viewing.begin()
    plain = viewing.piece(0).content
    answer = viewing.piece(0, headers={"Range": header})
    assert answer.status_code == 200 and answer.content == plain and "Accept-Ranges" not in answer


@pytest.mark.parametrize("number", [3, 20, 29, 30, 10**6, 10**30])
def test_nothing_is_sent_from_further_on_than_the_leader_is(viewing, number):
    viewing.begin()
    assert dark(viewing, number)
    assert viewing.piece(2).status_code in SENT


def test_asked_for_many_times_it_sends_no_more(viewing):
    viewing.begin()
    got = {number for number in range(SECONDS) if viewing.piece(number).status_code in SENT}
    assert got == {0, 1, 2}
    viewing.say(20)
    got = {number for number in range(SECONDS) if viewing.piece(number).status_code in SENT}
    assert got == set(range(15, 23))


@pytest.mark.parametrize("number", ["-1", "1.5", "x", "1%00", "0x1", ""])
def test_a_number_that_is_none_is_no_address(viewing, number):
    viewing.begin()
    address = f"/see/{viewing.secret}/{viewing.film.public_id}/{number}"
    assert viewing.parent.get(address).status_code == 404


@pytest.mark.parametrize("at", ["-1", "nan", "inf", "1e9", "", "x", "31.5"])
def test_a_place_that_is_none_moves_nothing(viewing, at):
    viewing.begin()
    assert viewing.say(at).status_code == 400
    assert viewing.session.at == 0


@pytest.mark.parametrize("secret", ["x", "x" * 43, "%00", "..", "' or 1=1"])
def test_a_guessed_link_is_nothing(viewing, secret):
    viewing.begin()
    assert viewing.parent.get(f"/see/{secret}").status_code == 404
    assert viewing.parent.post(f"/see/{secret}").status_code == 404
    assert viewing.parent.get(f"/take/{secret}").status_code == 404


# --- who decides what is left out -----------------------------------------------------------------------


def test_no_maker_approves(staff, row, clock):
    made = make_film(row, staff["slt"], clock.now)
    with pytest.raises(NotAllowed):
        redaction.approve(case_recording=row, film=made.public_id, by=staff["slt"], now=clock.now)
    mark = redaction.mark(
        case_recording=row,
        begins=1,
        ends=2,
        seat="",
        picture=True,
        sound=False,
        why="name",
        note="",
        by=staff["dsl"],
        now=clock.now,
    )
    redaction.unmark(case_recording=row, mark=mark.public_id, by=staff["dsl"], now=clock.now)
    with pytest.raises(NotAllowed):
        redaction.approve(case_recording=row, film=made.public_id, by=staff["dsl"], now=clock.now)
    redaction.approve(case_recording=row, film=made.public_id, by=staff["headteacher"], now=clock.now)
    assert Mark.objects.get().removed_by == staff["dsl"]


def test_exactly_the_film_on_the_page_is_approved(staff, row, clock):
    first = make_film(row, staff["slt"], clock.now)
    second = make_film(row, staff["slt"], clock.now)
    dsl = {"case_recording": row, "by": staff["dsl"], "now": clock.now}
    with pytest.raises(Refused) as refused:
        redaction.approve(film=first.public_id, **dsl)
    assert refused.value.code == "another"
    type(second).objects.filter(pk=second.pk).update(state="making")
    with pytest.raises(Refused):
        redaction.approve(film=second.public_id, **dsl)
    type(second).objects.filter(pk=second.pk).update(state="ready")
    redaction.mark(
        begins=1,
        ends=2,
        seat="",
        picture=True,
        sound=True,
        why="voice",
        note="",
        **dsl | {"by": staff["slt"]},
    )
    with pytest.raises(Refused) as refused:
        redaction.approve(film=second.public_id, **dsl)
    assert refused.value.code == "outdated"


def test_a_film_keeps_the_child_and_staff_and_names_nobody_else(staff, row, film):
    cut = queries.cut_of(row)
    seats = {seat.public_id: seat for seat in row.recording.meeting.seat_set.all()}
    assert {seats[one].label for one in cut.keep} == {"Amara", "Mrs Osei"}
    rows = queries.left_out(row.case)
    assert [(row.whom, row.what) for row in rows] == [("1 other person", "Picture, sound and name")]
    assert "Ben" not in str(rows)


# --- the copy -------------------------------------------------------------------------------------------


def sign_off(viewing: Viewing, client: Client):
    address = reverse(
        "redaction-sign-off", args=[viewing.row.case.public_id, viewing.row.recording.public_id]
    )
    return client.post(address)


def taken(answer) -> bytes:
    async def read() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return run(read)


def link_in(answer) -> str:
    import re

    found = re.search(r"/take/([\w-]+)", answer.content.decode())
    assert found
    return found[1]


@pytest.fixture
def signed(viewing, staff) -> str:
    answer = sign_off(viewing, signed_in(staff["dsl"]))
    assert answer.status_code == 200
    return link_in(answer)


def take(secret: str, client: Client, method: str = "post"):
    return getattr(client, method)(reverse("take", args=[secret]))


def test_no_copy_before_the_safeguarding_lead_signs_it_off(viewing, staff):
    for who in ("slt", "headteacher"):
        answer = sign_off(viewing, signed_in(staff[who]))
        assert answer.status_code == 403 and b"/take/" not in answer.content
    for who in ("teacher", "office", "governor"):
        assert sign_off(viewing, signed_in(staff[who])).status_code == 403
    assert not Copy.objects.exists()


def test_the_safeguarding_lead_signs_off_nothing_they_made_or_nobody_approved(viewing, staff):
    change_mark(viewing, staff)
    assert sign_off(viewing, signed_in(staff["dsl"])).status_code == 409
    Mark.objects.all().delete()
    made = make_film(viewing.row, staff["dsl"], viewing.clock.now)
    redaction.approve(
        case_recording=viewing.row, film=made.public_id, by=staff["headteacher"], now=viewing.clock.now
    )
    assert sign_off(viewing, signed_in(staff["dsl"])).status_code == 403
    assert not Copy.objects.exists()


def test_a_copy_is_taken_once(viewing, staff, signed):
    parent = Client()
    assert take(signed, parent, "get").status_code == 200
    data = taken(take(signed, parent))
    assert data.startswith(b"<!doctype html>") and data.rstrip().endswith(b"</html>")
    copy = Copy.objects.get()
    assert copy.taken_at is not None and bytes(copy.wrapped) == b"" and copy.begun_times == 1
    for client in (parent, Client()):
        assert take(signed, client).status_code == 404 and take(signed, client, "get").status_code == 404
    assert list_kinds(copy.subject) == ["access.copy.begun", "access.copy.taken"]


def test_a_broken_download_is_begun_again_by_the_same_browser_within_the_hour(viewing, signed):
    parent = Client()
    answer = take(signed, parent)
    assert answer.status_code == 200  # nothing of it is read: it broke off
    assert take(signed, Client()).status_code == 404
    viewing.clock.later(minutes=59)
    assert b"Begin again" in take(signed, parent, "get").content
    viewing.clock.later(minutes=2)
    assert take(signed, parent).status_code == 404
    assert Copy.objects.get().taken_at is None


def test_a_copy_that_is_being_sent_stops_when_it_is_called_back(viewing, staff, signed):
    answer = take(signed, Client())
    address = reverse(
        "redaction-call-back", args=[viewing.row.case.public_id, viewing.row.recording.public_id]
    )
    form = {"copy": Copy.objects.get().public_id}
    assert signed_in(staff["slt"]).post(address, form).status_code == 302
    assert b'class="film"' not in taken(answer)
    assert Copy.objects.get().taken_at is None and take(signed, Client()).status_code == 404


@pytest.mark.parametrize("what", ["late", "changed", "stopped", "destroyed", "early"])
def test_no_copy_is_sent_when(viewing, staff, signed, what):
    if what == "late":
        viewing.clock.later(days=7)
    elif what == "early":
        viewing.clock.later(minutes=-5)
    elif what == "changed":
        change_mark(viewing, staff)
    elif what == "stopped":
        stopping.stop(case=viewing.row.case, reason="A court order", by=staff["dsl"], now=viewing.clock.now)
    else:
        Recording.objects.update(state="destroyed")
    assert take(signed, Client()).status_code == 404 and take(signed, Client(), "get").status_code == 404


def test_another_copy_calls_the_first_back(viewing, staff, signed):
    second = link_in(sign_off(viewing, signed_in(staff["dsl"])))
    assert take(signed, Client()).status_code == 404
    assert take(second, Client()).status_code == 200


def test_the_passphrase_is_told_once_and_kept_nowhere(viewing, staff):
    import re

    from django.db import connection

    answer = sign_off(viewing, signed_in(staff["dsl"]))
    passphrase = re.search(r">([a-z0-9]{5}(?:-[a-z0-9]{5}){3})<", answer.content.decode())
    assert passphrase
    address = reverse("redaction", args=[viewing.row.case.public_id, viewing.row.recording.public_id])
    assert passphrase[1] not in signed_in(staff["dsl"]).get(address).content.decode()
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            said = str(cursor.fetchall())
            assert passphrase[1] not in said and link_in(answer) not in said, table
    assert passphrase[1].encode() not in taken(take(link_in(answer), Client()))
