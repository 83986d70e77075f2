"""Whether the clock can be trusted with destroying anything; a person's word when it cannot (ADR 8)."""

from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.audit.queries import head, latest_after
from circletime.recordings.models import Vigil
from circletime.recordings.queries import clock_trouble


@transaction.atomic
def look_at_clock(*, by: str, now: datetime, confirmed: bool = False) -> tuple[str, bool]:
    """What is wrong with the clock, empty when nothing is; and whether that is news.

    With `confirmed` a person has looked: what was wrong is written down and forgotten.
    """
    row, _ = Vigil.objects.select_for_update().get_or_create(pk=1, defaults={"at": latest_after(0)})
    trouble = clock_trouble(now)
    if trouble and not confirmed:
        news = row.waits_since is None
        if news:
            row.waits_since = now
            row.save(update_fields=["waits_since"])
            record("recordings.clock.doubted", by=by, subject="clock", now=now, trouble=trouble)
        return trouble, news
    if trouble or row.waits_since is not None:
        record("recordings.clock.trusted", by=by, subject="clock", now=now, confirmed=confirmed)
    row.at, row.row, row.waits_since = now, head()[0], None
    row.save(update_fields=["at", "row", "waits_since"])
    return "", False
