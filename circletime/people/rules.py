"""Who is who: roles, and when two written names are the same name (P7)."""

import re
import unicodedata
from collections.abc import Set
from datetime import timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed


class Role(StrEnum):
    """What a member of staff is at the school. One person may be several."""

    TEACHER = "teacher"
    SUPPORT = "support"
    OFFICE = "office"
    SLT = "slt"
    HEADTEACHER = "headteacher"
    DSL = "dsl"
    GOVERNOR = "governor"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Role.TEACHER: "Class teacher",
    Role.SUPPORT: "Support staff",
    Role.OFFICE: "Office",
    Role.SLT: "Senior leadership",
    Role.HEADTEACHER: "Headteacher",
    Role.DSL: "Designated safeguarding lead",
    Role.GOVERNOR: "Governor",
}

HOSTS = frozenset({Role.TEACHER, Role.SUPPORT, Role.HEADTEACHER, Role.DSL, Role.SLT})
"""Who may host a meeting (T1)."""

WATCHERS = frozenset({Role.SLT, Role.DSL, Role.HEADTEACHER})
"""Who may watch a recording (T8, T10)."""

HOLDERS = frozenset({Role.SLT, Role.DSL})
"""Who may keep a recording beyond its day, and let it go again (T9)."""

EARLY_DELETERS = frozenset({Role.HEADTEACHER, Role.DSL})
"""Who may, two together, delete a recording before its day (T9)."""

OFFICE = frozenset({Role.OFFICE, Role.HEADTEACHER})
"""Who may see and change any class's ID and password (T4, T6)."""

LETTER_KEEPERS = OFFICE | WATCHERS
"""Who sees which letters went out, and sends one again (R2)."""


def can_see_class(roles: Set[Role], *, on_its_staff: bool) -> bool:
    """Whether somebody sees a class's children, and the ID and password they type (T4, T6).

    A name left on a class's staff list means nothing once the roles were taken away.
    """
    return bool(roles & OFFICE) or (on_its_staff and bool(roles & HOSTS))


def can_change_class_password(roles: Set[Role], *, on_its_staff: bool) -> bool:
    """Whether somebody may give a class a new ID and password (T4, T6).

    Support staff see what their class types in, and leave it as the teacher and the office have it.
    """
    return bool(roles & OFFICE) or (on_its_staff and Role.TEACHER in roles)


def check_change_class_password(roles: Set[Role], *, on_its_staff: bool) -> None:
    """Raise `NotAllowed` unless somebody may give the class a new ID and password."""
    if not can_change_class_password(roles, on_its_staff=on_its_staff):
        raise NotAllowed("Only the class's own teachers and the office may change its password.")


PASSWORD_ASK_LASTS = timedelta(hours=2)
"""Whoever asked for a new password and had no mail by then asks again."""


def answered_again_after(tries: int) -> timedelta:
    """How long an ask for a new password waits for the next try, when it was tried so often already."""
    return timedelta(minutes=min(2**tries, 10))


# Letters that carry their stroke or missing dot in themselves, so that no mark can be taken off.
_NO_MARK = {"\u00df": "ss", "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u0131": "i", "\u00e6": "ae"}


def folded(name: str) -> str:
    """`name` with case, accents, apostrophes, hyphens and spacing forgiven, to compare by.

    "  Zoë ", "zoe" and "ZOE" are one name; "O'Shea" and "oshea" are one name.
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    for letter, simple in _NO_MARK.items():
        plain = plain.replace(letter, simple)
    letters = (c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "", "".join(letters))
