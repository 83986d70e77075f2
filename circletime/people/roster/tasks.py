"""What the worker does with files: reads them, brings them in, and throws away those nobody wanted."""

import logging
from datetime import datetime

from circletime.core.errors import Refused
from circletime.people.roster.actions import path_of, refuse, settle
from circletime.people.roster.apply import apply
from circletime.people.roster.models import RosterImport
from circletime.people.roster.reader import NeedsMapping, plan_roster
from circletime.people.roster.rules import FORGOTTEN_AFTER, UNSETTLED, WORKING, State

log = logging.getLogger(__name__)

CHANGED_MEANWHILE = "The school changed since this was shown. Look at it once more."


def work(now: datetime) -> bool:
    """Take the next step that is due; answers whether there was one. After a restart it begins anew."""
    for old in RosterImport.objects.filter(state__in=UNSETTLED, made_at__lt=now - FORGOTTEN_AFTER):
        settle(old, State.DROPPED, now)
    made = RosterImport.objects.filter(state__in=WORKING).order_by("pk").first()
    if made is None:
        return False
    try:
        _step(made, now)
    except Refused as refusal:
        refuse(made, str(refusal), now)
    except Exception:
        log.exception("a roster could not be worked on")
        refuse(
            made, "Something of ours went wrong, and nothing was changed. Tell whoever runs Circletime.", now
        )
    return True


def _step(made: RosterImport, now: datetime) -> None:
    shown = made.fingerprint
    try:
        stage = plan_roster(made, path_of(made), now, made.file_name)
    except NeedsMapping as needs:
        made.state, made.shown = State.MAPPING, {"head": needs.head[:200], "guessed": needs.guessed}
        made.save()
        return
    if made.state == State.APPLYING and made.by is not None:
        if made.fingerprint == shown:
            apply(stage=stage, confirmed=True, by=made.by.actor, now=now)
            path_of(made).unlink(missing_ok=True)
            return
        made.said = CHANGED_MEANWHILE
    made.state = State.READY
    made.save()
