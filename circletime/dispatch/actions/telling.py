"""Telling families: each of these is part of the transaction of what it tells of (R1, R2, R5, T12)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from circletime.audit.actions import record
from circletime.dispatch.actions.writing import By, actor_of, can_be_mailed, choose, deliver, names_work, ping
from circletime.dispatch.models import Delivery, Notice
from circletime.dispatch.queries.contacts import Audience, Contact, contacts_of
from circletime.dispatch.rules import INVITES, Gathering, Reason, What, read_reason, words_for_families
from circletime.notices.actions import give_up
from circletime.notices.models import Letter
from circletime.notices.rules import State as LetterState
from circletime.people.models import Household, Pupil


@transaction.atomic
def tell_scheduled(
    *, meeting: Gathering, audience: Audience, by: By, now: datetime, instead: bool = False
) -> Notice:
    """A meeting is in the calendar: what for, when, and how to join (R2); that it is for teaching (R5).

    `instead` says that it takes the place of one that was broken off (T12).
    """
    what = What.TEACHING if meeting.teaching else What.ACCESS
    return _tell(what, meeting, audience, audience.contacts(now), by, now, instead=instead)


@transaction.atomic
def tell_moved(*, meeting: Gathering, audience: Audience, by: By, now: datetime) -> Notice:
    """It has another time. Letters that still wait with the old one are not sent any more."""
    stop_invitations(meeting.about, by=by, now=now)
    return _tell(What.MOVED, meeting, audience, audience.contacts(now), by, now)


@transaction.atomic
def tell_cancelled(*, meeting: Gathering, audience: Audience, by: By, now: datetime) -> Notice:
    """It does not take place. Those are told who have been told of it; for the others there was none."""
    stop_invitations(meeting.about, by=by, now=now)
    knew = _who_knew(meeting.about)
    contacts = [one for one in audience.contacts(now) if one.household.pk in knew]
    return _tell(What.CANCELLED, meeting, audience, contacts, by, now)


@transaction.atomic
def tell_aborted(
    *,
    meeting: Gathering,
    audience: Audience,
    reason: str,
    names: Sequence[str],
    following: Gathering | None,
    by: By,
    now: datetime,
    technical: bool = False,
) -> Notice:
    """It was broken off: why, and when the next one is (T12).

    `reason` is one of the ready ones or the host's own words, which a whole class reads only where they name
    none of `names`. `technical` is for what no host has given a reason for.
    """
    stop_invitations(meeting.about, by=by, now=now)
    read = Reason.TECHNICAL if technical else read_reason(reason)
    own = words_for_families(reason, names) if read == Reason.OTHER else ""
    return _tell(
        What.ABORTED,
        meeting,
        audience,
        audience.contacts(now),
        by,
        now,
        following=following.as_json() if following is not None else {},
        reason=read,
        reason_words=own[:300],
    )


@transaction.atomic
def tell_conduct(
    *, title: str, homes: Iterable[Household], version: str, by: By, now: datetime, due_on: date | None = None
) -> Notice:
    """There is a document to accept, as the code of conduct, on each of these families' page (R1).

    `title` is its English name, `version` names it in the log. Whoever was told of this version today is
    not told again.
    """
    about, day = f"document:{version}", _day(now)
    notice = Notice.objects.filter(about=about, what=What.CONDUCT, day=day).first()
    if notice is None:
        notice = Notice.objects.create(
            what=What.CONDUCT, about=about, day=day, made_at=now, title=title[:120], due_on=due_on
        )
    asked = list(homes)
    everybody = contacts_of(Pupil.objects.filter(households__in=asked).distinct(), day)
    _deliver_new(notice, [one for one in everybody if one.household in asked], by, now)
    return notice


@transaction.atomic
def tell_newcomers(*, meeting: Gathering, audience: Audience, by: By, now: datetime) -> int:
    """Tell those who came since: a family that is new in the class, an adult who has an address now.

    Answers how many.
    """
    invites = Notice.objects.select_for_update(of=("self",)).filter(about=meeting.about, what__in=INVITES)
    notice = invites.order_by("made_at", "pk").last()
    if notice is None:
        return len(
            Delivery.objects.filter(notice=tell_scheduled(meeting=meeting, audience=audience, by=by, now=now))
        )
    return _deliver_new(notice, audience.contacts(now), by, now)


@transaction.atomic
def stop_invitations(about: str, *, by: By, now: datetime) -> int:
    """Letters that wait and invite to what is not so any more are not sent. Answers how many."""
    mine = Delivery.objects.filter(notice__about=about, notice__what__in=INVITES)
    waiting = Letter.objects.filter(pk__in=mine.values("letter"), state=LetterState.WAITING)
    messages = Notice.objects.filter(about=about, what__in=INVITES).values("message")
    every = [*waiting, *Letter.objects.filter(pk__in=messages, state=LetterState.WAITING)]
    for letter in every:
        give_up(letter=letter, by=actor_of(by), now=now)
    return len(every)


def _tell(
    what: What,
    meeting: Gathering,
    audience: Audience,
    contacts: list[Contact],
    by: By,
    now: datetime,
    **more: Any,
) -> Notice:
    notice = Notice.objects.create(
        what=what,
        about=meeting.about,
        school_class=audience.school_class,
        day=_day(meeting.starts_at),
        made_at=now,
        gathering=meeting.as_json(),
        **more,
    )
    rows = deliver(notice, choose(contacts), by=by, now=now)
    notice.message = ping(notice, by=by, now=now) if rows else None
    notice.save(update_fields=["message"])
    _record(notice, rows, by, now)
    return notice


def _deliver_new(notice: Notice, contacts: list[Contact], by: By, now: datetime) -> int:
    rows = Delivery.objects.filter(notice=notice)
    idle = set(rows.filter(letter=None, told_at=None).values_list("household_id", "adult_id"))
    done = set(rows.values_list("household_id", "adult_id")) - idle
    fresh = [one for one in choose(contacts) if can_be_mailed(one) or _key(one) not in idle]
    fresh = [one for one in fresh if _key(one) not in done]
    # A household that could not be written to, and can now, does not wait for a person any more.
    homes = [one.household for one in fresh]
    rows.filter(household__in=homes, letter=None, told_at=None).delete()
    made = deliver(notice, fresh, by=by, now=now)
    if made:
        _record(notice, made, by, now)
    return len(made)


def _key(contact: Contact) -> tuple[int, int | None]:
    return contact.household.pk, contact.adult.pk if contact.adult is not None else None


def _who_knew(about: str) -> set[int]:
    rows = Delivery.objects.filter(notice__about=about, notice__what__in=INVITES).select_related("letter")
    gone = (LetterState.SENT, LetterState.SENDING)
    return {
        row.household_id
        for row in rows
        if row.told_at is not None or (row.letter is not None and row.letter.state in gone)
    }


def _record(notice: Notice, rows: list[Delivery], by: By, now: datetime) -> None:
    letters = len({row.letter_id for row in rows if row.letter_id})
    without = sum(row.letter_id is None for row in rows)
    told: dict[str, Any] = {
        "notice": notice.public_id,
        "what": notice.what,
        "letters": letters,
        "without_address": without,
    }
    if notice.what in INVITES:
        told["work"] = names_work(notice)
    record("dispatch.notice.told", by=actor_of(by), subject=notice.about, now=now, **told)


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()
