"""Films of a recording: asked for, claimed by one maker at a time, made again when one fails, thrown away."""

import contextlib
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.recordings.film.cut import Cut
from circletime.recordings.models import Film, Recording
from circletime.recordings.queries import folder_of
from circletime.recordings.rules import FILM_LEASE, FILM_TRIES, FilmKind, FilmState, State, check_watch

WORKER = "system:worker"


@transaction.atomic
def ask(*, recording: Recording, kind: FilmKind, cut: Cut, by: str, now: datetime) -> Film:
    """Have a film made of a recording whose meeting is over. `by` is an actor whom the caller has checked.

    The whole film, and one person's, are there once: who asks again gets the same. Each redacted film is
    a new one. Raises `Refused` while the meeting is recorded, and when the recording is gone.
    """
    fresh = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
    if fresh.state != State.STOPPED:
        raise Refused("wrong_state", "A film is made of a recording that is kept, when its meeting is over.")
    if kind != FilmKind.REDACTED:
        there = fresh.films.filter(kind=kind)
        found = next((film for film in there if Cut.from_json(film.cut) == cut), None)
        if found is not None:
            return found
    film = Film.objects.create(recording=fresh, kind=kind, cut=cut.to_json(), asked_by=by, asked_at=now)
    _record("asked", film, by, now)
    return film


def claim_next(now: datetime) -> Film | None:
    """Take the film that has waited longest, or one whose maker died; None when there is none.

    A film that was begun too often is given up, so that it does not keep the others waiting.
    """
    abandoned = Q(state=FilmState.MAKING) & (Q(claimed_until=None) | Q(claimed_until__lt=now))
    due = Film.objects.filter(Q(state=FilmState.WAITING) | abandoned, recording__state=State.STOPPED)
    for film in due.order_by("tries", "asked_at", "pk"):
        mine = due.filter(pk=film.pk, tries=film.tries)
        if film.tries >= FILM_TRIES:
            mine.update(
                state=FilmState.FAILED, claimed_until=None, trouble="The film's maker died each time."
            )
        elif mine.update(
            state=FilmState.MAKING, percent=0, tries=F("tries") + 1, claimed_until=now + FILM_LEASE
        ):
            return Film.objects.select_related("recording__meeting").get(pk=film.pk)
    return None


def still_making(film: Film, *, percent: int, now: datetime) -> bool:
    """Say how far the film is, and keep the claim; False when it is not ours any more."""
    ours = Film.objects.filter(
        pk=film.pk, recording__state=State.STOPPED, state=FilmState.MAKING, tries=film.tries
    )
    return bool(ours.update(percent=percent, claimed_until=now + FILM_LEASE))


@transaction.atomic
def made(film: Film, *, places: list[int], put: Callable[[], None], now: datetime) -> bool:
    """The film is whole: `put` puts it in its place; False, and nothing is put, when it is not wanted.

    Both happen under the row's lock, so two makers never mix their files. A maker that dies in between
    leaves a claim that runs out, and the film is made anew.
    """
    ours = Film.objects.filter(
        pk=film.pk, recording__state=State.STOPPED, state=FilmState.MAKING, tries=film.tries
    )
    ready = {"state": FilmState.READY, "percent": 100, "claimed_until": None, "trouble": "", "made_at": now}
    if not ours.update(**ready, places=places):
        return False
    put()
    _record("made", film, WORKER, now)
    return True


@transaction.atomic
def failed(film: Film, *, why: str, now: datetime) -> None:
    """The film could not be made; somebody may ask for it again."""
    ours = Film.objects.filter(pk=film.pk, state=FilmState.MAKING, tries=film.tries)
    if ours.update(state=FilmState.FAILED, claimed_until=None, trouble=why[:300]):
        _record("failed", film, WORKER, now)


@transaction.atomic
def ask_again(*, film: Film, by: User, now: datetime) -> None:
    """Have a film made that failed. Raises `Refused` in any other state."""
    check_watch(by.roles)
    fresh = (
        Film.objects.select_for_update(of=("self",)).select_related("recording").filter(pk=film.pk).first()
    )
    if fresh is None or fresh.recording.state != State.STOPPED or fresh.state != FilmState.FAILED:
        raise Refused("wrong_state", "Only a film that could not be made is made again.")
    fresh.state, fresh.tries, fresh.percent, fresh.trouble = FilmState.WAITING, 0, 0, ""
    fresh.save(update_fields=["state", "tries", "percent", "trouble"])
    _record("asked", fresh, by.actor, now)


def throw_away(*, film: Film, by: str, now: datetime) -> None:
    """Remove a film, its row first, so that nobody is shown half of it. Doing it again changes nothing.

    `by` is an actor whom the caller has checked. A maker that still works on it finds that it is not
    wanted, and leaves nothing behind. Raises `OSError` when a file could not be removed.
    """
    with transaction.atomic():
        deleted, _ = Film.objects.filter(pk=film.pk).delete()
        if deleted:
            _record("thrown_away", film, by, now)
    remove_files(film)


def remove_files(film: Film) -> None:
    """Remove what the vault has of a film."""
    folder = folder_of(film.recording.public_id)
    for draft in folder.glob(f"{draft_prefix(film)}*"):
        for path in draft.iterdir():
            path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            draft.rmdir()
    for name in (film.head_name, film.rest_name):
        (folder / name).unlink(missing_ok=True)


def draft_prefix(film: Film) -> str:
    """What the names of the folders begin with in which this film is made."""
    return f"film-draft-{film.public_id}-"


def _record(what: str, film: Film, by: str, now: datetime) -> None:
    record(
        f"recordings.film.{what}",
        by=by,
        subject=film.recording.subject,
        now=now,
        film=film.public_id,
        kind=FilmKind(film.kind).value,
    )
