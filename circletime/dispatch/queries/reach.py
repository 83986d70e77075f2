"""Who has been told, and whether a letter may still go."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from circletime.dispatch.models import Delivery, Notice, WorkPlace
from circletime.dispatch.queries.contacts import Contact, contacts_of, to_mail_anew
from circletime.dispatch.rules import INVITES, REACHED, Standing, What, standing
from circletime.notices.models import Letter
from circletime.notices.rules import Kind
from circletime.people import links
from circletime.people.models import FamilyLink, Household, SchoolClass


def standing_of(row: Delivery) -> Standing:
    """Where a household stands. Its letter is read with it (`select_related`)."""
    return standing(
        letter=row.letter.state if row.letter is not None else None,
        told=row.told_at is not None,
        seen=row.seen_at is not None,
    )


def untold(about: str, contacts: Iterable[Contact]) -> list[Household]:
    """The households of these contacts that were not told of this meeting yet (R5)."""
    rows = Delivery.objects.filter(notice__about=about, notice__what__in=INVITES).select_related("letter")
    told = {row.household_id for row in rows if standing_of(row) in REACHED}
    return list(
        {one.household.pk: one.household for one in contacts if one.household.pk not in told}.values()
    )


def told_by_letter(notice: Notice) -> set[int]:
    """The adults a letter of this notice was written to."""
    rows = Delivery.objects.filter(notice=notice, letter__isnull=False, adult__isnull=False)
    return set(rows.values_list("adult_id", flat=True))


def is_current(notice: Notice, now: datetime) -> bool:
    """Whether what it tells is still so: nothing newer was told of the same meeting, nor is it over."""
    if notice.what == What.CONDUCT:
        return True
    later = Notice.objects.filter(about=notice.about, pk__gt=notice.pk)
    if later.exists():
        return False
    meeting = notice.meeting
    return notice.what not in INVITES or meeting is None or now < meeting.ends_at


def may_go(letter: Letter, now: datetime) -> bool:
    """Whether a letter about a meeting, or with a new link, may go at this moment to whom it is for.

    Asked right before it is sent: a contact restriction may have been noted, a child have left, or an address
    have changed since it was written.
    """
    if letter.kind == Kind.LINK:
        return _new_link_may_go(letter, now)
    if letter.kind != Kind.MEETING:
        return True
    rows = list(
        Delivery.objects.filter(notice__about=letter.about, adult__email__iexact=letter.to)
        .select_related("adult", "household")
        .prefetch_related("pupils")
    )
    return bool(rows) and all(_stands(row, now) for row in rows if _is_of(row, letter, rows))


def _new_link_may_go(letter: Letter, now: datetime) -> bool:
    alive = FamilyLink.objects.filter(
        pk__in=links.names_in(letter.text), burned_at=None, expires_at__gt=now
    ).select_related("household")
    return bool(alive) and all(
        letter.to.lower() in {one.address.lower() for one in to_mail_anew(link.household, now)}
        for link in alive
    )


def _is_of(row: Delivery, letter: Letter, rows: list[Delivery]) -> bool:
    # A copy that was sent again from the page of letters belongs to no row; then all of the address count.
    return row.letter_id == letter.pk or all(one.letter_id != letter.pk for one in rows)


def _stands(row: Delivery, now: datetime) -> bool:
    # A letter names its children: about each of them its reader has to be somebody who may be written to.
    contact = allowed(row, now)
    return contact is not None and set(contact.children) == set(row.pupils.all())


def allowed(row: Delivery, now: datetime) -> Contact | None:
    """This row's adult, as they may be written to today, or None."""
    today = timezone.localtime(now).date()
    for contact in contacts_of(row.pupils.all(), today, only=row.household):
        if contact.adult == row.adult:
            return contact
    return None


def told_of_abort(about: str) -> Notice | None:
    """What families are told of a meeting that was broken off."""
    return Notice.objects.filter(about=about, what=What.ABORTED).first()


def list_work_places(classes: Iterable[SchoolClass]) -> list[WorkPlace]:
    """Where the work of these classes goes on, as their pages of J2e, of those of which it is known (R4)."""
    found = WorkPlace.objects.filter(school_class__in=list(classes)).select_related("school_class")
    return list(found.order_by("school_class__name", "pk"))
