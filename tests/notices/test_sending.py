"""The worker's sending, against a real mail server that refuses, waits, hangs up, or is not there."""

import socket
import threading
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from circletime.audit.models import Row
from circletime.audit.queries import list_kinds, verify
from circletime.core.errors import NotAllowed, Refused
from circletime.notices import tasks
from circletime.notices.actions import give_up, resend, take_letter
from circletime.notices.models import Letter
from circletime.notices.queries import our_trouble, worries
from circletime.notices.rules import LETTER_LEASE, LETTER_TRIED_FOR, Kind, State, tried_again_after
from circletime.notices.trouble import FOR_GOOD, SERVER, Trouble
from circletime.policy.limits import LETTER_KEPT
from tests.notices.conftest import Write, entry
from tests.web.post_office import PostOffice, certificate, lead_to, open_office
from tests.world import World


def fresh(letter: Letter) -> Letter:
    return Letter.objects.get(pk=letter.pk)


def test_a_letter_is_in_the_outbox_only_if_what_it_tells_of_happened(write: Write) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write()
        raise ZeroDivisionError
    assert not Letter.objects.exists()


def test_it_is_sent_once_under_its_own_name(world: World, write: Write, office: PostOffice) -> None:
    letter = write(reply_to="office@larkfield.example")
    assert tasks.send_due(world.now) == 1 and tasks.send_due(world.now) == 0
    (came,) = office.came
    assert came["Message-ID"] == letter.message_id and came["Reply-To"] == "office@larkfield.example"
    assert came["Auto-Submitted"] == "auto-generated" and came["To"] == "amina@home.example"
    sent = fresh(letter)
    assert (sent.state, sent.sent_at, sent.tries, sent.trouble) == (State.SENT, world.now, 1, "")
    assert list_kinds("case:abc") == ["notices.letter.queued", "notices.letter.sent"]
    assert verify()[1] is None


@pytest.mark.parametrize(
    "place, said, trouble",
    [
        ("at_recipient", "550 5.1.1 No such mailbox", Trouble.NO_BOX),
        ("at_recipient", "553 Bad mailbox", Trouble.NO_BOX),
        ("at_data", "554 5.7.1 Looks like spam", Trouble.UNWANTED),
    ],
)
def test_what_is_refused_for_good_has_failed_with_a_sentence(
    place: str,
    said: str,
    trouble: Trouble,
    world: World,
    write: Write,
    office: PostOffice,
    caplog: pytest.LogCaptureFixture,
) -> None:
    setattr(office, place, said)
    letter = write()
    tasks.send_due(world.now)
    failed = fresh(letter)
    assert (failed.state, failed.trouble, failed.code) == (State.FAILED, trouble, int(said[:3]))
    assert failed.ended_at == world.now and failed.sent_at is None
    assert failed.get_trouble_display().endswith(".") and "tried again" not in failed.get_trouble_display()
    assert list_kinds("case:abc")[-1] == "notices.letter.failed"
    setattr(office, place, "250 OK")
    world.later(days=1)
    assert tasks.send_due(world.now) == 0 and not office.came
    assert letter.public_id in caplog.text and "amina" not in caplog.text
    assert worries(world.now, but=Kind.HEALTH).failed == 1


@pytest.mark.parametrize(
    "place, said, trouble",
    [
        ("at_recipient", "451 Come back later", Trouble.LATER),
        ("at_recipient", "452 Mailbox full for now", Trouble.LATER),
        ("at_data", "451 Not now", Trouble.LATER),
        ("at_data", "421 Going down", Trouble.BUSY),
        ("at_recipient", "421 Going down", Trouble.BUSY),
        ("at_sender", "451 Not now", Trouble.BUSY),
        ("at_sender", "550 You may not write from there", Trouble.SENDER),
        ("at_sender", "530 5.7.0 Authentication required", Trouble.SIGN_IN),
        ("at_recipient", "530 Must issue STARTTLS first", Trouble.SIGN_IN),
    ],
)
def test_what_is_refused_for_now_waits_and_is_sent_later(
    place: str, said: str, trouble: Trouble, world: World, write: Write, office: PostOffice
) -> None:
    letter = write()
    setattr(office, place, said)
    assert tasks.send_due(world.now) == 0
    waits = fresh(letter)
    assert (waits.state, waits.trouble, waits.claimed_until) == (State.WAITING, trouble, None)
    assert waits.due_at == world.now + timedelta(minutes=1) and "tried again" in waits.get_trouble_display()
    setattr(office, place, "250 OK")
    assert tasks.send_due(world.now) == 0, "not before its time"
    world.later(seconds=61)
    assert tasks.send_due(world.now) == 1
    (came,) = office.came
    assert came["Message-ID"] == letter.message_id
    assert fresh(letter).trouble == ""


def test_a_greylisting_server_gets_each_letter_at_the_second_try(
    world: World, write: Write, office: PostOffice
) -> None:
    office.greylists = True
    for number in range(5):
        write(f"family{number}@home.example")
    assert tasks.send_due(world.now) == 0 and len(office.asked_for) == 5, "each is asked for by itself"
    world.later(minutes=2)
    assert tasks.send_due(world.now) == 5
    assert {came["To"] for came in office.came} == {f"family{n}@home.example" for n in range(5)}


def test_one_address_that_is_refused_does_not_hold_up_the_others(
    world: World, write: Write, office: PostOffice
) -> None:
    office.boxes = {"family1@home.example": "550 Unknown", "family3@home.example": "450 Later"}
    letters = [write(f"family{number}@home.example") for number in range(5)]
    assert tasks.send_due(world.now) == 3
    assert [fresh(each).state for each in letters] == ["sent", "failed", "sent", "waiting", "sent"]


def test_a_server_that_is_away_costs_no_other_letter_a_try(world: World, write: Write, settings: Any) -> None:
    with open_office() as opened:
        port = opened.port
    lead_to(settings, port)
    first, *others = [write(f"family{number}@home.example") for number in range(4)]
    assert tasks.send_due(world.now) == 0
    assert fresh(first).tries == 1 and all(fresh(each).tries == 0 for each in others)
    assert {(fresh(each).trouble, fresh(each).due_at) for each in (first, *others)} == {
        ("away", world.now + timedelta(minutes=1))
    }
    assert tasks.send_due(world.now) == 0 and fresh(first).tries == 1
    with open_office(port=port) as again:
        world.later(seconds=61)
        assert tasks.send_due(world.now) == 4 and len(again.came) == 4


def test_a_server_that_hangs_up_or_begins_anew_between_two_letters_loses_none(
    world: World, write: Write, office: PostOffice
) -> None:
    office.hangs_up_after = 2
    for number in range(7):
        write(f"family{number}@home.example")
    assert tasks.send_due(world.now) == 4  # of the other three nobody knows yet; they do not hold up the rest
    world.later(minutes=2)
    office.hangs_up_after = 0
    tasks.send_due(world.now)
    assert not Letter.objects.exclude(state=State.SENT).exists()
    by_letter = [came["Message-ID"] for came in office.came]
    assert set(by_letter) == set(Letter.objects.values_list("message_id", flat=True))
    assert all(by_letter.count(each) <= 2 for each in by_letter)


@contextmanager
def half_open(lines: tuple[bytes, ...]) -> Iterator[int]:
    """A server that says these lines, one for each it reads, and then nothing more; it never hangs up."""
    taken: list[socket.socket] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                one, _ = listening.accept()
            except OSError:
                return
            taken.append(one)
            threading.Thread(target=talk, args=(one,), daemon=True).start()

    def talk(one: socket.socket) -> None:
        for line in lines:
            one.sendall(line)
            one.recv(65536)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for one in taken:
            one.close()


GREETED = (b"220 hello\r\n", b"250 hello\r\n")


@pytest.mark.parametrize(
    "lines", [(), GREETED[:1], GREETED, (*GREETED, b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n")]
)
def test_a_server_that_falls_silent_is_left_after_its_time(
    lines: tuple[bytes, ...], world: World, write: Write, settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    letters = [write(), write("ben@home.example")]
    with half_open(lines) as port:
        lead_to(settings, port)
        began = clock.monotonic()
        assert tasks.send_due(world.now) == 0
        assert clock.monotonic() - began < 5
    assert [(fresh(each).state, fresh(each).trouble) for each in letters] == [("waiting", "away")] * 2
    with open_office() as opened:
        lead_to(settings, opened.port)
        world.later(minutes=2)
        assert tasks.send_due(world.now) == 2
        assert [came["Message-ID"] for came in opened.came] == [each.message_id for each in letters]


def test_a_sign_in_that_is_refused_is_a_setting_of_ours(
    world: World, write: Write, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certificate(tmp_path)
    how = {"tls_context": context, "require_starttls": True, "auth_required": True}
    letters = [write(), write("ben@home.example")]
    with open_office(**how) as opened:
        lead_to(settings, opened.port)
        settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = True, "circletime"
        settings.EMAIL_HOST_PASSWORD = "wrong"
        tasks.send_due(world.now)
        assert our_trouble() == Trouble.INSECURE and not opened.signed_in
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        world.later(minutes=20)
        tasks.send_due(world.now)
        assert our_trouble() == Trouble.SIGN_IN and set(opened.signed_in) == {"refused"}
        assert {fresh(each).state for each in letters} == {State.WAITING}
        assert "CIRCLETIME_SMTP_PASSWORD" in fresh(letters[1]).get_trouble_display()
        settings.EMAIL_HOST_PASSWORD = "secret"
        world.later(minutes=20)
        assert tasks.send_due(world.now) == 2 and our_trouble() is None


def test_it_is_tried_less_and_less_often_and_then_has_failed(
    world: World, write: Write, office: PostOffice
) -> None:
    office.at_recipient = "451 Not now"
    letter = write()
    until, times = world.now + LETTER_TRIED_FOR, 0
    while fresh(letter).state == State.WAITING:
        times += 1
        tasks.send_due(world.now)
        if fresh(letter).state == State.WAITING:
            assert fresh(letter).due_at - world.now == tried_again_after(times, server=False)
            world.now = fresh(letter).due_at
    assert until <= world.now <= until + timedelta(hours=1) and times < 60
    assert (fresh(letter).state, fresh(letter).trouble) == (State.FAILED, Trouble.TOO_OLD)


def test_waits_grow_and_have_an_end() -> None:
    for server, most in ((False, 60), (True, 10)):
        waits = [tried_again_after(tries, server=server) for tries in range(1, 2000)]
        assert waits == sorted(waits)
        assert waits[0] == timedelta(minutes=1) and waits[-1] == timedelta(minutes=most)
    assert not FOR_GOOD & SERVER


def test_two_workers_do_not_take_the_same(world: World, write: Write) -> None:
    write()
    taken: list[Letter | None] = []
    together = threading.Barrier(4)

    def work() -> None:
        together.wait()
        taken.append(take_letter(now=world.now))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(taken) == 4 and sum(each is not None for each in taken) == 1


def test_who_takes_it_and_dies_leaves_it_for_the_next_under_the_same_name(
    world: World, write: Write, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(**more: object) -> None:
        raise SystemExit

    letter = write()
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(tasks, "letter_sent", die)
        tasks.send_due(world.now)
    assert len(office.came) == 1 and fresh(letter).state == State.SENDING
    world.later(seconds=LETTER_LEASE.total_seconds() - 1)
    assert tasks.send_due(world.now) == 0, "its taker may be alive"
    world.later(seconds=1)
    assert tasks.send_due(world.now) == 1
    assert [came["Message-ID"] for came in office.came] == [letter.message_id] * 2
    assert fresh(letter).state == State.SENT


def test_a_letter_that_no_program_can_write_fails_and_holds_up_no_other(
    world: World, write: Write, office: PostOffice
) -> None:
    spoilt, good = write(), write("ben@home.example")
    Letter.objects.filter(pk=spoilt.pk).update(subject="two\nlines")
    assert tasks.send_due(world.now) == 1
    assert (fresh(spoilt).state, fresh(spoilt).trouble) == (State.FAILED, Trouble.UNWRITABLE)
    assert fresh(good).state == State.SENT


class TestAgain:
    """What a person does about a letter."""

    def test_one_that_failed_goes_out_as_it_is(self, world: World, write: Write, office: PostOffice) -> None:
        office.at_recipient = "550 Unknown"
        letter = write()
        tasks.send_due(world.now)
        office.at_recipient = "250 OK"
        world.later(days=3)
        again = resend(letter=letter, by=world.staff["office"], now=world.now)
        assert again.pk == letter.pk and tasks.send_due(world.now) == 1
        assert office.came[0]["Message-ID"] == letter.message_id
        assert worries(world.now, but=Kind.HEALTH).failed == 0

    def test_one_that_was_sent_goes_out_as_a_new_one(
        self, world: World, write: Write, office: PostOffice
    ) -> None:
        letter = write(calendar=entry(), html="<p>x</p>")
        tasks.send_due(world.now)
        again = resend(letter=letter, by=world.staff["slt"], now=world.later(days=1))
        assert again.pk != letter.pk and fresh(letter).state == State.SENT
        tasks.send_due(world.now)
        one, two = office.came
        assert one["Message-ID"] != two["Message-ID"] and one["Subject"] == two["Subject"]
        assert len(one.get_payload()) == len(two.get_payload()) == 2

    def test_only_by_those_who_look_after_letters_and_only_when_it_ended(
        self, world: World, write: Write, office: PostOffice
    ) -> None:
        letter = write()
        with pytest.raises(Refused, match="on its way"):
            resend(letter=letter, by=world.staff["office"], now=world.now)
        for role in ("teacher", "support", "governor"):
            for action in (resend, give_up):
                with pytest.raises(NotAllowed):
                    action(letter=letter, by=world.staff[role], now=world.now)
        assert take_letter(now=world.now) is not None
        for action in (resend, give_up):
            with pytest.raises(Refused):
                action(letter=letter, by=world.staff["office"], now=world.now)

    def test_one_that_is_stopped_is_not_sent(self, world: World, write: Write, office: PostOffice) -> None:
        letter = write()
        give_up(letter=letter, by="system:cases", now=world.now)
        world.later(days=1)
        assert tasks.send_due(world.now) == 0 and not office.came
        assert fresh(letter).state == State.STOPPED and worries(world.now, but=Kind.HEALTH).late == 0
        with pytest.raises(Refused, match="done with: stopped"):
            give_up(letter=letter, by="system:cases", now=world.now)

    def test_after_thirty_days_nothing_is_left_but_that_it_was_sent(
        self, world: World, write: Write, office: PostOffice
    ) -> None:
        letter = write(html="<p>x</p>", calendar=entry(), reply_to="office@larkfield.example")
        tasks.send_due(world.now)
        waiting = write()
        world.later(seconds=LETTER_KEPT.total_seconds() - 1)
        tasks.empty_old(world.now)
        assert fresh(letter).text and fresh(waiting).text
        world.later(seconds=1)
        for _ in range(2):
            tasks.empty_old(world.now)
        old = fresh(letter)
        assert [old.to, old.reply_to, old.subject, old.text, old.html, old.calendar] == [""] * 6
        assert old.state == State.SENT and old.sent_at is not None and old.emptied_at == world.now
        assert fresh(waiting).text, "what was never sent is not forgotten"
        assert list_kinds("case:abc").count("notices.letter.emptied") == 1
        with pytest.raises(Refused, match="not kept any more"):
            resend(letter=letter, by=world.staff["slt"], now=world.now)
        assert not Row.objects.filter(data__contains="home.example").exists()


def test_what_is_late_is_told(world: World, write: Write) -> None:
    write()
    assert worries(world.now, but=Kind.HEALTH).late == 0
    assert worries(world.later(hours=1), but=Kind.HEALTH).late == 1


def test_a_schools_letters_go_out_within_a_minute_and_over_few_connections(
    world: World, write: Write, office: PostOffice
) -> None:
    for number in range(420):
        write(f"family{number}@home.example", calendar=entry())
    began = clock.process_time()  # of this process and the server in it, however busy the machine is
    while tasks.send_due(world.now):
        pass
    assert clock.process_time() - began < 60
    assert len(office.came) == 420 and len({came["Message-ID"] for came in office.came}) == 420
    assert len(office.sessions) <= 10
