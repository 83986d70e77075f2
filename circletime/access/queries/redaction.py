"""Questions about what is left out of the films of a request."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from circletime.access.models import Case, CaseRecording, Mark, Redaction
from circletime.access.rules.redaction import OTHERS, clock, digest
from circletime.meetings.models import Seat, Stay
from circletime.meetings.rules import SeatRole
from circletime.recordings.film.cut import Cut, Stretch
from circletime.recordings.models import Film
from circletime.recordings.queries import length_of, may_be_seen
from circletime.recordings.rules import FilmState

_STAFF = (SeatRole.HOST, SeatRole.STAFF)


def get_case_recording(case_id: str, recording_id: str) -> CaseRecording | None:
    """This recording in this request, or None."""
    related = (
        "case__pupil",
        "case__asker",
        "recording__meeting",
        "redaction__film",
        "redaction__approved_by",
    )
    found = CaseRecording.objects.select_related(*related)
    return found.filter(case__public_id=case_id, recording__public_id=recording_id).first()


def redaction_of(case_recording: CaseRecording) -> Redaction | None:
    """What was decided about this recording's film, or None when nobody began."""
    return (
        Redaction.objects.select_related("film__recording", "approved_by")
        .filter(case_recording=case_recording)
        .first()
    )


def kept_seats(case_recording: CaseRecording) -> list[Seat]:
    """Who is seen and heard: the child asked about, and staff."""
    seats = Seat.objects.filter(meeting=case_recording.recording.meeting_id)
    own = set(case_recording.seats)
    return [seat for seat in seats if seat.public_id in own or seat.role in _STAFF]


def open_marks(redaction: Redaction) -> list[Mark]:
    """The stretches that are left out, in order."""
    marks = redaction.marks.filter(removed_at=None)
    return list(marks.select_related("seat", "added_by"))


def cut_of(case_recording: CaseRecording, marks: Iterable[Mark] = ()) -> Cut:
    """What the film leaves out: everybody else, and these stretches."""
    stretches = tuple(
        Stretch(
            begins=float(mark.begins),
            ends=float(mark.ends),
            identity=mark.seat.public_id if mark.seat is not None else "",
            picture=mark.picture,
            sound=mark.sound,
        )
        for mark in marks
    )
    keep = frozenset(seat.public_id for seat in kept_seats(case_recording))
    return Cut(keep=keep, others=OTHERS, stretches=stretches)


def current_digest(redaction: Redaction) -> str:
    """The digest of what the film has to leave out as things are marked now."""
    return digest(cut_of(redaction.case_recording, open_marks(redaction)).to_json())


def film_digest(film: Film) -> str:
    """The digest of what a film really leaves out."""
    return digest(Cut.from_json(film.cut).to_json())


def is_current(redaction: Redaction) -> bool:
    """Whether the newest film leaves out exactly what is marked."""
    return redaction.film is not None and film_digest(redaction.film) == current_digest(redaction)


def approved_film(case_recording: CaseRecording, now: datetime) -> Film | None:
    """The film somebody approved, if it is there, unchanged, and what is marked is what it leaves out.

    Asked again for every piece of it that is sent.
    """
    redaction = redaction_of(case_recording)
    if redaction is None or redaction.film is None or redaction.approved_at is None:
        return None
    film = redaction.film
    same = film.public_id == redaction.approved_film and film_digest(film) == redaction.approved_digest
    current = redaction.approved_digest == current_digest(redaction)
    there = film.state == FilmState.READY and film.recording_id == case_recording.recording_id
    return film if same and current and there and may_be_seen(film.recording, now) else None


def all_approved(case: Case, now: datetime) -> bool:
    """Whether there is a film to see of every recording that is left, and of one at least."""
    left = [each for each in case.recordings.select_related("recording") if may_be_seen(each.recording, now)]
    return bool(left) and all(approved_film(each, now) is not None for each in left)


def seconds_of(case_recording: CaseRecording, now: datetime) -> int:
    """How long its film is, in whole seconds."""
    return max(1, -int(-length_of(case_recording.recording, now).total_seconds() // 1))


@dataclass(frozen=True)
class LeftOut:
    """One thing that is left out of a film, in words for the case file. It names no other child."""

    recording: str
    begins: str
    ends: str
    whom: str
    what: str
    why: str
    note: str


def left_out(case: Case) -> list[LeftOut]:
    """Everything that the films of a request leave out, and why (T10)."""
    found = []
    for each in case.recordings.select_related("recording__meeting"):
        redaction = redaction_of(each)
        if redaction is not None:
            found += _left_out(each, redaction)
    return found


def _left_out(each: CaseRecording, redaction: Redaction) -> list[LeftOut]:
    kept = [seat.pk for seat in kept_seats(each)]
    been = Stay.objects.filter(seat__meeting=each.recording.meeting_id).exclude(seat__in=kept)
    others = been.values("seat").distinct().count()
    own = set(each.seats)
    name = str(each.recording)
    rows = []
    if others > 0:
        whom = f"{others} other {'person' if others == 1 else 'people'}"
        why = "The right to see is the child's own; others have theirs"
        rows.append(LeftOut(name, "0:00", "the end", whom, "Picture, sound and name", why, ""))
    for mark in open_marks(redaction):
        rows.append(
            LeftOut(
                recording=name,
                begins=clock(mark.begins),
                ends=clock(mark.ends),
                whom=whom_words(mark.seat, own),
                what=what_words(mark),
                why=mark.get_why_display(),
                note=mark.note,
            )
        )
    return rows


def whom_words(seat: Seat | None, own: set[str]) -> str:
    """Whom a mark is about."""
    if seat is None:
        return "Everybody"
    return "The child" if seat.public_id in own else seat.label


def what_words(mark: Mark) -> str:
    """What a mark leaves out."""
    if mark.picture and mark.sound:
        return "Picture and sound"
    return "Picture" if mark.picture else "Sound"
