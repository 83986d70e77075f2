"""Inviting whoever asked to a viewing with a senior leader, changing it, calling it off (T10)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from circletime.access import words as letters
from circletime.access.actions.common import begin, check_running, frame_of, move, take_step, write
from circletime.access.models import Case, Invitation
from circletime.access.queries.case import open_invitation
from circletime.access.rules.case import Event, State
from circletime.access.rules.invitation import Where, can_lead, check_place, check_time, check_where
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.people.rules import check_said


@transaction.atomic
def invite(
    *,
    case: Case,
    starts_at: datetime | None,
    minutes: int,
    where: str,
    place: str,
    leader: User | None,
    by: User,
    now: datetime,
    link: str = "",
) -> Case:
    """Invite whoever asked. `link` is the supervised viewing's own page, where it is online."""
    fresh = begin(case, Event.INVITE, by=by, now=now)
    if fresh.state == State.STOPPED:
        return fresh
    made = Invitation(case=fresh, invited_by=by, invited_at=now)
    _fill(made, starts_at, minutes, where, place, leader, now)
    made.save()
    move(fresh, Event.INVITE, by=by, now=now, text=_words(made), invitation=made.public_id)
    _tell(fresh, made, by=by, now=now, link=link)
    return fresh


@transaction.atomic
def change_invitation(
    *,
    case: Case,
    starts_at: datetime | None,
    minutes: int,
    where: str,
    place: str,
    leader: User | None,
    by: User,
    now: datetime,
    link: str = "",
) -> Case:
    """Another time, another place or another leader; the entry in their calendar changes with it."""
    fresh = check_running(case, by=by)
    made = _open(fresh)
    _fill(made, starts_at, minutes, where, place, leader, now)
    made.sequence += 1
    made.save()
    text = f"Changed: {_words(made)}"
    take_step(fresh, "invite_changed", by=by, now=now, text=text, invitation=made.public_id)
    _tell(fresh, made, by=by, now=now, link=link)
    return fresh


@transaction.atomic
def call_off(*, case: Case, reason: str, by: User, now: datetime) -> Case:
    """The viewing does not take place; the request waits for another invitation."""
    fresh = begin(case, Event.CALL_OFF, by=by, now=now)
    if fresh.state == State.STOPPED:
        return fresh
    note = check_said(reason, "Say why. They are told.", field="reason")
    call_off_open(fresh, by=by, now=now, reason=note)
    move(fresh, Event.CALL_OFF, by=by, now=now, text="The viewing was called off", note=note)
    return fresh


@transaction.atomic
def mark_viewed(*, case: Case, by: User, now: datetime) -> Case:
    """The viewing took place, the senior leader there."""
    fresh = begin(case, Event.VIEW, by=by, now=now)
    if fresh.state == State.STOPPED:
        return fresh
    made = _open(fresh)
    made.held_at = now
    made.save(update_fields=["held_at"])
    move(fresh, Event.VIEW, by=by, now=now, text="Viewed", invitation=made.public_id)
    return fresh


def call_off_open(locked: Case, *, by: User, now: datetime, reason: str = "") -> None:
    """Take back the invitation that is out, if there is one, and say so to whoever asked."""
    made = open_invitation(locked)
    if made is None:
        return
    made.called_off_at, made.sequence = now, made.sequence + 1
    made.save(update_fields=["called_off_at", "sequence"])
    letter = letters.called_off(frame_of(locked, by), starts_at=made.starts_at, reason=reason)
    write(locked, "called off", letter, by=by, now=now, invitation=made)


def _fill(
    made: Invitation,
    starts_at: datetime | None,
    minutes: int,
    where: str,
    place: str,
    leader: User | None,
    now: datetime,
) -> None:
    local = timezone.localtime(starts_at) if starts_at is not None else None
    made.starts_at = check_time(local, minutes, timezone.localtime(now))
    made.minutes, made.where = minutes, check_where(where)
    made.place = check_place(Where(made.where), place)
    made.leader = _there(leader)


def _there(leader: User | None) -> User:
    if leader is None or not can_lead(leader.roles):
        raise Refused("leader", "Choose a senior leader who will be there.", field="leader", status=400)
    return leader


def _tell(locked: Case, made: Invitation, *, by: User, now: datetime, link: str) -> None:
    letter = letters.invited(
        frame_of(locked, by),
        starts_at=made.starts_at,
        minutes=made.minutes,
        where=Where(made.where),
        place=made.place,
        leader=made.leader.name,
        link=link,
        changed=made.sequence > 0,
    )
    write(locked, "invited", letter, by=by, now=now, invitation=made)


def _open(locked: Case) -> Invitation:
    made = open_invitation(locked)
    if made is None:
        raise Refused("not_invited", "There is no invitation to change.")
    return made


def _words(made: Invitation) -> str:
    when = timezone.localtime(made.starts_at)
    return f"Invited for {when:%-d %B %Y, %H:%M}, {Where(made.where).words.lower()}"
