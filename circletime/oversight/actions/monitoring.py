"""Meetings are drawn once a month, and what was found in them is kept (C5)."""

from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from circletime.audit.actions import forget_words, record
from circletime.audit.queries import end_before
from circletime.meetings.models import Meeting
from circletime.notices.rules import Kind
from circletime.oversight.actions.letters import write_to
from circletime.oversight.models import Draw, DrawnMeeting
from circletime.oversight.queries.monitoring import beginning, hosted, list_candidates
from circletime.oversight.rules.monitoring import check_found, check_look, drawn_of, month_before
from circletime.people.models import User
from circletime.people.queries import get_school, list_active_with
from circletime.people.rules import Role, check_said


@transaction.atomic
def draw_meetings(*, month: date, by: str, now: datetime) -> Draw | None:
    """Draw a few of the last month's meetings to be looked at in `month`; None where none was held.

    The seed is the end of the log when `month` began, so neither the worker nor the hour it runs at decides.
    """
    candidates = {each.public_id: each for each in list_candidates(month)}
    if not candidates:
        return None
    row, digest = end_before(beginning(month))
    draw = Draw.objects.create(
        month=month, row=row, digest=digest, candidates=sorted(candidates), drawn_at=now
    )
    drawn = drawn_of(digest, candidates)
    DrawnMeeting.objects.bulk_create(
        DrawnMeeting(draw=draw, meeting=candidates[each], place=place)
        for place, each in enumerate(drawn, start=1)
    )
    record(
        "oversight.draw.made",
        by=by,
        subject=draw.subject,
        now=now,
        row=row,
        seed=digest,
        candidates=len(candidates),
        drawn=drawn,
    )
    _tell(draw, len(drawn), by=by, now=now)
    return draw


@transaction.atomic
def write_finding(*, drawn: DrawnMeeting, found: str, note: str, by: User, now: datetime) -> DrawnMeeting:
    """Keep what was found in a drawn meeting. It is said once."""
    fresh = DrawnMeeting.objects.select_for_update(of=("self",)).select_related("meeting", "draw")
    locked = fresh.get(pk=drawn.pk)
    check_look(by.roles, hosted=hosted(by, locked.meeting), looked=locked.looked_at is not None)
    locked.found = check_found(found)
    locked.note = check_said(note, "Say what you looked at and what you saw.", field="note")
    locked.looked_by, locked.looked_at = by, now
    locked.save(update_fields=["found", "note", "looked_by", "looked_at"])
    record(
        "oversight.draw.looked",
        by=by.actor,
        subject=locked.draw.subject,
        now=now,
        words=locked.note,
        meeting=locked.meeting.public_id,
        found=locked.found,
    )
    return locked


@transaction.atomic
def forget_note(*, meeting: Meeting, by: str, now: datetime) -> None:
    """What was written about a drawn meeting goes with its register; what was found stays.

    The log's commitments to the notes of that month's other meetings lose their salts too: they are as old.
    """
    for drawn in DrawnMeeting.objects.select_related("draw").filter(meeting=meeting).exclude(note=""):
        DrawnMeeting.objects.filter(pk=drawn.pk).update(note="")
        forget_words(subject=drawn.draw.subject, by=by, now=now)


def _tell(draw: Draw, count: int, *, by: str, now: datetime) -> None:
    text = _LETTER.format(
        count=count,
        meetings="meeting was" if count == 1 else "meetings were",
        of=f"{month_before(draw.month):%B}",
        month=f"{draw.month:%B}",
        link=settings.PUBLIC_URL + reverse("monitoring"),
        school=get_school().name,
    )
    write_to(
        list_active_with({Role.DSL}),
        subject=f"Meetings to look at in {draw.month:%B}",
        text=text,
        kind=Kind.MONITORING,
        about=draw.subject,
        by=by,
        now=now,
    )


_LETTER = (
    "{count} {meetings} drawn by lot from those of {of}, for you to look at before the end of {month}. Begin "
    "with the one whose recording goes first: none is kept longer for this.\n\n{link}\n\n{school}\n"
)
