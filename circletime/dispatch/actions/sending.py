"""What the office does about a notice: send what has not gone, send again, tick what went otherwise."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.dispatch.actions.writing import (
    can_be_mailed,
    has_links,
    links_until,
    names_work,
    ping,
    post,
    told_of,
)
from circletime.dispatch.models import Delivery, Notice
from circletime.dispatch.queries.reach import allowed, is_current, standing_of
from circletime.dispatch.rules import REACHED, Channel, Standing, check_by_hand, check_hand_out, check_see
from circletime.notices import actions as notices
from circletime.notices.models import Letter
from circletime.notices.rules import State as LetterState
from circletime.notices.rules import can_resend
from circletime.people import links
from circletime.people.models import User


@transaction.atomic
def send_waiting(*, notice: Notice, by: User, now: datetime, only: str = "") -> int:
    """Send what has not gone: what waits is tried now, what failed is written anew. Answers how many.

    `only` names one delivery. Pressed by two people at once, each letter goes once.
    """
    fresh = _lock(notice, by, now)
    rows = _rows(fresh).filter(public_id=only) if only else _rows(fresh)
    went = sum(_send_one(fresh, row, by, now) for row in list(rows))
    if not only and fresh.message is None and not fresh.pinged_at:
        fresh.message = ping(fresh, by=by, now=now)
        fresh.save(update_fields=["message"])
    record(
        "dispatch.notice.sent", by=by.actor, subject=fresh.about, now=now, notice=fresh.public_id, number=went
    )
    return went


@transaction.atomic
def send_day(*, day: date, by: User, now: datetime) -> int:
    """Send what has not gone of every notice on this day's list. Answers how many letters."""
    check_see(by.roles)
    return sum(
        send_waiting(notice=notice, by=by, now=now)
        for notice in Notice.objects.filter(day=day)
        if is_current(notice, now)
    )


@transaction.atomic
def send_again(*, delivery: Delivery, seen_letter: str, by: User, now: datetime) -> Letter:
    """Send one that has gone once more, as a new letter. `seen_letter` is the one the clerk saw go.

    Raises `Refused` when somebody else sent it again meanwhile, or when it may not go any more.
    """
    notice = _lock(delivery.notice, by, now)
    row = _rows(notice).get(pk=delivery.pk)
    if row.letter is None or row.letter.public_id != seen_letter:
        raise Refused("changed", "Somebody else has sent this one meanwhile. Look at the list again.")
    return _write_anew(notice, row, by, now)


@transaction.atomic
def send_all_again(*, notice: Notice, seen: int, by: User, now: datetime) -> int:
    """Send every letter of a notice once more. `seen` is how often that was done when the page was read."""
    fresh = _lock(notice, by, now)
    if fresh.sent_again != seen:
        raise Refused("changed", "Somebody else has sent all of these meanwhile. Look at the list again.")
    done: set[int] = set()
    went = 0
    for row in list(_rows(fresh)):
        if row.pk in done or row.letter is None or row.letter.state == LetterState.SENDING:
            continue
        contact = allowed(row, now)
        if contact is not None and can_be_mailed(contact):
            done |= {one.pk for one in _group(fresh, row)}
            _write_anew(fresh, row, by, now)
            went += 1
    fresh.sent_again += 1
    fresh.save(update_fields=["sent_again"])
    told: dict[str, Any] = {"notice": fresh.public_id, "number": went, "work": names_work(fresh)}
    record("dispatch.notice.sent_again", by=by.actor, subject=fresh.about, now=now, **told)
    return went


@transaction.atomic
def tick_told(*, deliveries: Iterable[str], notice: Notice, how: str, by: User, now: datetime) -> int:
    """The office has told these households itself: printed and given, by SchoolPing, or spoken (R5, T4)."""
    channel = check_by_hand(how)
    fresh = _lock(notice, by, now, current=False)
    rows = _rows(fresh).filter(public_id__in=list(deliveries), told_at=None)
    number = Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        told_how=channel, told_at=now, told_by=by
    )
    if number:
        told: dict[str, Any] = {"notice": fresh.public_id, "how": channel.value, "number": number}
        record("dispatch.household.told", by=by.actor, subject=fresh.about, now=now, **told)
    return number


@transaction.atomic
def take_tick_back(*, delivery: Delivery, by: User, now: datetime) -> None:
    """It was ticked by mistake."""
    fresh = _lock(delivery.notice, by, now, current=False)
    ticked = Delivery.objects.filter(pk=delivery.pk, told_at__isnull=False)
    if ticked.update(told_how="", told_at=None, told_by=None):
        told: dict[str, Any] = {"notice": fresh.public_id, "delivery": delivery.public_id}
        record("dispatch.household.tick_taken_back", by=by.actor, subject=fresh.about, now=now, **told)


@transaction.atomic
def tick_pinged(*, notice: Notice, by: User, now: datetime) -> None:
    """The message went out through SchoolPing, to every household of the class (R2, T12)."""
    fresh = _lock(notice, by, now, current=False)
    if fresh.pinged_at is not None:
        raise Refused("ticked", "This is ticked already.")
    fresh.pinged_at, fresh.pinged_by = now, by
    fresh.save(update_fields=["pinged_at", "pinged_by"])
    open_ones = [row.pk for row in _rows(fresh) if standing_of(row) not in REACHED and row.told_at is None]
    Delivery.objects.filter(pk__in=open_ones).update(told_how=Channel.SCHOOLPING, told_at=now, told_by=by)
    told: dict[str, Any] = {"notice": fresh.public_id, "number": len(open_ones)}
    record("dispatch.notice.pinged", by=by.actor, subject=fresh.about, now=now, **told)


@transaction.atomic
def came_back(*, delivery: Delivery, by: User, now: datetime) -> None:
    """A mail that was taken came back later (a bounce): the household was not told by it."""
    fresh = _lock(delivery.notice, by, now, current=False)
    row = _rows(fresh).get(pk=delivery.pk)
    if row.letter is None:
        raise Refused("no_letter", "There was no e-mail to this household.")
    notices.bounced(letter=row.letter, by=by, now=now)


@transaction.atomic
def hand_out_links(*, notice: Notice, by: User, now: datetime) -> list[Delivery]:
    """The rows of a notice with their links, for SchoolPing or for paper. Who took them out is kept."""
    check_hand_out(by.roles)
    fresh = _lock(notice, by, now, current=False)
    rows = list(_rows(fresh))
    told: dict[str, Any] = {"notice": fresh.public_id, "number": len(rows)}
    record("dispatch.links.handed_out", by=by.actor, subject=fresh.about, now=now, **told)
    return rows


@transaction.atomic
def link_opened(*, hashed: str, now: datetime) -> None:
    """A link with this hash was opened: the household has seen its letter. Kept the first time."""
    row = Delivery.objects.select_related("notice").filter(link__token_hash=hashed, seen_at=None).first()
    if row is not None and Delivery.objects.filter(pk=row.pk, seen_at=None).update(seen_at=now):
        told: dict[str, Any] = {"notice": row.notice.public_id, "delivery": row.public_id}
        record("dispatch.link.opened", by=f"link:{row.link_id}", subject=row.notice.about, now=now, **told)


def _lock(notice: Notice, by: User, now: datetime, *, current: bool = True) -> Notice:
    check_see(by.roles)
    fresh = Notice.objects.select_for_update(of=("self",)).get(pk=notice.pk)
    if current and not is_current(fresh, now):
        raise Refused("over", "This is over, or something newer was told since. It is not sent any more.")
    return fresh


def _rows(notice: Notice) -> QuerySet[Delivery]:
    related = ("letter", "household", "adult", "link", "notice")
    return Delivery.objects.filter(notice=notice).select_related(*related).prefetch_related("pupils")


def _send_one(notice: Notice, row: Delivery, by: User, now: datetime) -> bool:
    stands = standing_of(row)
    if stands == Standing.READY and row.letter is not None:
        return notices.hurry(letter=row.letter, by=by, now=now)
    if stands not in (Standing.FAILED, Standing.STOPPED, Standing.NO_ADDRESS):
        return False
    fresh = Delivery.objects.select_related("letter").get(pk=row.pk)
    contact = allowed(row, now)
    if contact is None or not can_be_mailed(contact) or standing_of(fresh) != stands:
        return False  # the other household of the same adult may have brought it along
    _write_anew(notice, row, by, now)
    return True


def _write_anew(notice: Notice, row: Delivery, by: User, now: datetime) -> Letter:
    group = []
    for one in _group(notice, row):
        contact = allowed(one, now)
        if contact is not None:
            group.append((one, contact))
    if not group or not can_be_mailed(group[0][1]):
        raise NotAllowed("This adult may not be written to, or has no address any more.")
    until = links_until(notice, now)
    old = {one.letter.pk: one.letter for one, _ in group if one.letter is not None}
    for letter in old.values():
        if letter.state in (LetterState.WAITING, LetterState.FAILED):
            notices.give_up(letter=letter, by=by, now=now)
        elif not can_resend(letter.state, emptied=False):
            raise Refused("under_way", "This letter is on its way at this moment.")
    for one, _ in group:
        dead = one.link is None or one.link.burned_at is not None or one.link.expires_at <= now
        if dead and has_links(notice):
            (one.link,) = links.make_links(
                [one.household], until=until, about=notice.about, by=by.actor, now=now
            )
    made = post(notice, told_of(notice), group, until=until, by=by, now=now)
    for one, _ in group:
        one.sent_before = one.sent_before or _sent_at(one.letter)
        one.letter = made
        one.save(update_fields=["letter", "link", "sent_before"])
    return made


def _sent_at(letter: Letter | None) -> datetime | None:
    return letter.sent_at if letter is not None and letter.state == LetterState.SENT else None


def _group(notice: Notice, row: Delivery) -> list[Delivery]:
    """This row, and those of the same adult's other households, which share its letter."""
    if row.adult is None:
        return [row]
    return [one for one in _rows(notice) if one.adult == row.adult]
