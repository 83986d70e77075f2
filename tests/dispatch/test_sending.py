"""What the office does: send, send again, tick. Two clerks at once send nothing twice."""

import threading

import pytest
from django.db import connections

from circletime.audit.queries import list_kinds
from circletime.core.errors import NotAllowed, Refused
from circletime.dispatch.actions import sending
from circletime.dispatch.models import Delivery
from circletime.dispatch.queries import lists
from circletime.dispatch.queries.reach import may_go, standing_of
from circletime.dispatch.rules import Standing
from circletime.meetings.actions.schedule import cancel
from circletime.notices import tasks
from circletime.people import links
from circletime.people.actions import note_restriction
from circletime.people.models import Adult, FamilyLink
from circletime.people.queries import token_hash
from tests.dispatch.conftest import family, letters, notice, only, plan, rows
from tests.fake_media import FakeMedia
from tests.web.post_office import PostOffice
from tests.world import World, make_world


def sent(world: World) -> list[Delivery]:
    tasks.send_due(world.now, may_go)
    return rows()


def test_what_failed_is_written_anew_to_the_address_that_is_right_now(
    world: World, office: PostOffice
) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="wrong@home.example")
    family(ben, Bruno="bruno@home.example")
    office.boxes["wrong@home.example"] = "550 5.1.1 No such mailbox"
    plan(world)
    assert {standing_of(row) for row in sent(world)} == {Standing.FAILED, Standing.SENT}
    Adult.objects.filter(email="wrong@home.example").update(email="right@home.example")
    by, now = world.staff["office"], world.now
    assert sending.send_waiting(notice=notice(), by=by, now=now) == 1
    assert {standing_of(row) for row in sent(world)} == {Standing.SENT}
    assert sorted(mail["To"] for mail in office.came) == ["bruno@home.example", "right@home.example"]
    assert [letter.state for letter in letters()] == ["stopped", "sent", "sent"], "the failure is laid aside"
    assert sending.send_waiting(notice=notice(), by=by, now=now) == 0


def test_sending_again_is_a_new_letter_once(world: World, office: PostOffice) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    (row,) = sent(world)
    by, now, seen = world.staff["office"], world.now, row.letter.public_id
    sending.send_again(delivery=row, seen_letter=seen, by=by, now=now)
    with pytest.raises(Refused, match="Somebody else"):
        sending.send_again(delivery=row, seen_letter=seen, by=world.staff["slt"], now=now)
    sent(world)
    assert len(office.came) == 2 and len({mail["Message-ID"] for mail in office.came}) == 2


def test_all_again_is_pressed_by_two_and_goes_once(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, ben, Ada="ada@home.example", Bruno="bruno@home.example")
    plan(world)
    sent(world)
    by, now = world.staff["office"], world.now
    assert sending.send_all_again(notice=notice(), seen=0, by=by, now=now) == 2
    with pytest.raises(Refused, match="Somebody else"):
        sending.send_all_again(notice=notice(), seen=0, by=world.staff["slt"], now=now)
    sent(world)
    assert len(office.came) == 4


def test_two_clerks_at_the_same_moment(
    transactional_db: None, media: FakeMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both really at once, each with a connection of their own."""
    world = make_world(media, pupils=3)
    monkeypatch.setattr("circletime.core.time.now", lambda: world.now)
    plan(world)
    made = notice()
    for letter in letters():
        type(letter).objects.filter(pk=letter.pk).update(state="failed", ended_at=world.now)
    began, went = len(letters()), []
    gate = threading.Barrier(2)

    def press(who: str) -> None:
        gate.wait()
        try:
            went.append(sending.send_waiting(notice=made, by=world.staff[who], now=world.now))
        finally:
            connections.close_all()

    clerks = [threading.Thread(target=press, args=[who]) for who in ("office", "headteacher")]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join()
    assert sorted(went) == [0, began] and len(letters()) == 2 * began


def test_what_is_over_is_not_sent_any_more(world: World, office: PostOffice) -> None:
    only(world, "Amara")
    meeting = plan(world)
    (row, *_) = sent(world)
    invited = notice()
    cancel(meeting=meeting, by=world.teacher, now=world.now)
    with pytest.raises(Refused, match="something newer"):
        sending.send_again(
            delivery=row, seen_letter=row.letter.public_id, by=world.staff["office"], now=world.now
        )
    with pytest.raises(Refused, match="something newer"):
        sending.send_waiting(notice=invited, by=world.staff["office"], now=world.now)
    assert sending.send_day(day=invited.day, by=world.staff["office"], now=world.now) == 0


def test_a_restricted_adult_is_not_sent_to_again(world: World, office: PostOffice) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    (row,) = sent(world)
    note_restriction(
        pupil=amara,
        what="An order",
        since=world.now.date(),
        by=world.staff["dsl"],
        now=world.now,
        adult=row.adult,
    )
    by, now = world.staff["office"], world.now
    with pytest.raises(NotAllowed):
        sending.send_again(delivery=row, seen_letter=row.letter.public_id, by=by, now=now)
    assert sending.send_all_again(notice=notice(), seen=0, by=by, now=now) == 0


@pytest.mark.parametrize("who", ["teacher", "support", "governor"])
def test_nobody_else_sends_or_ticks(world: World, who: str) -> None:
    only(world, "Amara")
    plan(world)
    by, now = world.staff[who], world.now
    for act in (
        lambda: sending.send_waiting(notice=notice(), by=by, now=now),
        lambda: sending.send_day(day=notice().day, by=by, now=now),
        lambda: sending.tick_pinged(notice=notice(), by=by, now=now),
        lambda: sending.tick_told(deliveries=[], notice=notice(), how="paper", by=by, now=now),
        lambda: sending.hand_out_links(notice=notice(), by=by, now=now),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(NotAllowed):
        sending.hand_out_links(notice=notice(), by=world.staff["slt"], now=now)


def test_ticks_say_who_and_how_and_can_be_taken_back(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, name="Adair")
    family(ben, Bruno="bruno@home.example")
    plan(world)
    paper, mailed = rows()
    by, now = world.staff["office"], world.now
    with pytest.raises(Refused, match="how they were told"):
        sending.tick_told(deliveries=[paper.public_id], notice=notice(), how="email", by=by, now=now)
    sending.tick_told(deliveries=[paper.public_id], notice=notice(), how="paper", by=by, now=now)
    assert [standing_of(row) for row in rows()] == [Standing.TOLD, Standing.READY]
    assert (rows()[0].told_by, rows()[0].told_how) == (by, "paper")
    sending.take_tick_back(delivery=paper, by=by, now=now)
    assert standing_of(rows()[0]) == Standing.NO_ADDRESS
    sending.tick_pinged(notice=notice(), by=by, now=now)
    assert {standing_of(row) for row in rows()} == {Standing.TOLD}
    with pytest.raises(Refused, match="ticked already"):
        sending.tick_pinged(notice=notice(), by=world.staff["slt"], now=now)
    assert list_kinds(notice().about)[-1] == "dispatch.notice.pinged"
    assert mailed.letter is not None


def test_a_mail_that_came_back_counts_as_failed(world: World, office: PostOffice) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    (row,) = rows()
    with pytest.raises(Refused, match="was not sent"):
        sending.came_back(delivery=row, by=world.staff["office"], now=world.now)
    (row,) = sent(world)
    sending.came_back(delivery=row, by=world.staff["office"], now=world.now)
    assert standing_of(rows()[0]) == Standing.FAILED


def test_opening_its_link_marks_it_seen(world: World, office: PostOffice) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    (row,) = sent(world)
    sending.link_opened(hashed=token_hash("somebody else's"), now=world.now)
    assert standing_of(rows()[0]) == Standing.SENT
    opened = world.later(minutes=5)
    for _ in range(2):
        sending.link_opened(hashed=token_hash(links.token_of(row.link_id)), now=world.now)
        world.later(minutes=5)
    assert standing_of(rows()[0]) == Standing.SEEN and rows()[0].seen_at == opened


def test_a_burned_link_is_made_anew_with_the_next_letter(world: World, office: PostOffice) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    (row,) = sent(world)
    FamilyLink.objects.update(burned_at=world.now)
    by = world.staff["office"]
    sending.send_again(delivery=row, seen_letter=row.letter.public_id, by=by, now=world.now)
    assert rows()[0].link_id != row.link_id and rows()[0].link.burned_at is None


def test_the_day_counts_what_is_left(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben)
    plan(world)
    day = notice().day
    assert lists.progress_of(day) == {
        "all": 2,
        "reached": 0,
        "ready": 1,
        "failed": 0,
        "no_address": 1,
        "twice": 0,
    }
    assert dict(lists.days_around(world.now.date()))[day] == 2
    sent(world)
    assert lists.progress_of(day)["reached"] == 1 and dict(lists.days_around(world.now.date()))[day] == 1
    (sheet,) = lists.day_sheets(day, world.now)
    assert (sheet.reached, sheet.waiting, sheet.needs_hands, sheet.current) == (1, 0, 1, True)
