"""Who was told of which meeting, forgotten: after its time, or with the family that is erased."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.dispatch.models import Delivery, Notice, Told
from circletime.dispatch.queries.counts import Asked, as_kept, count_families, told_of_next
from circletime.dispatch.rules import INVITES, What

HOST = ("host_name", "host_email")


def count_before(*, joined: Collection[Asked], off: Collection[Asked], now: datetime) -> None:
    """Count how the families of these meetings were told, before anybody is taken out.

    So the report says the same afterwards. What was counted before stays. In the caller's transaction.
    """
    for asked, whats, broken in ((joined, INVITES, False), (off, frozenset({What.ABORTED}), True)):
        wanted = {one.about: one for one in asked}
        for told in Told.objects.filter(about__in=list(wanted), off=broken):
            wanted.pop(told.about)
        families = count_families(wanted.values(), whats)
        following = told_of_next(list(wanted)) if broken else set()
        Told.objects.bulk_create(
            Told(
                about=about,
                off=broken,
                families=[as_kept(family) for family in found],
                following=about in following,
                at=now,
            )
            for about, found in families.items()
        )


@transaction.atomic
def empty_sheet(*, notice: Notice, by: str, now: datetime) -> int:
    """The sheet names no family and no host any more. Answers how many lines it had.

    The caller has counted before (`count_before`).
    """
    fresh = Notice.objects.select_for_update(of=("self",)).get(pk=notice.pk)
    if fresh.emptied_at is not None:
        return 0
    lines = Delivery.objects.filter(notice=fresh)
    count = lines.count()
    lines.delete()
    for kept in (fresh.gathering, fresh.following):
        kept.update({name: "" for name in HOST if name in kept})
    fresh.reason_words, fresh.emptied_at = "", now
    fresh.save(update_fields=["gathering", "following", "reason_words", "emptied_at"])
    record("dispatch.sheet.emptied", by=by, subject=fresh.about, now=now, lines=count)
    return count
