"""Questions about a viewing as it happens. Each is asked anew for every second of film that is sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from circletime.access.models import Attendance, Case, CaseRecording, Copy, Invitation, Shown, ViewingSession
from circletime.access.queries.case import unsettled
from circletime.access.queries.redaction import approved_film, film_digest
from circletime.access.rules.case import State
from circletime.access.rules.viewing import (
    VIEWER_AWAY_AFTER,
    Light,
    Play,
    Standing,
    can_begin_again,
    fits,
    hashed,
    light,
    may_fetch,
    place,
)
from circletime.people.models import User
from circletime.recordings.film.pieces import SECONDS
from circletime.recordings.models import Film

_RELATED = ("invitation__case__pupil", "invitation__case__asker", "leader", "showing__recording__meeting")
_MAY_TAKE = (State.IDENTIFIED, State.READY, State.INVITED, State.VIEWED, State.CLOSED)


def get_session(public_id: str) -> ViewingSession | None:
    """The viewing of this name, or None."""
    return ViewingSession.objects.select_related(*_RELATED).filter(public_id=public_id).first()


def get_invitation(public_id: str) -> Invitation | None:
    """The invitation of this name, or None."""
    return (
        Invitation.objects.select_related("case__pupil", "case__asker", "leader")
        .filter(public_id=public_id)
        .first()
    )


def session_of(invitation: Invitation) -> ViewingSession | None:
    """The viewing of an invitation; None until somebody made its link or opened it."""
    return ViewingSession.objects.select_related(*_RELATED).filter(invitation=invitation).first()


def session_by_link(secret: str) -> ViewingSession | None:
    """The viewing whose link this is, or None."""
    return ViewingSession.objects.select_related(*_RELATED).filter(link_hash=hashed(secret)).first()


def standing(session: ViewingSession, now: datetime) -> Standing:
    """What decides whether the film may be seen."""
    invitation = session.invitation
    case = invitation.case
    going_on = case.state in (State.INVITED, State.VIEWED) and invitation.called_off_at is None
    if going_on and unsettled(case, timezone.localtime(now).date()):
        going_on = False
    return Standing(
        starts_at=invitation.starts_at,
        # Until it is opened it follows what was arranged, also when that was changed after the link was made.
        ends_at=session.ends_at if session.opened_at is not None else invitation.ends_at,
        opened_at=session.opened_at,
        closed_at=session.closed_at,
        seen_at=session.seen_at,
        going_on=going_on,
    )


def light_of(session: ViewingSession, now: datetime) -> Light:
    """Whether the film may be seen at this moment."""
    return light(standing(session, now), now)


def play_of(session: ViewingSession) -> Play:
    """What the leader's player said last."""
    return Play(session.at, session.playing, session.said_at)


def light_before(invitation: Invitation, now: datetime) -> Light:
    """Whether a viewing that nobody has touched yet may be opened."""
    return light_of(ViewingSession(invitation=invitation, ends_at=invitation.ends_at), now)


def to_show(session: ViewingSession, now: datetime) -> list[tuple[CaseRecording, Film]]:
    """The recordings of a viewing's request whose film is approved."""
    return films_of(session.invitation.case, now)


def films_of(case: Case, now: datetime) -> list[tuple[CaseRecording, Film]]:
    """The recordings of a request whose film is approved."""
    rows = case.recordings.select_related("case", "recording__meeting")
    pairs = [(row, approved_film(row, now)) for row in rows]
    return [(row, film) for row, film in pairs if film is not None]


def film_now(session: ViewingSession, now: datetime) -> Film | None:
    """The film that is being shown at this moment; None when it is dark."""
    if session.showing is None or light_of(session, now) != Light.ON:
        return None
    return approved_film(session.showing, now)


def piece_now(session: ViewingSession, film_id: str, number: int, now: datetime) -> Film | None:
    """The film, when this piece of it may be sent at this moment to the browser that is bound."""
    film = film_now(session, now)
    if film is None or film.public_id != film_id:
        return None
    return film if may_fetch(number, SECONDS, play_of(session), now) else None


def is_bound_to(session: ViewingSession, secret: str) -> bool:
    """Whether this is the browser that opened the link first."""
    return fits(secret, session.browser_hash)


def mark_of(session: ViewingSession) -> str:
    """What stands over the picture: who sees it, and in which request."""
    case = session.invitation.case
    return f"{session.here_name or case.asker_name} · request {case.pk}"


def state_for_viewer(session: ViewingSession, now: datetime) -> dict[str, Any]:
    """What the other page is told each second."""
    is_lit = light_of(session, now)
    film = film_now(session, now)
    if film is None:
        return {"light": Light.WAITING if is_lit == Light.ON else is_lit}
    play = play_of(session)
    return {
        "light": Light.ON,
        "film": film.public_id,
        "at": round(place(play, now), 2),
        "playing": play.playing,
        "mark": mark_of(session),
    }


def viewer_is_there(session: ViewingSession, now: datetime) -> bool:
    """Whether the other page was heard of just now."""
    seen = session.viewer_seen_at
    return seen is not None and timedelta(0) <= now - seen <= VIEWER_AWAY_AFTER


def open_past_end(now: datetime) -> QuerySet[ViewingSession]:
    """Viewings that were opened, that nobody closed, and whose time is over."""
    return ViewingSession.objects.filter(opened_at__isnull=False, closed_at=None, ends_at__lte=now)


def other_open(leader: User, session: ViewingSession) -> ViewingSession | None:
    """Another viewing that this leader has open, or None: nobody is in two at once."""
    opened = ViewingSession.objects.filter(leader=leader, opened_at__isnull=False, closed_at=None)
    return opened.exclude(pk=session.pk).first()


@dataclass(frozen=True)
class Account:
    """What a viewing came to, for the case file."""

    session: ViewingSession
    leader: list[Attendance]
    viewer: list[Attendance]
    shown: list[Shown]

    @property
    def minutes_shown(self) -> float:
        """How much film was played, together."""
        return sum(row.ends - row.begins for row in self.shown) / 60


def account_of(session: ViewingSession) -> Account:
    """Who was there from when to when, and which minutes were shown (T10)."""
    there = list(session.attendances.all())
    return Account(
        session=session,
        leader=[row for row in there if row.leader],
        viewer=[row for row in there if not row.leader],
        shown=list(session.shown.select_related("case_recording__recording__meeting")),
    )


def copy_by_link(secret: str) -> Copy | None:
    """The copy whose link this is, or None."""
    related = (
        "redaction__case_recording__recording",
        "redaction__case_recording__case__pupil",
        "film__recording",
    )
    return Copy.objects.select_related(*related).filter(link_hash=hashed(secret)).first()


def copy_film(copy: Copy, browser: str, now: datetime) -> Film | None:
    """The film of a copy, when this browser may take it at this moment."""
    case = copy.redaction.case_recording.case
    film = approved_film(copy.redaction.case_recording, now)
    if film is None or copy.film_id != film.pk or copy.digest != film_digest(film):
        return None
    if copy.called_back_at is not None or not _lasts(copy, now) or case.state not in _MAY_TAKE:
        return None
    if unsettled(case, timezone.localtime(now).date()):
        return None
    if copy.browser_hash and not fits(browser, copy.browser_hash):
        return None
    return film if can_begin_again(copy.begun_at, copy.taken_at, now) else None


def copy_goes_on(pk: int, now: datetime) -> bool:
    """Whether a copy may be sent on: nobody called it back meanwhile, stopped the request or changed it."""
    copy = Copy.objects.select_related("redaction__case_recording__recording").filter(pk=pk).first()
    if copy is None or copy.called_back_at is not None or copy.taken_at is not None:
        return False
    case_recording = copy.redaction.case_recording
    film = approved_film(case_recording, now)
    return film is not None and film.pk == copy.film_id and case_recording.case.state in _MAY_TAKE


def _lasts(copy: Copy, now: datetime) -> bool:
    return copy.signed_off_at - timedelta(seconds=2) <= now < copy.expires_at


def copies_of(case_recording: CaseRecording) -> list[Copy]:
    """The copies that were signed off of this recording's film, the newest last."""
    found = Copy.objects.filter(redaction__case_recording=case_recording)
    return list(found.select_related("signed_off_by", "called_back_by"))
