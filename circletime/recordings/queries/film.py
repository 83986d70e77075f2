"""The films of a recording, and where in them something happens."""

from dataclasses import dataclass
from datetime import datetime

from circletime.meetings.models import Happening, Stay, Turn
from circletime.people.models import User
from circletime.recordings.models import Film, Recording, Viewing
from circletime.recordings.rules import (
    FilmKind,
)


def whole_film(recording: Recording) -> Film | None:
    """The film that shows everybody, or None when it was not asked for yet."""
    read: list[Film] | None = getattr(recording, "whole_films", None)  # with a whole list, in one question
    films = recording.films.filter(kind=FilmKind.WHOLE)[:1] if read is None else read
    return next(iter(films), None)


def get_film(recording: Recording, public_id: str) -> Film | None:
    """One film of this recording, or None."""
    return recording.films.filter(public_id=public_id).first()


def last_viewing(recording: Recording, user: User, *, since: datetime) -> Viewing | None:
    """The newest reason this person gave for watching this recording, if it is recent."""
    return Viewing.objects.filter(recording=recording, user=user, at__gte=since).first()


@dataclass(frozen=True)
class Chapter:
    """A place in the film worth going to: seconds from its begin, and what happens there."""

    seconds: float
    kind: str
    text: str


def chapters(recording: Recording) -> list[Chapter]:
    """Who came and went, who had the floor, and what else the register keeps, in order."""
    meeting = recording.meeting
    begin = meeting.live_at
    if begin is None:
        return []
    found: list[tuple[datetime, str, str]] = []
    for stay in Stay.objects.filter(seat__meeting=meeting).select_related("seat"):
        found.append((stay.in_at, "in", f"{stay.seat.label} came in"))
        if stay.out_at is not None and stay.out_at != meeting.ended_at:
            found.append((stay.out_at, "out", f"{stay.seat.label} went out"))
    for turn in Turn.objects.filter(meeting=meeting).select_related("seat"):
        found.append((turn.given_at, "turn", f"{turn.seat.label} had a turn"))
    for happening in Happening.objects.filter(meeting=meeting, at__gte=begin).select_related("seat"):
        who = f"{happening.seat.label}: " if happening.seat is not None else ""
        found.append((happening.at, happening.kind, f"{who}{happening.text}"))
    return [
        Chapter(max(0.0, (at - begin).total_seconds()), kind, text)
        for at, kind, text in sorted(found, key=lambda row: row[0])
    ]
