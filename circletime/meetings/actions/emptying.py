"""Names taken out of registers: of whole meetings when their time has come, of one person who is erased.

What is counted of a meeting stays the same: each person keeps a number within that meeting (`Seat.person`),
and two labels that were the same are the same again.
"""

from collections import defaultdict
from datetime import datetime
from random import SystemRandom

from django.db import transaction
from django.db.models import Max

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.meetings.actions.common import lock
from circletime.meetings.models import Expected, Happening, Meeting, Seat
from circletime.meetings.queries import person_key
from circletime.meetings.rules import SeatRole
from circletime.people.models import Adult, Pupil, User

GONE = "Not kept any more"
"""Stands where words were of which a report counts only that there were some."""

OWN_WORDS = ("note", "removed")
"""Of what a register keeps, these have the host's own words in them."""

_CALLED = {
    SeatRole.HOST: "Host",
    SeatRole.STAFF: "Colleague",
    SeatRole.ADULT: "Adult",
    SeatRole.PUPIL: "Child",
}


@transaction.atomic
def empty_register(*, meeting: Meeting, by: str, now: datetime) -> int:
    """Nobody can tell any more from this register who came; times, turns and counts stay.

    Answers how many people it named. Raises `Refused` while the meeting is not over.
    """
    locked = lock(meeting.pk)
    if not locked.is_over:
        raise Refused("not_over", "This meeting is not over.")
    if locked.emptied_at is not None:
        return 0
    people: dict[tuple[str, int], list[Seat | Expected]] = defaultdict(list)
    for seat in Seat.objects.filter(meeting=locked, person=None):
        people[person_key(seat)].append(seat)
    for row in Expected.objects.filter(meeting=locked, person=None):
        people[_key(row)].append(row)
    # In no order of the roster's, so that the number tells nothing.
    ways = list(people.values())
    SystemRandom().shuffle(ways)
    for number, rows in enumerate(ways, start=_next(locked)):
        _hide(rows, number, links=True)
    Happening.objects.filter(meeting=locked, kind__in=OWN_WORDS).update(text=GONE)
    locked.emptied_at = now
    locked.end_reason, locked.household = GONE if locked.end_reason else "", None
    locked.save(update_fields=["emptied_at", "end_reason", "household"])
    record("meetings.register.emptied", by=by, subject=locked.subject, now=now, people=len(people))
    return len(people)


@transaction.atomic
def take_out_of_registers(*, person: Pupil | Adult | User, by: str, now: datetime) -> int:
    """Nobody can tell any more from a register that this person came. Answers how many meetings named them.

    An account's number stays: it is what the log has, and its name is gone. Raises `Refused` while one of the
    meetings is not over.
    """
    whose = {type(person).__name__.lower(): person}
    rows: dict[int, list[Seat | Expected]] = defaultdict(list)
    for seat in Seat.objects.filter(**whose):
        rows[seat.meeting_id].append(seat)
    for expected in Expected.objects.filter(**whose):
        rows[expected.meeting_id].append(expected)
    for pk, found in sorted(rows.items()):
        locked = lock(pk)
        if not locked.is_over:
            raise Refused("not_over", "A meeting they belong to is not over.")
        _hide(found, _next(locked), links=not isinstance(person, User))
    if rows:
        subject = f"{type(person).__name__.lower()}:{person.pk}"
        record("meetings.person.taken_out", by=by, subject=subject, now=now, meetings=len(rows))
    return len(rows)


def _next(meeting: Meeting) -> int:
    highest = [
        model.objects.filter(meeting=meeting).aggregate(most=Max("person"))["most"] or 0
        for model in (Seat, Expected)
    ]
    return max(highest) + 1


def _key(row: Expected) -> tuple[str, int]:
    if row.pupil_id is not None:
        return ("pupil", row.pupil_id)
    return ("adult", row.adult_id) if row.adult_id is not None else ("user", row.user_id or 0)


def _hide(rows: list[Seat | Expected], number: int, *, links: bool) -> None:
    """One person's rows of one meeting: a number for the links, a label for each that was another."""
    labels: dict[str, str] = {}
    for row in rows:
        role = SeatRole(row.role) if isinstance(row, Seat) else SeatRole.PUPIL
        if isinstance(row, Expected) and row.pupil_id is None:
            # Only of children is it counted who was expected.
            row.delete()
            continue
        more = f", label {len(labels) + 1}" if labels and row.label not in labels else ""
        row.label = labels.setdefault(row.label, f"{_CALLED[role]} {number}{more}")
        if links:
            row.pupil = row.adult = row.user = None
            row.person = number
        if isinstance(row, Seat):
            row.key = ""
            row.gone_reason = GONE if row.gone_reason else ""
            Happening.objects.filter(seat=row, kind__in=OWN_WORDS).update(text=GONE)
        row.save()
