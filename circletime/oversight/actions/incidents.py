"""What may be done with an incident: reported, given to somebody, worked on, closed, opened again (C6)."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings.models import Meeting
from circletime.meetings.queries import can_see as can_see_meeting
from circletime.notices.rules import Kind as LetterKind
from circletime.oversight.actions.letters import write_to
from circletime.oversight.models import Incident, IncidentStep
from circletime.oversight.queries.incidents import (
    is_concerned,
    may_work,
    recording_of,
    whom_to_tell,
)
from circletime.oversight.rules import incidents as rules
from circletime.oversight.rules.incidents import Entry, Event, Kind, State
from circletime.people.models import Pupil, User
from circletime.people.queries import get_school
from circletime.people.rules import check_said
from circletime.recordings.actions import holds

NOBODY_ELSE = (
    "Nobody else here would hear of it: it is about the only one who answers for incidents. Tell the chair "
    "of governors or the local authority's designated officer, not this page."
)


@transaction.atomic
def report(
    *,
    kind: str,
    meeting: Meeting | None = None,
    pupil: Pupil | None = None,
    staff: User | None = None,
    somebody: str = "",
    what: str,
    happened_at: datetime | None,
    known_at: datetime | None = None,
    keep: bool = False,
    by: User,
    now: datetime,
) -> Incident:
    """Write down what happened and tell headteacher and safeguarding lead at once. Raises `Refused`.

    Whom it is about hears nothing of it. With `keep` the meeting's recording is kept until it is closed;
    where that cannot be done any more, the report still goes.
    """
    rules.check_report(by.roles)
    sort = rules.check_kind(kind)
    if meeting is not None and not can_see_meeting(by, meeting):
        raise NotAllowed("This is no meeting of yours.")
    told = whom_to_tell(staff)
    if not told:
        raise Refused("nobody", NOBODY_ELSE, field="staff")
    incident = Incident(
        kind=sort,
        meeting=meeting,
        pupil=pupil,
        staff=staff,
        somebody=rules.check_whom(sort, somebody=somebody, anybody=bool(pupil or staff)),
        what=check_said(what, "Say what happened.", field="what"),
        happened_at=rules.check_moment(happened_at, now, field="happened_at"),
        reported_by=by,
        reported_at=now,
    )
    if sort == Kind.BREACH:
        incident.known_at = rules.check_moment(known_at or now, now, field="known_at")
    incident.save()
    _write(incident, Entry.REPORTED, by=by, now=now)
    record(
        "oversight.incident.reported",
        by=by.actor,
        subject=incident.subject,
        now=now,
        words=incident.what,
        incident=sort,
        meeting=meeting.public_id if meeting is not None else "",
    )
    if keep:
        _keep(incident, by=by, now=now)
    _tell(incident, told, "An incident was reported", _REPORTED, by=by, now=now)
    return incident


@transaction.atomic
def take(*, incident: Incident, owner: User | None, by: User, now: datetime) -> Incident:
    """Say who has it in hand: oneself, or another senior leader, who is written to."""
    fresh = _lock(incident)
    rules.check_answer(by.roles, concerned=is_concerned(by, fresh))
    if owner is None:
        raise Refused("owner", "Say who has it in hand.", field="owner", status=400)
    rules.check_owner(owner.roles, concerned=is_concerned(owner, fresh))
    fresh.state, fresh.owner = rules.next_state(State(fresh.state), Event.TAKE), owner
    fresh.save(update_fields=["state", "owner"])
    _write(fresh, Entry.TAKEN, owner.name, by=by, now=now)
    record("oversight.incident.taken", by=by.actor, subject=fresh.subject, now=now, owner=owner.actor)
    _look_again(fresh, now=now)
    if owner.pk != by.pk:
        _tell(fresh, [owner], "An incident was given to you", _GIVEN, by=by, now=now)
    return fresh


@transaction.atomic
def add_step(*, incident: Incident, text: str, by: User, now: datetime) -> Incident:
    """Write down what was done about it, or for whoever reported it, what else they know."""
    fresh = _lock(incident)
    if not may_work(by, fresh) and fresh.reported_by_id != by.pk:
        raise NotAllowed("This is not yours to write in.")
    rules.check_open(State(fresh.state))
    said = check_said(text, "Say what was done, or what else you know.", field="text")
    _write(fresh, Entry.NOTE, said, by=by, now=now)
    record("oversight.incident.step", by=by.actor, subject=fresh.subject, now=now, words=said)
    _look_again(fresh, now=now)
    return fresh


@transaction.atomic
def keep_recording(*, incident: Incident, by: User, now: datetime) -> Incident:
    """Keep the meeting's recording until the incident is closed."""
    fresh = _work_on(incident, by)
    if fresh.hold is not None and fresh.hold.released_at is None:
        raise Refused("kept", "The recording is kept already.")
    if not _keep(fresh, by=by, now=now):
        raise Refused("gone", "There is no recording of that meeting any more.")
    return fresh


@transaction.atomic
def decide_commissioner(
    *, incident: Incident, answer: str, at: datetime | None, note: str, by: User, now: datetime
) -> Incident:
    """Of a data breach: when the Information Commissioner was told, or why that need not be."""
    fresh = _lock(incident)
    rules.check_answer(by.roles, concerned=is_concerned(by, fresh))
    rules.check_open(State(fresh.state))
    decided = rules.check_commissioner(Kind(fresh.kind), fresh.commissioner, answer)
    moment = rules.check_moment(at, now, field="at")
    if fresh.known_at is not None and moment < fresh.known_at:
        raise Refused("at", "Choose a time after the breach became known.", field="at", status=400)
    said = check_said(note, "Say what they were told and their number for it, or why not.", field="note")
    fresh.commissioner, fresh.decided_at = decided, moment
    fresh.save(update_fields=["commissioner", "decided_at"])
    _write(fresh, Entry.COMMISSIONER, said, by=by, now=now)
    record(
        "oversight.incident.commissioner",
        by=by.actor,
        subject=fresh.subject,
        now=now,
        words=said,
        decided=decided,
        at=moment.isoformat(),
    )
    return fresh


@transaction.atomic
def close(*, incident: Incident, outcome: str, by: User, now: datetime) -> Incident:
    """Close it with its outcome in words. Who reported it is written to; the recording goes on its day."""
    fresh = _lock(incident)
    rules.check_answer(by.roles, concerned=is_concerned(by, fresh))
    state = rules.next_state(State(fresh.state), Event.CLOSE)
    rules.check_close(Kind(fresh.kind), fresh.commissioner)
    said = check_said(outcome, "Say in words what came of it.", field="outcome")
    fresh.state, fresh.outcome, fresh.closed_by, fresh.closed_at = state, said, by, now
    fresh.save(update_fields=["state", "outcome", "closed_by", "closed_at"])
    _write(fresh, Entry.CLOSED, said, by=by, now=now)
    record("oversight.incident.closed", by=by.actor, subject=fresh.subject, now=now, words=said)
    if fresh.hold is not None and fresh.hold.released_at is None:
        holds.release_hold(hold=fresh.hold, reason="The incident is closed", by=fresh.subject, now=now)
    if fresh.reported_by_id != by.pk:
        _tell(fresh, [fresh.reported_by], "What you reported was closed", _CLOSED, by=by, now=now)
    return fresh


@transaction.atomic
def reopen(*, incident: Incident, reason: str, by: User, now: datetime) -> Incident:
    """Open it again, with the reason. Its outcome stays in its history; who had it in hand has it again."""
    fresh = _lock(incident)
    rules.check_answer(by.roles, concerned=is_concerned(by, fresh))
    state = rules.next_state(State(fresh.state), Event.REOPEN)
    said = check_said(reason, "Say why it is opened again.", field="reason")
    fresh.state, fresh.outcome, fresh.closed_by, fresh.closed_at = state, "", None, None
    fresh.emptied_at = None  # what is written from now on is emptied in its turn
    fresh.save(update_fields=["state", "outcome", "closed_by", "closed_at", "emptied_at"])
    _write(fresh, Entry.REOPENED, said, by=by, now=now)
    record("oversight.incident.reopened", by=by.actor, subject=fresh.subject, now=now, words=said)
    if fresh.hold is not None:
        _keep(fresh, by=by, now=now)
    others = [user for user in whom_to_tell(fresh.staff) if user.pk != by.pk]
    _tell(fresh, others, "An incident was opened again", _REOPENED, by=by, now=now)
    return fresh


def _lock(incident: Incident) -> Incident:
    found = Incident.objects.select_for_update(of=("self",))
    return found.select_related("meeting", "staff", "owner", "reported_by", "hold").get(pk=incident.pk)


def _work_on(incident: Incident, by: User) -> Incident:
    fresh = _lock(incident)
    if not may_work(by, fresh):
        raise NotAllowed("Only who has it in hand does this, the headteacher, and the safeguarding lead.")
    rules.check_open(State(fresh.state))
    return fresh


def _write(incident: Incident, entry: Entry, text: str = "", *, by: User, now: datetime) -> None:
    IncidentStep.objects.create(incident=incident, at=now, by=by, entry=entry, text=text)


def _keep(incident: Incident, *, by: User, now: datetime) -> bool:
    """Hold the meeting's recording; the program does, for whoever asks. Answers whether it is kept."""
    recording = recording_of(incident.meeting)
    try:
        with transaction.atomic():
            hold = holds.place_hold(
                recordings=[recording] if recording is not None else [],
                reason="An incident",
                review_on=timezone.localtime(now).date() + rules.HOLD_REVIEWED_AFTER,
                by=incident.subject,
                now=now,
            )
    except Refused:
        _write(incident, Entry.NOT_KEPT, by=by, now=now)
        return False
    incident.hold = hold
    incident.save(update_fields=["hold"])
    _write(incident, Entry.KEPT, by=by, now=now)
    record("oversight.incident.kept", by=by.actor, subject=incident.subject, now=now, hold=hold.public_id)
    return True


def _look_again(incident: Incident, *, now: datetime) -> None:
    """Somebody had to do with it, so what is kept for it is looked at again later."""
    if incident.hold is not None and incident.hold.released_at is None:
        day = timezone.localtime(now).date() + rules.HOLD_REVIEWED_AFTER
        holds.review_hold(hold=incident.hold, review_on=day, by=incident.subject, now=now)


def _tell(incident: Incident, whom: list[User], subject: str, text: str, *, by: User, now: datetime) -> None:
    """A letter with a link to the page and nobody's name. Who does it is not written to about it."""
    kind = Kind(incident.kind)
    known = incident.known_at
    due = f"{timezone.localtime(rules.breach_due(known)):%-d %B %Y at %H:%M}" if known is not None else ""
    words = text.format(
        kind=kind.words,
        when=f"{timezone.localtime(incident.happened_at):%-d %B %Y at %H:%M}",
        breach=_BREACH.format(due=due) if due and not incident.commissioner else "",
        link=settings.PUBLIC_URL + reverse("incident", args=[incident.public_id]),
        school=get_school().name,
    )
    write_to(
        whom,
        subject=f"{subject}: {kind.words}",
        text=words,
        kind=LetterKind.INCIDENT,
        about=incident.subject,
        by=by,
        now=now,
    )


_BREACH = (
    "It is a data breach. Where it puts anybody at risk, the Information Commissioner has to be told by "
    "{due}.\n\n"
)

_REPORTED = (
    "An incident was reported: {kind}, of {when}.\n\n{breach}"
    "Nobody is named in this letter. What happened, and whom it is about, is on this page:\n{link}\n\n"
    "It stays open until somebody of you has closed it with its outcome.\n\n{school}\n"
)

_GIVEN = (
    "An incident was put into your hands: {kind}, of {when}.\n\n{breach}"
    "Nobody is named in this letter. Everything is on this page:\n{link}\n\n{school}\n"
)

_CLOSED = (
    "What you reported was closed: {kind}, of {when}.\n\n"
    "What came of it is on this page:\n{link}\n\n{school}\n"
)

_REOPENED = (
    "An incident was opened again: {kind}, of {when}.\n\n{breach}"
    "Why, and everything else, is on this page:\n{link}\n\n{school}\n"
)
