"""Writing down that somebody asked, and correcting whom it is about (T10)."""

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from circletime.access.actions.common import begin, stop_if_restricted, take_step
from circletime.access.actions.keeping import keep
from circletime.access.models import Case
from circletime.access.rules.case import (
    LONGEST_WORDS,
    STAFF_CHANNELS,
    Event,
    Relation,
    State,
    check_asked_on,
    check_log,
    check_name,
)
from circletime.access.rules.clock import due_on
from circletime.core.errors import Refused
from circletime.people.models import Adult, Pupil, User
from circletime.people.queries import adults_of
from circletime.people.rules import folded


@transaction.atomic
def log_case(
    *,
    pupil: Pupil | None,
    asker_name: str,
    relation: str,
    channel: str,
    asked_on: date | None,
    by: User,
    now: datetime,
    child_name: str = "",
    asker_email: str = "",
    words: str = "",
) -> Case:
    """Log a request, however it came. What is kept of the child is held from this moment on.

    A contact restriction that is noted for the child stops it at once.
    """
    check_log(by.roles)
    today = timezone.localtime(now).date()
    asked = check_asked_on(asked_on, today)
    name = check_name(asker_name, "Say who asks.", field="asker_name")
    asker = _on_roster(pupil, name)
    case = Case.objects.create(
        pupil=pupil,
        child_name="" if pupil else _child(child_name),
        asker=asker,
        asker_name=name,
        asker_email=_email(asker_email),
        relation=_choice(Relation, relation, "relation", "Say what they are to the child."),
        channel=_choice(STAFF_CHANNELS, channel, "channel", "Say how they asked."),
        words=" ".join(words.split())[:LONGEST_WORDS],
        asked_on=asked,
        due_on=due_on(asked),
        logged_at=now,
        logged_by=by,
    )
    take_step(
        case, "logged", by=by, now=now, text="Logged", channel=case.channel, due_on=case.due_on.isoformat()
    )
    keep(case, by=by, now=now)
    stop_if_restricted(case, by=by, now=now)
    return case


@transaction.atomic
def name_child(*, case: Case, pupil: Pupil, by: User, now: datetime) -> Case:
    """Say which child of the roster a request is about that was logged with a typed name."""
    fresh = begin(case, Event.CHECK, by=by, now=now)
    if fresh.state == State.STOPPED:
        return fresh
    if fresh.pupil is not None:
        raise Refused("named", "It is known already which child this is about.")
    fresh.pupil, fresh.child_name = pupil, ""
    fresh.asker = _on_roster(pupil, fresh.asker_name)
    fresh.save()
    take_step(fresh, "child_named", by=by, now=now, text="The child was found on the roster")
    keep(fresh, by=by, now=now)
    stop_if_restricted(fresh, by=by, now=now)
    return fresh


def _on_roster(pupil: Pupil | None, name: str) -> Adult | None:
    """The one adult of this child's families who is called so."""
    found = [each for each in (adults_of(pupil) if pupil else []) if folded(each.name) == folded(name)]
    return found[0] if len(found) == 1 else None


def _child(name: str) -> str:
    ask = "Choose the child, or type the name of one who has left."
    return check_name(name, ask, field="pupil")


def _email(address: str) -> str:
    tidy = address.strip()
    try:
        if tidy:
            validate_email(tidy)
    except ValidationError:
        said = "That is no e-mail address."
        raise Refused("asker_email", said, field="asker_email", status=400) from None
    return tidy


def _choice(kinds: Iterable[str], value: str, field: str, ask: str) -> str:
    if value not in set(kinds):
        raise Refused(field, ask, field=field, status=400)
    return value
