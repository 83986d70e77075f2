"""Forms as data: which fields are asked for, what stands in them, and what is wrong with which."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from circletime.people.models import Pupil

LONGEST = 600
"""Of what was typed, so many characters come back to the page."""

LEFT = "Left the school"
"""Where a form lists leavers."""

Option = tuple[str, str]


@dataclass(frozen=True)
class Field:
    """One field of a form: how it is asked for, what stands in it, and what is wrong with it."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    hint: str = ""
    options: tuple[Option, ...] = ()
    values: tuple[str, ...] = ()
    groups: tuple[tuple[str, tuple[Option, ...]], ...] = ()
    required: bool = True
    aside: str = ""
    error: str = ""


@dataclass(frozen=True)
class Form:
    """What is asked for together, and the button that sends it."""

    verb: str
    button: str
    fields: tuple[Field, ...] = ()
    title: str = ""
    words: str = ""
    danger: bool = False
    error: str = field(default="")
    open: bool = False

    def filled(self, typed: QueryDict, wrong: str | None, error: str) -> "Form":
        """The same, with what was typed, and the error beside its field or above all of them."""
        fields = tuple(
            replace(
                each,
                value=typed.get(each.name, "")[:LONGEST],
                values=tuple(typed.getlist(each.name)),
                error=error if each.name == wrong else "",
            )
            for each in self.fields
        )
        beside = any(each.error for each in fields)
        return replace(self, fields=fields, error="" if beside else error)


def words_field(name: str, label: str, hint: str = "") -> Field:
    """A few sentences."""
    return Field(name, label, "textarea", hint=hint)


def options_of(kinds: Iterable[Any]) -> tuple[Option, ...]:
    """The choices that an enum of ours is."""
    return tuple((each.value, each.words) for each in kinds)


def pupil_field(pupils: Iterable[Pupil], *, required: bool = False, hint: str = "") -> Field:
    """The children of the school, by class."""
    by_class: dict[str, list[Option]] = {}
    for pupil in pupils:
        mark = f" ({pupil.mark})" if pupil.mark else ""
        name = f"{pupil.first_name} {pupil.last_name}{mark}"
        where = str(pupil.school_class) if pupil.left_at is None else LEFT
        by_class.setdefault(where, []).append((str(pupil.pk), name))
    groups = tuple((name, tuple(options)) for name, options in by_class.items())
    return Field("pupil", "Child", "select", groups=groups, required=required, hint=hint)


def all_pupils() -> list[Pupil]:
    """Every child, class by class, and then those who left: what was recorded of them may be asked for."""
    found = Pupil.objects.select_related("school_class")
    by_class = found.order_by("school_class__year", "school_class__name", "first_name", "last_name")
    return sorted(by_class, key=lambda pupil: pupil.left_at is not None)


def chosen_pupil(typed: QueryDict) -> Pupil | None:
    """The child that was chosen in a form."""
    key = typed.get("pupil", "")
    return (
        Pupil.objects.filter(pk=int(key)).first()
        if key.isascii() and key.isdigit() and len(key) < 18
        else None
    )


def read_moment(text: str) -> datetime | None:
    """A moment as a browser's field writes it, in the school's time."""
    try:
        found = parse_datetime(text)
        return timezone.make_aware(found) if found is not None and timezone.is_naive(found) else found
    except (ValueError, OverflowError):
        return None


def read_day(text: str) -> date | None:
    """A day as a browser's field writes it."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
