"""Films of a request that somebody approved, made by hand: that they leave others out is tested elsewhere."""

from datetime import datetime

from circletime.access.models import Case, Redaction
from circletime.access.queries.redaction import cut_of, film_digest
from circletime.people.models import User
from circletime.recordings.models import Film
from circletime.recordings.queries import may_be_seen
from circletime.recordings.rules import FilmKind, FilmState


def have_films(case: Case, by: User, now: datetime) -> None:
    """Every recording of the request that is left has an approved film that leaves out what it has to."""
    for row in case.recordings.select_related("recording__meeting"):
        if not may_be_seen(row.recording, now):
            continue
        film, _ = Film.objects.get_or_create(
            recording=row.recording,
            kind=FilmKind.REDACTED,
            cut=cut_of(row).to_json(),
            defaults={"state": FilmState.READY, "asked_by": by.actor, "asked_at": now},
        )
        approval = {"approved_film": film.public_id, "approved_digest": film_digest(film)}
        approval |= {"film": film, "approved_by": by, "approved_at": now}
        Redaction.objects.update_or_create(case_recording=row, defaults=approval)
