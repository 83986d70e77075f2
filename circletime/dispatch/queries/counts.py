"""How the families of many meetings were told, in a fixed number of questions; no name leaves here.

It is what the report counts (T4, R2, R5, T12).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from circletime.dispatch.models import Delivery, Notice, Told
from circletime.dispatch.rules import Channel, What
from circletime.notices.rules import State
from circletime.people.models import ContactRestriction


@dataclass(frozen=True)
class Asked:
    """A meeting as the log names it, by when families had to know, and which children it was for.

    Without `children` it was for whomever its letters name.
    """

    about: str
    by: datetime
    children: frozenset[int] | None = None


@dataclass
class Family:
    """One household and one meeting: since when it was told, by which way, how many letters failed.

    `latest` is since when it was told of the meeting as it stood at last. One that nobody wrote down as to be
    told has neither.
    """

    since: datetime | None = None
    latest: datetime | None = None
    channel: Channel | None = None
    failed: int = 0


@dataclass(frozen=True)
class _Row:
    about: str
    notice: int
    delivery: int
    household: int
    adult: int | None
    letter: str | None
    sent_at: datetime | None
    sent_before: datetime | None
    told_how: str
    told_at: datetime | None

    @property
    def reached(self) -> tuple[datetime, Channel] | None:
        """Since when it has reached its reader, and how. Where the last letter failed, no other counts."""
        sent = self.sent_before if self.letter != State.FAILED else None
        if sent is None and self.letter == State.SENT:
            sent = self.sent_at
        moments = [(sent, Channel.EMAIL)] if sent is not None else []
        if self.told_at is not None:
            moments.append((self.told_at, Channel(self.told_how)))
        return min(moments, default=None)


_FIELDS = (
    "notice__about",
    "notice_id",
    "pk",
    "household_id",
    "adult_id",
    "letter__state",
    "letter__sent_at",
    "sent_before",
    "told_how",
    "told_at",
)


def count_families(asked: Iterable[Asked], whats: Collection[What]) -> dict[str, list[Family]]:
    """The families of each of these meetings, and how notices of these kinds reached them.

    Left out is whom a contact restriction forbade to write to. A child of whose family nobody wrote down
    anything counts as a family that was not told, and so does a meeting of which there is no notice. Of a
    meeting whose families were counted before one of them was erased, it is that count.
    """
    every = {one.about: one for one in asked}
    counted = {
        told.about: [_family(kept) for kept in told.families]
        for told in Told.objects.filter(about__in=list(every), off=What.ABORTED in whats)
    }
    wanted = {about: one for about, one in every.items() if about not in counted}
    notices = Notice.objects.filter(about__in=list(wanted), what__in=list(whats)).order_by("pk")
    last = dict(notices.values_list("about", "pk"))
    named = defaultdict(set)
    through = Delivery.pupils.through.objects.filter(delivery__notice__in=notices.order_by())
    for delivery, pupil in through.values_list("delivery_id", "pupil_id"):
        named[delivery].add(pupil)
    barred = _Barred()
    found: dict[str, dict[int, Family]] = {about: {} for about in wanted}
    covered: dict[str, set[int]] = defaultdict(set)
    rows = Delivery.objects.filter(notice__in=notices.order_by()).order_by("pk").values_list(*_FIELDS)
    for row in (_Row(*values) for values in rows):
        one, children = wanted[row.about], named[row.delivery]
        covered[row.about] |= children
        theirs = children if one.children is None else children & one.children
        if all(barred.writing(child, row, one.by) for child in theirs):
            continue
        _add(found[row.about].setdefault(row.household, Family()), row, newest=row.notice == last[row.about])
    return counted | {
        about: [*families.values(), *_missing(wanted[about], about in last, covered[about], barred)]
        for about, families in found.items()
    }


def told_of_next(abouts: Collection[str]) -> set[str]:
    """Of these meetings, which were broken off, those whose families were told of a next one (T12).

    It was in the same notice, or in a later one of a meeting that takes its place.
    """
    off = list(Notice.objects.filter(about__in=list(abouts), what=What.ABORTED))
    if not off:
        return set()
    later = list(Notice.objects.filter(instead=True, made_at__gte=min(one.made_at for one in off)))
    homes = defaultdict(set)
    for notice, home in Delivery.objects.filter(notice__in=[*off, *later]).values_list(
        "notice_id", "household_id"
    ):
        homes[notice].add(home)
    counted = set(
        Told.objects.filter(about__in=[o.about for o in off], following=True).values_list("about", flat=True)
    )
    return counted | {
        one.about
        for one in off
        if one.following or any(_instead(one, each) and homes[one.pk] & homes[each.pk] for each in later)
    }


def as_kept(family: Family) -> list[str | int | None]:
    """A family as `Told` keeps it."""
    moments = [moment.isoformat() if moment else None for moment in (family.since, family.latest)]
    return [*moments, family.channel, family.failed]


def _family(kept: list[Any]) -> Family:
    since, latest = (datetime.fromisoformat(moment) if moment else None for moment in kept[:2])
    return Family(since, latest, Channel(kept[2]) if kept[2] else None, kept[3])


def _instead(off: Notice, later: Notice) -> bool:
    same = ("kind", "class_name", "group_name")
    return later.made_at >= off.made_at and all(off.gathering[k] == later.gathering[k] for k in same)


def _add(family: Family, row: _Row, *, newest: bool) -> None:
    family.failed += row.letter == State.FAILED
    if row.reached is None:
        return
    moment, channel = row.reached
    if family.since is None or moment < family.since:
        family.since = moment
    if newest and (family.latest is None or moment < family.latest):
        family.latest, family.channel = moment, channel


def _missing(one: Asked, told: bool, covered: set[int], barred: "_Barred") -> list[Family]:
    if one.children is None:
        return [] if told else [Family()]
    return [Family() for child in one.children - covered if not barred.anybody(child, one.by)]


class _Barred:
    """Every contact restriction that was ever noted, asked how it was at one moment."""

    def __init__(self) -> None:
        self._of: dict[int, list[ContactRestriction]] = defaultdict(list)
        for one in ContactRestriction.objects.all():
            self._of[one.pupil_id].append(one)

    def _at(self, child: int, moment: datetime) -> list[ContactRestriction]:
        day = timezone.localtime(moment).date()
        return [one for one in self._of.get(child, ()) if _held(one, moment, day)]

    def anybody(self, child: int, moment: datetime) -> bool:
        return bool(self._at(child, moment))

    def writing(self, child: int, row: _Row, moment: datetime) -> bool:
        return any(
            one.adult_id == row.adult if one.adult_id else one.household_id in (None, row.household)
            for one in self._at(child, moment)
        )


def _held(one: ContactRestriction, moment: datetime, day: date) -> bool:
    begun = one.noted_at <= moment and one.since <= day
    return (
        begun and (one.until is None or one.until >= day) and (one.ended_at is None or one.ended_at > moment)
    )
