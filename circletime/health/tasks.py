"""What the worker does: it gives its sign of life, and looks whether all is well."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.health.actions import note_findings
from circletime.health.beat import LATE, read_beat
from circletime.health.checks.every import CHECKS, Check
from circletime.health.models import Beat
from circletime.health.queries import list_standings
from circletime.health.rules.finding import Finding

log = logging.getLogger(__name__)

WORKER = "system:worker"


@transaction.atomic
def beat(now: datetime) -> None:
    """The worker lives. Had it stood still without being told to, that is written down."""
    before = read_beat()
    late = before.at is not None and not before.stopped and now - before.at > LATE
    if late and before.at is not None:
        minutes = round((now - before.at).total_seconds() / 60)
        record("health.worker.late", by=WORKER, subject="health:worker", now=now, minutes=minutes)
        Beat.objects.filter(pk=1).update(late_from=before.at, late_until=now)
    Beat.objects.update_or_create(pk=1, defaults={"at": now, "stopped": False})


def stopped(now: datetime) -> None:
    """The worker was told to stop. What is late from here on is meant."""
    Beat.objects.filter(pk=1).update(at=now, stopped=True)


def look_around(now: datetime, checks: Sequence[Check] = CHECKS) -> None:
    """Look at whatever it is time for, and tell who can act. What fails to be looked at is left as it was."""
    standing = list_standings()
    due = [
        check
        for check in checks
        if check.subject not in standing or now - standing[check.subject].looked_at >= check.every
    ]
    found = [finding for finding in (_look(check, now) for check in due) if finding is not None]
    note_findings(findings=found, by=WORKER, now=now)


def _look(check: Check, now: datetime) -> Finding | None:
    try:
        return check.look(now)
    except Exception:
        log.exception("looking at %s", check.subject)
        return None
