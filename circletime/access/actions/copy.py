"""A copy of a redacted film: signed off, taken once, called back (T10; ADR 16)."""

from datetime import datetime

from django.db import transaction

from circletime.access import copy as pages
from circletime.access.actions.common import lock, take_step
from circletime.access.actions.redaction import OPEN_TO_CHANGE
from circletime.access.models import CaseRecording, Copy, Redaction
from circletime.access.queries import viewing as queries
from circletime.access.queries.redaction import approved_film, film_digest
from circletime.access.rules import redaction as rules
from circletime.access.rules import viewing as links
from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.core.ids import public_id
from circletime.people.models import User
from circletime.policy import limits
from circletime.recordings.models import Film
from circletime.recordings.queries import key_of

NOT_NOW = "There is nothing to take at this address, or not any more. Ask the school."


@transaction.atomic
def sign_off(*, case_recording: CaseRecording, by: User, now: datetime) -> tuple[Copy, str, str]:
    """Let a copy leave the school. Answers it with its link and its passphrase, which are told only now."""
    case = lock(case_recording.case)
    redaction = (
        Redaction.objects.select_for_update(of=("self",)).filter(case_recording=case_recording).first()
    )
    makers = set(redaction.makers.values_list("pk", flat=True)) if redaction is not None else set()
    rules.check_sign_off(by.roles, by.pk, makers)
    film = approved_film(case_recording, now)
    if redaction is None or film is None:
        raise Refused("unapproved", "A film has to be approved before a copy of it leaves the school.")
    if case.state not in OPEN_TO_CHANGE:
        raise Refused("wrong_state", "No copy is given in this request now.")
    for earlier in redaction.copies.filter(taken_at=None, called_back_at=None):
        _call_back(earlier, by, now)
    name, salt, passphrase, secret = public_id(), pages.new_salt(), pages.new_passphrase(), links.new_secret()
    key = key_of(film.recording)
    copy = Copy.objects.create(
        public_id=name,
        redaction=redaction,
        film=film,
        digest=film_digest(film),
        signed_off_by=by,
        signed_off_at=now,
        wrapped=pages.wrap(pages.stretch(passphrase, salt), key, name),
        salt=salt,
        link_hash=links.hashed(secret),
        expires_at=now + limits.COPY_LINK_LASTS,
    )
    text = "The safeguarding lead let a copy of a film leave the school"
    take_step(case, "copy_signed_off", by=by, now=now, text=text, copy=copy.public_id, film=film.public_id)
    return copy, secret, passphrase


@transaction.atomic
def call_back(*, copy: Copy, by: User, now: datetime) -> None:
    """The link opens nothing any more. What was taken cannot be called back."""
    rules.check_mark_allowed(by.roles)
    fresh = Copy.objects.select_for_update(of=("self",)).get(pk=copy.pk)
    if fresh.taken_at is not None or fresh.called_back_at is not None:
        raise Refused("late", "It was taken or called back already.")
    _call_back(fresh, by, now)
    case = fresh.redaction.case_recording.case
    text = "A copy that nobody had taken was called back"
    take_step(case, "copy_called_back", by=by, now=now, text=text, copy=fresh.public_id)


def _call_back(copy: Copy, by: User, now: datetime) -> None:
    copy.called_back_by, copy.called_back_at, copy.wrapped = by, now, b""
    copy.save(update_fields=["called_back_by", "called_back_at", "wrapped"])


@transaction.atomic
def begin(*, copy: Copy, browser: str, now: datetime) -> tuple[Film, str]:
    """Begin to take a copy, or begin again. Answers the film, and what the browser is known by."""
    fresh = Copy.objects.select_for_update(of=("self",)).get(pk=copy.pk)
    film = queries.copy_film(fresh, browser, now)
    if film is None:
        raise Refused("not_now", NOT_NOW, status=404)
    secret = browser if fresh.browser_hash else links.new_secret()
    fresh.browser_hash = links.hashed(secret)
    fresh.begun_at = fresh.begun_at or now
    fresh.begun_times += 1
    fresh.save(update_fields=["browser_hash", "begun_at", "begun_times"])
    record("access.copy.begun", by="viewer", subject=fresh.subject, now=now, times=fresh.begun_times)
    return film, secret


@transaction.atomic
def taken(*, copy: Copy, now: datetime) -> None:
    """The last byte was sent: the link is over, and the key of the copy is not kept any longer."""
    fresh = Copy.objects.select_for_update(of=("self",)).get(pk=copy.pk)
    if fresh.taken_at is not None:
        return
    fresh.taken_at, fresh.wrapped = now, b""
    fresh.save(update_fields=["taken_at", "wrapped"])
    record("access.copy.taken", by="viewer", subject=fresh.subject, now=now, times=fresh.begun_times)
