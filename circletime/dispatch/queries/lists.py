"""The office's list: each notice of a day, each household, and where it stands (T4)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Q, QuerySet, Sum

from circletime.dispatch.models import Delivery, Notice, WorkPlace
from circletime.dispatch.queries.reach import standing_of
from circletime.dispatch.rules import INVITES, NEEDS_HANDS, REACHED, Channel, Standing, What
from circletime.notices.models import Letter
from circletime.notices.rules import State as LetterState
from circletime.people.models import SchoolClass
from circletime.people.queries import find_unreviewed

LOOKS_AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class Row:
    """One household of a notice, as the list shows it."""

    delivery: Delivery
    standing: Standing
    unreviewed: str = ""
    """The language of its letter, in English, where its translations were not all reviewed."""

    @property
    def children(self) -> str:
        """Whose family it is."""
        return ", ".join(child.label for child in self.delivery.pupils.all())

    @property
    def who(self) -> str:
        """The adult, or the household where it has none."""
        return self.delivery.adult.name if self.delivery.adult is not None else "No adult on the roster"

    @property
    def channel(self) -> str:
        """By which way it went or goes."""
        if self.delivery.told_how:
            return Channel(self.delivery.told_how).words
        return Channel.EMAIL.words if self.delivery.letter is not None else "-"

    @property
    def may_send(self) -> bool:
        """Whether pressing Send does anything."""
        adult = self.delivery.adult
        written = self.delivery.letter is not None
        mail = adult is not None and bool(adult.email)
        return self.standing not in REACHED and (written or mail)

    @property
    def may_send_again(self) -> bool:
        """Whether it went as an e-mail that can go once more."""
        letter = self.delivery.letter
        return letter is not None and letter.state == LetterState.SENT

    @property
    def seen_letter(self) -> str:
        """The letter whoever presses has seen."""
        return self.delivery.letter.public_id if self.delivery.letter is not None else ""


@dataclass(frozen=True)
class Sheet:
    """One notice: how many of its households stand where, and those that are shown.

    Of a whole day these are the ones somebody has to see to, so that the page stays short; of one sheet that
    was asked for they are all.
    """

    notice: Notice
    current: bool
    counts: Counter[Standing]
    waiting: int
    """Rows that pressing Send would try."""
    twice: int
    """Letters that may have come twice, because a sender was cut off."""
    rows: list[Row]

    @property
    def by_standing(self) -> list[tuple[Standing, int]]:
        """How many stand where, in the order of the enum, without what is nowhere."""
        return [(each, self.counts[each]) for each in Standing if self.counts[each]]

    @property
    def size(self) -> int:
        """How many households' rows there are, shown or not."""
        return sum(self.counts.values())

    @property
    def reached(self) -> int:
        """Rows that were told."""
        return sum(self.counts[each] for each in REACHED)

    @property
    def needs_hands(self) -> int:
        """Rows somebody has to see to."""
        return sum(self.counts[each] for each in NEEDS_HANDS) if self.current else 0

    @property
    def by_schoolping(self) -> bool:
        """Whether its message may go to a whole class."""
        meeting = self.notice.meeting
        return meeting is not None and meeting.kind == "class"


def day_sheets(day: date, now: datetime, opened: str = "") -> list[Sheet]:
    """Every notice on the list of this day, by the meeting's time; `opened` is the one shown whole."""
    notices = list(Notice.objects.filter(day=day).select_related("school_class", "message", "pinged_by"))
    whole = {one.pk for one in notices if one.public_id == opened or len(notices) == 1}
    return sorted(_sheets(notices, whole, now), key=_order)


def sheet_of(notice: Notice, now: datetime) -> Sheet:
    """One notice with all its households."""
    notices = list(Notice.objects.filter(pk=notice.pk).select_related("message", "pinged_by"))
    return _sheets(notices, {notice.pk}, now)[0]


def get_notice(public_id: str) -> Notice | None:
    """The notice of this name, or None."""
    return Notice.objects.select_related("school_class").filter(public_id=public_id).first()


def get_delivery(notice: Notice, public_id: str) -> Delivery | None:
    """The delivery of this name in this notice, or None."""
    return Delivery.objects.filter(notice=notice, public_id=public_id).select_related("notice").first()


def days_around(today: date) -> list[tuple[date, int]]:
    """Today and the days of the next fortnight that have notices, with how many rows still wait or failed."""
    span = Q(day__gte=today, day__lte=today + LOOKS_AHEAD)
    unmet = (
        Q(delivery__letter__state__in=(LetterState.WAITING, LetterState.SENDING, LetterState.FAILED))
        | Q(delivery__letter=None, delivery__isnull=False)
    ) & Q(delivery__told_at=None)
    found = Notice.objects.filter(span).order_by("day").values_list("day")
    counts = dict(found.annotate(number=Count("delivery", filter=unmet)))
    return sorted({today: counts.get(today, 0), **counts}.items())


def progress_of(day: date) -> dict[str, int]:
    """How far the day's letters are, in numbers alone."""
    rows = Delivery.objects.filter(notice__day=day)
    counts = Counter(standing_of(row) for row in _light(rows))
    return {
        "all": sum(counts.values()),
        "reached": sum(counts[each] for each in REACHED),
        "ready": counts[Standing.READY],
        "failed": counts[Standing.FAILED],
        "no_address": counts[Standing.NO_ADDRESS],
        "twice": Letter.objects.filter(pk__in=rows.values("letter")).aggregate(n=Sum("unsure"))["n"] or 0,
    }


def list_work_places() -> list[tuple[SchoolClass, str]]:
    """Each class with where its work goes on."""
    known = dict(WorkPlace.objects.values_list("school_class", "address"))
    return [(each, known.get(each.pk, "")) for each in SchoolClass.objects.filter(closed_at=None)]


def _light(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Of each row what its standing needs. The words of hundreds of letters are left where they are."""
    return rows.select_related("letter", "adult").only(
        "notice_id", "told_at", "seen_at", "letter__state", "letter__unsure", "adult__email"
    )


def _sheets(notices: list[Notice], whole: set[int], now: datetime) -> list[Sheet]:
    last = dict(
        Notice.objects.filter(about__in={one.about for one in notices})
        .order_by()
        .values_list("about")
        .annotate(last=Max("pk"))
    )
    current = {one.pk: _is_current(one, last[one.about], now) for one in notices}
    every: dict[int, list[Row]] = defaultdict(list)
    for one in _light(Delivery.objects.filter(notice__in=notices)):
        every[one.notice_id].append(Row(one, standing_of(one)))
    shown = _shown(
        row.delivery.pk
        for pk, rows in every.items()
        for row in rows
        if pk in whole or (current[pk] and row.standing in NEEDS_HANDS)
    )
    return [_sheet(one, current[one.pk], every[one.pk], shown[one.pk]) for one in notices]


def _sheet(notice: Notice, current: bool, every: list[Row], shown: list[Row]) -> Sheet:
    letters = {row.delivery.letter for row in every if row.delivery.letter is not None}
    return Sheet(
        notice,
        current,
        Counter(row.standing for row in every),
        waiting=sum(row.may_send for row in every) if current else 0,
        twice=sum(letter.unsure for letter in letters),
        rows=shown,
    )


def _shown(keys: Iterable[int]) -> dict[int, list[Row]]:
    found = (
        Delivery.objects.filter(pk__in=list(keys))
        .select_related("letter", "household", "adult", "told_by")
        .defer("letter__text", "letter__html", "letter__calendar")
        .prefetch_related("pupils")
        .order_by("household__name", "adult__name", "pk")
    )
    rows: dict[int, list[Row]] = defaultdict(list)
    unreviewed: dict[str, str] = {}
    for one in found:
        spoken = one.letter.language if one.letter is not None else ""
        if spoken not in unreviewed:
            language = find_unreviewed(spoken)
            unreviewed[spoken] = language.english_name if language is not None else ""
        rows[one.notice_id].append(Row(one, standing_of(one), unreviewed[spoken]))
    return rows


def _is_current(notice: Notice, last: int, now: datetime) -> bool:
    meeting = notice.meeting
    over = notice.what in INVITES and meeting is not None and now >= meeting.ends_at
    return notice.what == What.CONDUCT or (notice.pk == last and not over)


def _order(sheet: Sheet) -> tuple[bool, datetime, int]:
    meeting = sheet.notice.meeting
    return (not sheet.current, meeting.starts_at if meeting else sheet.notice.made_at, sheet.notice.pk)
