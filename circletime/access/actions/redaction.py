"""Leaving others out of a film: what is marked, the film that is made of it, and the approval of that film.

Whoever marks anything, or has the film made, is one of its makers, and makers approve nothing.
"""

from datetime import datetime

from django.db import transaction

from circletime.access.actions.common import lock, take_step
from circletime.access.actions.films import mark_ready, mark_unready
from circletime.access.models import Case, CaseRecording, Mark, Redaction
from circletime.access.queries import redaction as queries
from circletime.access.rules import redaction as rules
from circletime.access.rules.case import State
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.recordings.actions import film as films
from circletime.recordings.models import Film
from circletime.recordings.queries import may_be_seen
from circletime.recordings.rules import FilmKind, FilmState

OPEN_TO_CHANGE = (State.IDENTIFIED, State.READY, State.INVITED, State.VIEWED)
"""While a request stands at one of these its films may be worked on."""


def make(*, case_recording: CaseRecording, by: User, now: datetime) -> Film:
    """Have the film made as things are marked now; the one before it is thrown away."""
    film, before = _ask(case_recording, by, now)
    if before is not None:
        films.throw_away(film=before, by=by.actor, now=now)
    return film


@transaction.atomic
def _ask(case_recording: CaseRecording, by: User, now: datetime) -> tuple[Film, Film | None]:
    case, redaction = _begin(case_recording, by, now)
    before = redaction.film
    cut = queries.cut_of(redaction.case_recording, queries.open_marks(redaction))
    film = films.ask(
        recording=redaction.case_recording.recording, kind=FilmKind.REDACTED, cut=cut, by=by.actor, now=now
    )
    redaction.film = film
    redaction.save(update_fields=["film"])
    _changed(case, redaction, by, now)
    _step(
        case,
        redaction,
        "film_asked",
        "A film that leaves others out was asked for",
        by,
        now,
        film=film.public_id,
    )
    return film, before


@transaction.atomic
def mark(
    *,
    case_recording: CaseRecording,
    begins: int,
    ends: int,
    seat: str,
    picture: bool,
    sound: bool,
    why: str,
    note: str,
    by: User,
    now: datetime,
) -> Mark:
    """Leave a stretch out of the next film. `seat` is a public id, or empty for everybody."""
    case, redaction = _begin(case_recording, by, now)
    length = queries.seconds_of(redaction.case_recording, now)
    rules.check_mark(begins, ends, length, picture=picture, sound=sound)
    if len(queries.open_marks(redaction)) >= rules.MOST_MARKS:
        raise Refused("many", "There are too many marks. Leave out longer stretches instead.")
    found = {one.public_id: one for one in queries.kept_seats(redaction.case_recording)}
    if seat and seat not in found:
        raise Refused("seat", "Choose who is left out.", field="seat", status=400)
    made = Mark.objects.create(
        redaction=redaction,
        begins=begins,
        ends=min(ends, length),
        seat=found.get(seat),
        picture=picture,
        sound=sound,
        why=rules.check_why(why),
        note=" ".join(note.split())[: rules.LONGEST_NOTE],
        added_by=by,
        added_at=now,
    )
    _changed(case, redaction, by, now)
    _step(
        case,
        redaction,
        "marked",
        "A stretch of a film was marked to be left out",
        by,
        now,
        mark=made.public_id,
    )
    return made


@transaction.atomic
def unmark(*, case_recording: CaseRecording, mark: str, by: User, now: datetime) -> None:
    """Let a stretch be seen again in the next film. The mark is kept, and who took it away."""
    case, redaction = _begin(case_recording, by, now)
    found = redaction.marks.filter(public_id=mark, removed_at=None).first()
    if found is None:
        raise Refused("gone", "That mark was taken away already.")
    found.removed_by, found.removed_at = by, now
    found.save(update_fields=["removed_by", "removed_at"])
    _changed(case, redaction, by, now)
    _step(case, redaction, "unmarked", "A mark on a film was taken away", by, now, mark=found.public_id)


@transaction.atomic
def approve(*, case_recording: CaseRecording, film: str, by: User, now: datetime) -> None:
    """Agree to exactly this film: the one `by` was shown, whose public id the page sends back."""
    case = lock(case_recording.case)
    rules.check_mark_allowed(by.roles)
    _check_open(case)
    redaction = (
        Redaction.objects.select_for_update(of=("self",)).filter(case_recording=case_recording).first()
    )
    if redaction is None or redaction.film is None:
        raise Refused("no_film", "There is no film to approve yet.")
    rules.check_approve(by.roles, by.pk, set(redaction.makers.values_list("pk", flat=True)))
    made = redaction.film
    if made.public_id != film:
        raise Refused("another", "The film was made again meanwhile. Look at the new one first.")
    if made.state != FilmState.READY or not may_be_seen(made.recording, now):
        raise Refused("not_ready", "The film is not ready to be approved.")
    if queries.approved_film(redaction.case_recording, now) is not None:
        raise Refused("approved", "This film was approved already.")
    if not queries.is_current(redaction):
        raise Refused(
            "outdated", "The marks were changed since this film was made. Have it made again first."
        )
    redaction.approved_film, redaction.approved_digest = made.public_id, queries.film_digest(made)
    redaction.approved_by, redaction.approved_at = by, now
    redaction.save()
    _step(case, redaction, "approved", "A film was approved", by, now, film=made.public_id)
    if case.state == State.IDENTIFIED and queries.all_approved(case, now):
        mark_ready(case=case, by=by, now=now)


def _begin(case_recording: CaseRecording, by: User, now: datetime) -> tuple[Case, Redaction]:
    """Lock the request and its redaction, and write down that `by` has a part in it."""
    rules.check_mark_allowed(by.roles)
    case = lock(case_recording.case)
    _check_open(case)
    if not may_be_seen(case_recording.recording, now):
        raise Refused("destroyed", "This recording was destroyed.", status=410)
    Redaction.objects.get_or_create(case_recording=case_recording)
    redaction = (
        Redaction.objects.select_for_update(of=("self",))
        .select_related("case_recording__recording__meeting", "film__recording")
        .get(case_recording=case_recording)
    )
    redaction.makers.add(by)
    return case, redaction


def _check_open(case: Case) -> None:
    if case.state not in OPEN_TO_CHANGE:
        raise Refused("wrong_state", "The films of this request are not worked on now.")


def _changed(case: Case, redaction: Redaction, by: User, now: datetime) -> None:
    """What was approved is not what is marked any more."""
    if redaction.approved_at is None:
        return
    redaction.approved_film = redaction.approved_digest = ""
    redaction.approved_by = redaction.approved_at = None
    redaction.save()
    _step(case, redaction, "unapproved", "The approval of a film was taken away by a change", by, now)
    if case.state == State.READY:
        mark_unready(case=case, by=by, now=now)


def _step(
    case: Case, redaction: Redaction, kind: str, text: str, by: User, now: datetime, **data: str
) -> None:
    recording = redaction.case_recording.recording.public_id
    take_step(case, kind, by=by, now=now, text=text, recording=recording, **data)
