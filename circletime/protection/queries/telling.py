"""Which meetings' families have to be counted before somebody is taken out of their sheets."""

from collections.abc import Iterable

from circletime.dispatch.models import Delivery
from circletime.dispatch.queries.counts import Asked
from circletime.meetings.models import Expected, Meeting, Seat
from circletime.meetings.rules import Kind, State
from circletime.people.models import ContactRestriction
from circletime.protection.queries.people import Family


def meetings_told(family: Family) -> list[Meeting]:
    """The meetings whose figures would change without these people."""
    pupils, adults = [each.pk for each in family.pupils], [each.pk for each in family.adults]
    homes = [each.pk for each in family.households]
    abouts = set(Delivery.objects.filter(pupils__in=pupils).values_list("notice__about", flat=True))
    abouts |= set(Delivery.objects.filter(adult__in=adults).values_list("notice__about", flat=True))
    abouts |= set(Delivery.objects.filter(household__in=homes).values_list("notice__about", flat=True))
    # A restriction says whom nobody had to write to, and goes with whom it is about.
    barred = ContactRestriction.objects.filter(adult__in=adults) | ContactRestriction.objects.filter(
        household__in=homes
    )
    children = {*pupils, *barred.values_list("pupil", flat=True)}
    meetings = set(Expected.objects.filter(pupil__in=children).values_list("meeting", flat=True))
    meetings |= set(Seat.objects.filter(pupil__in=children).values_list("meeting", flat=True))
    names = [about.removeprefix("meeting:") for about in abouts if about.startswith("meeting:")]
    found = Meeting.objects.filter(pk__in=meetings) | Meeting.objects.filter(public_id__in=names)
    return list(found.distinct().order_by("pk"))


def of_meetings(meetings: Iterable[Meeting]) -> tuple[list[Asked], list[Asked]]:
    """What the report asks of these meetings: how families were told to join, and of a breaking off."""
    joined, off = [], []
    for meeting in meetings:
        if meeting.kind == Kind.STAFF:
            continue
        ended = meeting.ended_at
        if meeting.live_at is not None:
            expected = Expected.objects.filter(meeting=meeting, pupil__isnull=False)
            children = frozenset(pk for pk in expected.values_list("pupil", flat=True) if pk is not None)
            joined.append(Asked(meeting.subject, meeting.live_at, children or None))
        if meeting.state == State.ABORTED and ended is not None:
            off.append(Asked(meeting.subject, ended))
    return joined, off
