"""A viewing: its link, its opening by the leader, what their page says all the time, and its end (T10)."""

from datetime import datetime, timedelta

from django.db import transaction

from circletime.access.actions.common import lock, take_step
from circletime.access.actions.invitations import mark_viewed
from circletime.access.models import Attendance, Invitation, Shown, ViewingSession
from circletime.access.queries import viewing as queries
from circletime.access.queries.redaction import get_case_recording, seconds_of
from circletime.access.rules import viewing as rules
from circletime.access.rules.case import State
from circletime.access.rules.redaction import check_mark_allowed
from circletime.access.rules.viewing import Light
from circletime.audit.actions import record
from circletime.core.errors import NotAllowed, Refused
from circletime.documents.queries import check_pass
from circletime.documents.rules.kinds import Gate
from circletime.people.models import User
from circletime.policy import limits

WORKER = "system:worker"
MOST_STRANGERS = 1000
"""Other browsers are counted so far; each more writes nothing, so that nobody fills the log."""


@transaction.atomic
def make_link(*, invitation: Invitation, by: User, now: datetime) -> str:
    """A fresh personal link, told once; the one before it is burned, and the browser it was bound to."""
    check_mark_allowed(by.roles)
    session = _locked(invitation)
    _check_not_over(session, now)
    secret = rules.new_secret()
    session.link_hash, session.link_made_at = rules.hashed(secret), now
    session.browser_hash, session.bound_at, session.viewer_seen_at = "", None, None
    session.save()
    _step(session, "viewing_link_made", "A personal link to the viewing was made", by, now)
    return secret


@transaction.atomic
def burn_link(*, invitation: Invitation, by: User, now: datetime) -> None:
    """The link opens nothing from now on, in no browser."""
    check_mark_allowed(by.roles)
    session = _locked(invitation)
    session.link_hash = session.browser_hash = ""
    session.viewer_seen_at = None
    session.save()
    _step(session, "viewing_link_burned", "The personal link to the viewing was burned", by, now)


@transaction.atomic
def bind(*, session: ViewingSession, now: datetime) -> str:
    """The first browser that opens the link is the only one; answers what it is known by from now on."""
    fresh = ViewingSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if fresh.browser_hash or not fresh.link_hash or fresh.link_hash != session.link_hash:
        raise Refused("bound", "This link was opened in another browser.", status=404)
    rules.check_open(queries.standing(fresh, now), now)
    secret = rules.new_secret()
    fresh.browser_hash, fresh.bound_at = rules.hashed(secret), now
    fresh.save(update_fields=["browser_hash", "bound_at"])
    record("access.viewing.bound", by="viewer", subject=fresh.subject, now=now)
    return secret


@transaction.atomic
def stranger(*, session: ViewingSession, now: datetime) -> None:
    """Another browser has the link: the leader is shown that."""
    fresh = ViewingSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if fresh.strangers >= MOST_STRANGERS:
        return
    fresh.strangers += 1
    fresh.save(update_fields=["strangers"])
    record("access.viewing.stranger", by="unknown", subject=fresh.subject, now=now, times=fresh.strangers)


@transaction.atomic
def viewer_asked(*, session: ViewingSession, now: datetime) -> None:
    """The bound browser's page is open."""
    ViewingSession.objects.filter(pk=session.pk).update(viewer_seen_at=now)
    if session.opened_at is not None:
        _attend(session, leader=False, now=now, gap=rules.VIEWER_AWAY_AFTER)


@transaction.atomic
def open_viewing(*, invitation: Invitation, by: User, now: datetime) -> ViewingSession:
    """The leader begins. Nobody else can, and they are in no other viewing meanwhile."""
    session = _locked(invitation)
    _check_leader(session, by)
    check_pass(by, Gate.WATCHING)
    rules.check_open(queries.standing(session, now), now)
    other = queries.other_open(by, session)
    if other is not None and queries.light_of(other, now) != Light.OVER:
        raise Refused("two", "You have another viewing open. Close that one first.")
    if other is not None:
        _close(other, None, WORKER, now)
    if not queries.to_show(session, now):
        raise Refused("nothing", "No film of this request is approved, so there is nothing to show.")
    if session.opened_at is None:
        session.opened_at = session.seen_at = now
        session.save()
        _attend(session, leader=True, now=now, gap=limits.LEADER_MAY_BE_AWAY)
        _step(session, "viewing_opened", "The viewing was opened by the senior leader", by, now)
    return session


@transaction.atomic
def here(
    *, invitation: Invitation, recording: str, at: float, playing: bool, by: User, now: datetime
) -> ViewingSession:
    """The leader's page says that it is open, and where its player is.

    Who was away too long finds the film paused; it plays on when they press play again.
    """
    session = _locked(invitation)
    _check_leader(session, by)
    rules.check_open(queries.standing(session, now), now)
    if session.opened_at is None:
        raise Refused("not_open", "Open the viewing first.")
    before, was_there = queries.play_of(session), rules.is_there(session.seen_at, now)
    _keep_shown(session, at if recording == _shown_id(session) else -1.0, now)
    if not was_there:
        record("access.viewing.leader_back", by=by.actor, subject=session.subject, now=now)
    _show(session, recording, now)
    length = seconds_of(session.showing, now) if session.showing is not None else 0.0
    session.at = rules.check_place(at, length)
    session.playing = playing and (was_there or not before.playing) and session.showing is not None
    session.said_at = session.seen_at = now
    session.save()
    _attend(session, leader=True, now=now, gap=limits.LEADER_MAY_BE_AWAY)
    return session


@transaction.atomic
def beside(*, invitation: Invitation, name: str, checked: bool, by: User, now: datetime) -> None:
    """Who asked sits beside the leader and sees the film on the leader's own page."""
    session = _locked(invitation)
    _check_leader(session, by)
    rules.check_open(queries.standing(session, now), now)
    if session.opened_at is None:
        raise Refused("not_open", "Open the viewing first.")
    tidy = " ".join(name.split())
    if not 2 <= len(tidy) <= 120:
        raise Refused("name", "Write who is here.", field="name", status=400)
    if not checked:
        raise Refused("checked", "Look at something that shows who they are.", field="checked", status=400)
    session.here_name, session.here_at = tidy, now
    session.save(update_fields=["here_name", "here_at"])
    _step(session, "viewer_beside", "Who asked is with the senior leader; who they are was checked", by, now)


@transaction.atomic
def longer(*, invitation: Invitation, by: User, now: datetime) -> None:
    """A quarter of an hour more, as long as it is open and not longer than a viewing may be."""
    session = _locked(invitation)
    _check_leader(session, by)
    rules.check_open(queries.standing(session, now), now)
    if session.opened_at is None:
        raise Refused("not_open", "Open the viewing first.")
    session.ends_at = rules.longer(session.invitation.starts_at, session.ends_at)
    session.save(update_fields=["ends_at"])
    record("access.viewing.longer", by=by.actor, subject=session.subject, now=now)


@transaction.atomic
def close(*, invitation: Invitation, by: User, now: datetime) -> ViewingSession:
    """The leader ends it. Both pages are dark from now on."""
    session = _locked(invitation)
    _check_leader(session, by)
    if session.opened_at is None or session.closed_at is not None:
        raise Refused("not_open", "This viewing is not open.")
    _close(session, by, by.actor, now)
    return session


@transaction.atomic
def close_late(*, session: ViewingSession, now: datetime) -> bool:
    """Its time is over: written down by the worker. It was dark since then already."""
    fresh = ViewingSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if fresh.closed_at is not None or now < fresh.ends_at:
        return False
    _close(fresh, None, WORKER, now)
    return True


def _close(session: ViewingSession, person: User | None, by: str, now: datetime) -> None:
    _keep_shown(session, -1.0, now)
    session.closed_at, session.closed_by, session.playing = now, person, False
    session.save()
    seconds = round(sum(row.ends - row.begins for row in session.shown.all()))
    record("access.viewing.closed", by=by, subject=session.subject, now=now, seconds_shown=seconds)
    if person is None:
        return
    _step(session, "viewing_closed", "The viewing was closed by the senior leader", person, now)
    if seconds and session.invitation.case.state == State.INVITED:
        mark_viewed(case=session.invitation.case, by=person, now=now)


def _locked(invitation: Invitation) -> ViewingSession:
    """The viewing of an invitation, made when it is first asked for, for this transaction alone."""
    lock(invitation.case)
    fresh = Invitation.objects.get(pk=invitation.pk)
    session, _ = ViewingSession.objects.get_or_create(
        invitation=fresh, defaults={"leader": fresh.leader, "ends_at": fresh.ends_at}
    )
    session = (
        ViewingSession.objects.select_for_update(of=("self",))
        .select_related("invitation__case__pupil", "leader", "showing__recording__meeting")
        .get(pk=session.pk)
    )
    if session.opened_at is None:  # until then it follows what was arranged
        session.leader, session.ends_at = fresh.leader, fresh.ends_at
        session.save(update_fields=["leader", "ends_at"])
    return session


def _check_leader(session: ViewingSession, by: User) -> None:
    check_mark_allowed(by.roles)
    if session.leader_id != by.pk:
        raise NotAllowed("Only the senior leader of this viewing may do this.")


def _check_not_over(session: ViewingSession, now: datetime) -> None:
    if queries.light_of(session, now) == Light.OVER:
        raise Refused("over", "This viewing is over.", status=410)


def _shown_id(session: ViewingSession) -> str:
    return session.showing.recording.public_id if session.showing is not None else ""


def _show(session: ViewingSession, recording: str, now: datetime) -> None:
    """Go to another recording of this request, if its film is approved."""
    if recording == _shown_id(session):
        return
    found = get_case_recording(session.invitation.case.public_id, recording)
    if found is None or found.pk not in {row.pk for row, _ in queries.to_show(session, now)}:
        raise Refused("recording", "There is no approved film of that recording in this request.", status=404)
    session.showing = found
    record(
        "access.viewing.shown", by=session.leader.actor, subject=session.subject, now=now, recording=recording
    )


def _keep_shown(session: ViewingSession, at: float, now: datetime) -> None:
    """Write down what was played since the last word, when somebody could see it."""
    stretch = rules.shown(queries.play_of(session), at, now)
    somebody = bool(session.here_name) or queries.viewer_is_there(session, now)
    if stretch is None or session.showing is None or not somebody:
        return
    begins, ends = stretch
    last = session.shown.filter(case_recording=session.showing).last()
    if last is not None and abs(last.ends - begins) <= rules.SAME_PLACE:
        last.ends, last.to_at = max(last.ends, ends), now
        last.save(update_fields=["ends", "to_at"])
        return
    Shown.objects.create(
        session=session,
        case_recording=session.showing,
        begins=begins,
        ends=ends,
        from_at=session.said_at or now,
        to_at=now,
    )


def _attend(session: ViewingSession, *, leader: bool, now: datetime, gap: timedelta) -> None:
    last = Attendance.objects.filter(session=session, leader=leader).last()
    if last is not None and last.from_at <= now <= last.to_at + gap:
        Attendance.objects.filter(pk=last.pk).update(to_at=now)
    else:
        Attendance.objects.create(session=session, leader=leader, from_at=now, to_at=now)


def _step(session: ViewingSession, kind: str, text: str, by: User, now: datetime) -> None:
    take_step(session.invitation.case, kind, by=by, now=now, text=text, viewing=session.public_id)
