"""A new school key, under which every recording's key is wrapped anew; no recording is written again (ADR 9).

Everything may go on beside it: until nothing needs the old key any more both open. Killed anywhere, it is
gone on with when it is run again.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.recordings import keys, outer
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Recording

SUBJECT = "school key"


@dataclass(frozen=True)
class Rotation:
    """What one run came to. With `troubles` the old key is kept, and the run is to be done again."""

    wrapped: int
    troubles: tuple[str, ...] = ()


def rotate(*, by: str, now: datetime) -> Rotation:
    """Replace the school's key. Raises `KeyTrouble` and `OSError`; then nothing is lost."""
    with outer.alone():
        if not outer.is_rotating():
            outer.current()
            _say("recordings.school_key.rotating", by, now)
        outer.replace()
        wrapped, troubles = _wrap_all()
        while not troubles and not _retire(by, now):
            more, troubles = _wrap_all()  # what was made with the old key meanwhile
            wrapped += more
    return Rotation(wrapped, troubles)


def _wrap_all() -> tuple[int, tuple[str, ...]]:
    wrapped, troubles = 0, list[str]()
    for pk, public_id in Recording.objects.exclude(wrapped_key=b"").values_list("pk", "public_id"):
        try:
            wrapped += _wrap_anew(pk)
        except KeyTrouble as why:
            troubles.append(f"{public_id}: {why}")
    return wrapped, tuple(troubles)


@transaction.atomic
def _wrap_anew(pk: int) -> bool:
    """Wrap one recording's key with the school's key of now; False when it is so, or is destroyed."""
    fresh = Recording.objects.select_for_update(of=("self",)).get(pk=pk)
    if not fresh.wrapped_key or keys.is_current(bytes(fresh.wrapped_key)):
        return False
    key = keys.unwrap(bytes(fresh.wrapped_key), fresh.public_id)
    fresh.wrapped_key = keys.wrap(key, fresh.public_id)
    fresh.save(update_fields=["wrapped_key"])
    return True


@transaction.atomic
def _retire(by: str, now: datetime) -> bool:
    # The log's head is locked from here on, as it is by whoever makes a recording, before it reads the
    # key: so nothing is being wrapped with the old one while we look.
    with transaction.atomic():
        record("recordings.school_key.rotated", by=by, subject=SUBJECT, now=now)
        kept = Recording.objects.exclude(wrapped_key=b"").values_list("wrapped_key", flat=True)
        if not all(keys.is_current(bytes(wrapped)) for wrapped in kept):
            # Wrapped anew by a transaction of its own, before the key it needs is destroyed.
            transaction.set_rollback(True)
            return False
    outer.retire()
    return True


@transaction.atomic
def _say(kind: str, by: str, now: datetime) -> None:
    record(kind, by=by, subject=SUBJECT, now=now)
