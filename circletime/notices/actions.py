"""What may be done with a letter. The worker does the sending: see `tasks`."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from circletime.audit.actions import record
from circletime.core.addresses import check_address
from circletime.core.errors import Refused
from circletime.core.ids import public_id
from circletime.core.languages import ENGLISH
from circletime.notices.entry import write_entry
from circletime.notices.models import Letter
from circletime.notices.rules import (
    ENDED,
    LETTER_LEASE,
    Calendar,
    Channel,
    Kind,
    State,
    check_calendar,
    check_resend,
    check_see_letters,
    check_stop,
    check_words,
    is_given_up,
    one_line,
    tried_again_after,
)
from circletime.notices.trouble import Refusal, Trouble
from circletime.people.models import User
from circletime.policy.limits import LETTER_KEPT


@transaction.atomic
def enqueue(
    *,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    language: str = ENGLISH.code,
    calendar: Calendar | None = None,
    kind: Kind,
    about: str,
    channel: Channel = Channel.EMAIL,
    reply_to: str = "",
    by: User | str,
    now: datetime,
) -> Letter:
    """Put a letter into the outbox, in the transaction of whatever it tells of: both are, or neither.

    `about` is what the log names it under, as: case:…; `kind` decides who of the staff may read it. It is
    kept for a while, so no password may stand in it. Raises `Refused` when it could never be sent.
    A message for a webhook is `to` whom it is for, in words.
    """
    address = check_address(to) if channel == Channel.EMAIL else one_line(to)
    tidy_subject, tidy_text, tidy_html = check_words(subject, text, html)
    if calendar is not None:
        check_calendar(calendar)
    name = public_id()
    letter = Letter.objects.create(
        public_id=name,
        message_id=f"<{name}@{_host()}>",
        channel=channel,
        kind=kind,
        about=about,
        to=address,
        reply_to=check_address(reply_to, name="reply_to") if reply_to else "",
        subject=tidy_subject,
        text=tidy_text,
        html=tidy_html,
        language=language,
        calendar=write_entry(calendar, to=address, now=now) if calendar is not None else "",
        made_at=now,
        queued_at=now,
        due_at=now,
    )
    _record("queued", letter, by=by, now=now, letter_kind=kind)
    return letter


@transaction.atomic
def resend(*, letter: Letter, by: User, now: datetime) -> Letter:
    """Have it sent again, because somebody asks for it. Answers the letter that is sent.

    One that failed goes out as it is. One that was sent goes out as a new letter: mail programs show a
    second one of the same Message-ID to nobody.
    """
    check_see_letters(by.roles)
    fresh = Letter.objects.select_for_update().get(pk=letter.pk)
    check_resend(fresh.state, emptied=fresh.emptied_at is not None)
    again = _copy(fresh, now) if fresh.state == State.SENT else fresh
    again.state, again.tries, again.trouble, again.code = State.WAITING, 0, Trouble.NONE, None
    again.queued_at, again.due_at, again.ended_at = now, now, None
    again.save()
    _record("queued_again", again, by=by, now=now, instead_of=fresh.public_id)
    return again


def _copy(letter: Letter, now: datetime) -> Letter:
    name = public_id()
    kept = ("channel", "kind", "about", "to", "reply_to", "subject", "text", "html", "language", "calendar")
    return Letter(
        public_id=name,
        message_id=f"<{name}@{_host()}>",
        made_at=now,
        **{field: getattr(letter, field) for field in kept},
    )


@transaction.atomic
def give_up(*, letter: Letter, by: User | str, now: datetime) -> None:
    """Stop a letter that was not sent: it is not tried again, and nobody is reminded of it.

    `by` is a person, whose roles are checked, or the program's own name when what it tells of is over.
    """
    if isinstance(by, User):
        check_see_letters(by.roles)
    fresh = Letter.objects.select_for_update().get(pk=letter.pk)
    check_stop(fresh.state)
    fresh.state, fresh.ended_at = State.STOPPED, now
    fresh.save(update_fields=["state", "ended_at"])
    _record("stopped", fresh, by=by, now=now)


@transaction.atomic
def stop_all(*, by: str, now: datetime) -> int:
    """What waits is not sent: an older state of the school was put back, and most of it went out since.

    Answers how many there were. A person may have each sent again.
    """
    open_ones = Letter.objects.select_for_update().filter(state__in=(State.WAITING, State.SENDING))
    found = list(open_ones.order_by("pk"))
    for letter in found:
        letter.state, letter.ended_at, letter.claimed_until = State.STOPPED, now, None
        letter.save(update_fields=["state", "ended_at", "claimed_until"])
        _record("stopped", letter, by=by, now=now)
    return len(found)


def take_letter(*, now: datetime, channel: Channel = Channel.EMAIL) -> Letter | None:
    """Take the letter that is due, or None. Should its taker die, it is due again when the lease ends.

    Nobody knows then whether it was sent, so it may come twice; that is counted.
    """
    waiting = Q(state=State.WAITING, due_at__lte=now)
    left = Q(state=State.SENDING, claimed_until__lte=now)
    due = Letter.objects.filter(waiting | left, channel=channel).order_by("due_at", "pk")
    for pk, state, tries in due.values_list("pk", "state", "tries")[:20]:
        mine = Letter.objects.filter(pk=pk, state=state, tries=tries)
        taken = {"state": State.SENDING, "tries": tries + 1, "claimed_until": now + LETTER_LEASE}
        if mine.update(**taken, unsure=F("unsure") + (1 if state == State.SENDING else 0)):
            return Letter.objects.get(pk=pk)
    return None


@transaction.atomic
def letter_sent(*, letter: Letter, by: str, now: datetime) -> None:
    """The mail server has taken it."""
    if _settle(letter, state=State.SENT, sent_at=now, ended_at=now, trouble=Trouble.NONE, code=None):
        _record("sent", letter, by=by, now=now, tries=letter.tries)


@transaction.atomic
def letter_refused(*, letter: Letter, refusal: Refusal, by: str, now: datetime) -> None:
    """The mail server has not taken it: it waits for its next try, or has failed.

    Where it would be the same with every letter, all that are due wait as well; none loses a try by it.
    """
    if not refusal.for_good and is_given_up(letter.queued_at, now):
        refusal = Refusal(Trouble.TOO_OLD, refusal.code)
    told: dict[str, Any] = {"trouble": refusal.trouble, "code": refusal.code}
    if refusal.for_good:
        if _settle(letter, state=State.FAILED, ended_at=now, **told):
            _record("failed", letter, by=by, now=now, tries=letter.tries, **told)
        return
    due = now + tried_again_after(letter.tries, server=refusal.of_the_server)
    unsure = F("unsure") + (1 if refusal.unsure else 0)
    _settle(letter, state=State.WAITING, due_at=due, unsure=unsure, **told)
    if refusal.of_the_server:
        others = Letter.objects.filter(state=State.WAITING, due_at__lte=now, channel=letter.channel)
        others.update(due_at=due, **told)


@transaction.atomic
def letter_withdrawn(*, letter: Letter, by: str, now: datetime) -> None:
    """It was about to be sent, and may not go any more to whom it was for."""
    if _settle(letter, state=State.STOPPED, ended_at=now, trouble=Trouble.NONE, code=None):
        _record("withdrawn", letter, by=by, now=now)


@transaction.atomic
def hurry(*, letter: Letter, by: User, now: datetime) -> bool:
    """Have a letter that waits for its next try tried now. Answers whether it waited."""
    check_see_letters(by.roles)
    waiting = Letter.objects.filter(pk=letter.pk, state=State.WAITING, due_at__gt=now)
    if not waiting.update(due_at=now):
        return False
    _record("hurried", letter, by=by, now=now)
    return True


@transaction.atomic
def bounced(*, letter: Letter, by: User, now: datetime) -> None:
    """A person has seen that a letter which was sent came back: it has failed after all."""
    check_see_letters(by.roles)
    sent = Letter.objects.filter(pk=letter.pk, state=State.SENT)
    if not sent.update(state=State.FAILED, trouble=Trouble.CAME_BACK, code=None):
        raise Refused("not_sent", "This letter was not sent, so it cannot have come back.")
    _record("bounced", letter, by=by, now=now)


def _settle(letter: Letter, **outcome: Any) -> bool:
    """Write down what became of it, unless another worker has it by now."""
    mine = Letter.objects.filter(pk=letter.pk, state=State.SENDING, tries=letter.tries)
    return bool(mine.update(claimed_until=None, **outcome))


@transaction.atomic
def empty_letter(*, letter: Letter, by: str, now: datetime) -> None:
    """Forget the address and the words of a letter that ended long ago; that it was sent stays known."""
    old = Letter.objects.filter(
        pk=letter.pk, state__in=ENDED, ended_at__lte=now - LETTER_KEPT, emptied_at=None
    )
    nothing = dict.fromkeys(("to", "reply_to", "subject", "text", "html", "calendar"), "")
    if old.update(emptied_at=now, **nothing):
        _record("emptied", letter, by=by, now=now)


@transaction.atomic
def empty_letters_to(*, addresses: Collection[str], by: str, now: datetime) -> int:
    """Somebody is erased: what waits for these addresses is stopped, and every letter to them is emptied.

    Answers how many there were.
    """
    wanted = [address for address in addresses if address]
    nothing = dict.fromkeys(("to", "reply_to", "subject", "text", "html", "calendar"), "")
    found = list(Letter.objects.select_for_update().filter(to__in=wanted, emptied_at=None).order_by("pk"))
    for letter in found:
        if letter.state not in ENDED:
            letter.state, letter.ended_at, letter.claimed_until = State.STOPPED, now, None
            _record("stopped", letter, by=by, now=now)
        for name, empty in nothing.items():
            setattr(letter, name, empty)
        letter.emptied_at = now
        letter.save()
        _record("emptied", letter, by=by, now=now)
    return len(found)


def _record(verb: str, letter: Letter, *, by: User | str, now: datetime, **data: Any) -> None:
    actor = by.actor if isinstance(by, User) else by
    record(f"notices.letter.{verb}", by=actor, subject=letter.about, now=now, letter=letter.public_id, **data)


def _host() -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"[IPv6:{host}]" if ":" in host else host
