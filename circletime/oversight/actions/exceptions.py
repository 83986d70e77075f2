"""What may be done about an exception: asked for, granted or refused by somebody else, ended early (C6)."""

from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.notices.rules import Kind
from circletime.oversight.actions.letters import write_to
from circletime.oversight.models import RuleException
from circletime.oversight.queries.exceptions import in_force
from circletime.oversight.queries.incidents import whom_to_tell
from circletime.oversight.rules.exceptions import (
    check_ask,
    check_decide,
    check_end,
    check_rule,
    check_until,
)
from circletime.people.models import User
from circletime.people.queries import get_school
from circletime.people.rules import check_said


@transaction.atomic
def ask_exception(*, rule: str, reason: str, until: date | None, by: User, now: datetime) -> RuleException:
    """Ask for an exception for oneself. Whoever may grant it is written to, but not who asks."""
    check_ask(by.roles)
    chosen, today = check_rule(rule), _today(now)
    said = check_said(reason, "Say why it is needed.", field="reason")
    last = check_until(until, today)
    others = whom_to_tell(by)
    if not others:
        raise Refused("nobody", "Nobody else here may grant it, and nobody grants their own.")
    locked = User.objects.select_for_update().get(pk=by.pk)
    waiting = RuleException.objects.filter(rule=chosen, asked_by=locked, granted=None).exists()
    if waiting or in_force(locked, chosen, today) is not None:
        raise Refused("there", "You have asked for this already, or have it.", field="rule")
    made = RuleException.objects.create(rule=chosen, asked_by=by, asked_at=now, reason=said, until=last)
    record(
        "oversight.exception.asked",
        by=by.actor,
        subject=made.subject,
        now=now,
        words=said,
        rule=chosen,
        until=last.isoformat(),
    )
    _tell(made, others, "An exception was asked for", by=by, now=now)
    return made


@transaction.atomic
def grant_exception(
    *, exception: RuleException, until: date | None, decision: str, by: User, now: datetime
) -> RuleException:
    """Grant it to its last day, with the reason. Nobody grants their own."""
    fresh = _lock(exception)
    check_decide(by.roles, fresh.state_on(_today(now)), own=fresh.asked_by_id == by.pk)
    fresh.until = check_until(until, _today(now))
    return _decide(fresh, granted=True, decision=decision, by=by, now=now)


@transaction.atomic
def refuse_exception(*, exception: RuleException, decision: str, by: User, now: datetime) -> RuleException:
    """Refuse it, with the reason. Nobody decides about their own."""
    fresh = _lock(exception)
    check_decide(by.roles, fresh.state_on(_today(now)), own=fresh.asked_by_id == by.pk)
    return _decide(fresh, granted=False, decision=decision, by=by, now=now)


@transaction.atomic
def end_exception(*, exception: RuleException, reason: str, by: User, now: datetime) -> RuleException:
    """End it before its last day: from this moment the rule holds again."""
    fresh = _lock(exception)
    own = fresh.asked_by_id == by.pk
    check_end(by.roles, fresh.state_on(_today(now)), own=own)
    fresh.end_reason = check_said(reason, "Say why it ends.", field="reason")
    fresh.ended_by, fresh.ended_at = by, now
    fresh.save(update_fields=["end_reason", "ended_by", "ended_at"])
    record("oversight.exception.ended", by=by.actor, subject=fresh.subject, now=now, words=fresh.end_reason)
    if not own:
        _tell(fresh, [fresh.asked_by], "Your exception has ended", by=by, now=now)
    return fresh


def _lock(exception: RuleException) -> RuleException:
    found = RuleException.objects.select_for_update(of=("self",)).select_related("asked_by")
    return found.get(pk=exception.pk)


def _decide(locked: RuleException, *, granted: bool, decision: str, by: User, now: datetime) -> RuleException:
    locked.granted, locked.decided_by, locked.decided_at = granted, by, now
    locked.decision = check_said(decision, "Say why.", field="decision")
    locked.save(update_fields=["granted", "until", "decision", "decided_by", "decided_at"])
    record(
        "oversight.exception.granted" if granted else "oversight.exception.refused",
        by=by.actor,
        subject=locked.subject,
        now=now,
        words=locked.decision,
        until=locked.until.isoformat(),
    )
    subject = "Your exception is granted" if granted else "Your exception is refused"
    _tell(locked, [locked.asked_by], subject, by=by, now=now)
    return locked


def _today(now: datetime) -> date:
    return timezone.localtime(now).date()


def _tell(exception: RuleException, whom: list[User], subject: str, *, by: User, now: datetime) -> None:
    """A letter with a link to the page and nobody's name."""
    link = settings.PUBLIC_URL + reverse("exception", args=[exception.public_id])
    text = f"{subject}: {exception.get_rule_display()}.\n\nWhy, and until when, is on this page:\n{link}\n\n"
    write_to(
        whom,
        subject=subject,
        text=f"{text}{get_school().name}\n",
        kind=Kind.EXCEPTION,
        about=exception.subject,
        by=by,
        now=now,
    )
