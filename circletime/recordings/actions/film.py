"""The film of a recording: claimed by one maker at a time, told how far it is, made again when it fails."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.people.models import User
from circletime.recordings.models import Recording
from circletime.recordings.rules import FILM_LEASE, FILM_TRIES, Film, State, check_watch

WORKER = "system:worker"


def claim_next(now: datetime) -> Recording | None:
    """Take the film that has waited longest, or one whose maker died; None when there is none.

    A film that was begun too often is given up, so that it does not keep the others waiting.
    """
    abandoned = Q(film_state=Film.MAKING) & (Q(film_claimed_until=None) | Q(film_claimed_until__lt=now))
    due = Recording.objects.filter(Q(film_state=Film.WAITING) | abandoned, state=State.STOPPED)
    for recording in due.order_by("film_tries", "stopped_at", "pk"):
        mine = due.filter(pk=recording.pk, film_tries=recording.film_tries)
        if recording.film_tries >= FILM_TRIES:
            mine.update(
                film_state=Film.FAILED, film_claimed_until=None, trouble="The film's maker died each time."
            )
        elif mine.update(
            film_state=Film.MAKING,
            film_percent=0,
            film_tries=F("film_tries") + 1,
            film_claimed_until=now + FILM_LEASE,
        ):
            return Recording.objects.get(pk=recording.pk)
    return None


def still_making(recording: Recording, *, percent: int, now: datetime) -> bool:
    """Say how far the film is, and keep the claim; False when it is not ours any more."""
    ours = Recording.objects.filter(
        pk=recording.pk, state=State.STOPPED, film_state=Film.MAKING, film_tries=recording.film_tries
    )
    return bool(ours.update(film_percent=percent, film_claimed_until=now + FILM_LEASE))


@transaction.atomic
def made(recording: Recording, *, now: datetime) -> bool:
    """The film is in the vault, whole; False when it is not wanted any more."""
    ours = Recording.objects.filter(
        pk=recording.pk, state=State.STOPPED, film_state=Film.MAKING, film_tries=recording.film_tries
    )
    if not ours.update(film_state=Film.READY, film_percent=100, film_claimed_until=None, trouble=""):
        return False
    record("recordings.film.made", by=WORKER, subject=recording.subject, now=now)
    return True


@transaction.atomic
def failed(recording: Recording, *, why: str, now: datetime) -> None:
    """The film could not be made; somebody may ask for it again."""
    ours = Recording.objects.filter(pk=recording.pk, film_state=Film.MAKING, film_tries=recording.film_tries)
    if ours.update(film_state=Film.FAILED, film_claimed_until=None, trouble=why[:300]):
        record("recordings.film.failed", by=WORKER, subject=recording.subject, now=now)


@transaction.atomic
def ask_again(*, recording: Recording, by: User, now: datetime) -> None:
    """Have a film made that failed. Raises `Refused` in any other state."""
    check_watch(by.roles)
    fresh = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
    if fresh.state != State.STOPPED or fresh.film_state != Film.FAILED:
        raise Refused("wrong_state", "Only a film that could not be made is made again.")
    fresh.film_state, fresh.film_tries, fresh.film_percent, fresh.trouble = Film.WAITING, 0, 0, ""
    fresh.save(update_fields=["film_state", "film_tries", "film_percent", "trouble"])
    record("recordings.film.asked", by=by.actor, subject=fresh.subject, now=now)
