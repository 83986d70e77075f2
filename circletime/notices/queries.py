"""Questions about letters."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from circletime.notices.models import Letter
from circletime.notices.rules import LATE_AFTER, Kind, State, can_see_letters
from circletime.notices.trouble import OURS, Trouble
from circletime.people.models import User
from circletime.policy.limits import LETTER_KEPT


def list_letters(user: User) -> QuerySet[Letter]:
    """Every letter, the newest first; none for who has nothing to do with them."""
    return Letter.objects.all() if can_see_letters(user.roles) else Letter.objects.none()


def list_about(about: str) -> QuerySet[Letter]:
    """Every letter about one thing, as the audit log names it, the newest first."""
    return Letter.objects.filter(about=about)


def get_letter(public_id: str) -> Letter | None:
    """The letter of this name, or None."""
    return Letter.objects.filter(public_id=public_id).first()


def count_by_state() -> dict[State, int]:
    """How many letters stand where; every state is named."""
    rows = Letter.objects.order_by().values_list("state").annotate(number=Count("pk"))
    found = dict(rows)
    return {state: found.get(state, 0) for state in State}


def our_trouble() -> Trouble | None:
    """The setting of ours that keeps letters waiting at present, or None."""
    waiting = Letter.objects.filter(state=State.WAITING, trouble__in=OURS)
    found = waiting.order_by("-due_at").values_list("trouble", flat=True).first()
    return None if found is None else Trouble(found)


@dataclass(frozen=True)
class Worry:
    """What somebody has to look at: numbers, and nothing about anybody."""

    failed: int
    late: int
    ours: Trouble | None


def worries(now: datetime, *, but: Kind) -> Worry:
    """Letters, but of one kind, that failed and nobody has laid aside, and that have waited for too long."""
    letters = Letter.objects.exclude(kind=but)
    unsent = letters.filter(state__in=(State.WAITING, State.SENDING), queued_at__lte=now - LATE_AFTER)
    return Worry(letters.filter(state=State.FAILED).count(), unsent.count(), our_trouble())


def count_failed(kind: Kind) -> int:
    """How many letters of this kind failed and nobody has laid aside."""
    return Letter.objects.filter(kind=kind, state=State.FAILED).count()


def due_to_be_emptied(now: datetime) -> QuerySet[Letter]:
    """Letters that ended so long ago that their words are forgotten."""
    return Letter.objects.filter(emptied_at=None, ended_at__lte=now - LETTER_KEPT).order_by("pk")
