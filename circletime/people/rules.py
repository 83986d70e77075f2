"""Who is who: roles, and when two written names are the same name (P7)."""

import re
import unicodedata
from collections.abc import Set
from datetime import date, datetime, timedelta
from enum import StrEnum

from circletime.core.errors import NotAllowed, Refused
from circletime.policy import limits


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

HEALTH_READERS = LETTER_KEEPERS
"""Who sees whether Circletime itself is well."""

REQUEST_LOGGERS = WATCHERS | {Role.OFFICE}
"""Who may write down that somebody asked to see a recording. The office does no more than that (T10)."""

REQUEST_READERS = WATCHERS | {Role.GOVERNOR}
"""Who may read the register of requests, which names nobody (C5)."""

RESTRICTION_READERS = frozenset({Role.SLT, Role.DSL, Role.HEADTEACHER, Role.OFFICE})
"""Who may see which contact restrictions are noted for a child."""

RESTRICTION_NOTERS = frozenset({Role.DSL, Role.OFFICE})
"""Who may note one. It only ever stops something."""

RESTRICTION_ENDERS = frozenset({Role.DSL})
"""Who alone may end one before its day."""


REPORT_READERS = frozenset({Role.GOVERNOR, Role.HEADTEACHER, Role.DSL, Role.SLT})
"""Who may read how the policy was kept, which names nobody (C5)."""

LOG_READERS = frozenset({Role.GOVERNOR, Role.HEADTEACHER, Role.DSL})
"""Who may take the log away and hold it against what was mailed (C5)."""

INCIDENT_REPORTERS = HOSTS | {Role.OFFICE}
"""Who may report an incident, and sees those they reported (C6)."""

UPHOLDERS = frozenset({Role.HEADTEACHER, Role.DSL})
"""Who sees to it that the policy is upheld: every incident and exception reaches them (C6)."""

PROTECTORS = frozenset({Role.HEADTEACHER, Role.DSL})
"""Who hands out what is kept of a person, and erases a person."""

PROTECTION_READERS = PROTECTORS | {Role.OFFICE}
"""Who reads the record of processing, and what is kept of whom for how long."""

TRANSLATION_REVIEWERS = OFFICE
"""Who may tick a translation as read and right."""


def can_review_translations(roles: Set[Role]) -> bool:
    """Whether somebody looks after what families read in other languages."""
    return bool(roles & TRANSLATION_REVIEWERS)


def check_review_translations(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody looks after translations."""
    if not can_review_translations(roles):
        raise NotAllowed("Only the office and the headteacher look after translations.")


def check_note_restriction(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may note a contact restriction."""
    if not roles & RESTRICTION_NOTERS:
        raise NotAllowed("Only the safeguarding lead and the office may note a contact restriction.")


def check_end_restriction(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may end a contact restriction."""
    if not roles & RESTRICTION_ENDERS:
        raise NotAllowed("Only the safeguarding lead may end a contact restriction.")


def check_restriction_days(since: date | None, until: date | None) -> date:
    """The first day of a restriction; raises `Refused` when there is none, or it ends before it begins."""
    if since is None:
        raise Refused("since", "Say from which day.", field="since", status=400)
    if until is not None and until < since:
        raise Refused("until", "Choose a day that is not before the first.", field="until", status=400)
    return since


def check_said(text: str, ask: str, *, field: str) -> str:
    """What was written, tidied; raises `Refused` beside `field`, saying `ask`, when it is nothing."""
    tidy = " ".join(text.split())
    if len(tidy) < SHORTEST_SAID:
        raise Refused(field, ask, field=field, status=400)
    if len(tidy) > LONGEST_SAID:
        raise Refused(field, f"Say it in at most {LONGEST_SAID} characters.", field=field, status=400)
    return tidy


SHORTEST_SAID, LONGEST_SAID = 3, 500
"""In characters."""


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


def can_burn_ways_in(roles: Set[Role], *, on_its_staff: bool) -> bool:
    """Whether somebody may shut a way in that was made public, a class's or a family's (T11).

    More people than may change a class's password at any other time: this cannot wait for the office.
    """
    return bool(roles & (OFFICE | WATCHERS)) or (on_its_staff and bool(roles & HOSTS))


def check_burn_ways_in(roles: Set[Role], *, on_its_staff: bool) -> None:
    """Raise `NotAllowed` unless somebody may shut a way in that was made public."""
    if not can_burn_ways_in(roles, on_its_staff=on_its_staff):
        raise NotAllowed("Only the hosts of the class, the office and senior leaders may burn this.")


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


PEOPLE_KEEPERS = OFFICE
"""Who changes what is known of classes, children, families and staff."""

PEOPLE_READERS = OFFICE | WATCHERS
"""Who sees it."""

ROLE_GIVERS = frozenset({Role.HEADTEACHER})
"""Who alone says which roles somebody holds."""

SECOND_STEP_ROLES = frozenset({Role.HEADTEACHER, Role.DSL, Role.SLT})
"""Who needs more than a password to sign in: whoever sees recordings, and decides about them (T8)."""

NEVER_WITHOUT = (Role.HEADTEACHER, Role.OFFICE, Role.DSL)
"""Somebody has to hold these at any time, or nobody could put it right again: the first two keep people and
roles; an alarm, a concern and a contact restriction are the safeguarding lead's to answer (C6)."""

LONGEST_NAME, LONGEST_MARK, LAST_YEAR = 60, 20, 13


def check_change_people(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may change what is known of people."""
    if not roles & PEOPLE_KEEPERS:
        raise NotAllowed("Only the office and the headteacher may change this.")


def check_give_roles(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody may give and take roles."""
    if not roles & ROLE_GIVERS:
        raise NotAllowed("Only the headteacher says which roles somebody holds.")


def needs_second_step(roles: Set[Role]) -> bool:
    """Whether somebody with these roles does nothing here before a second step is set up."""
    return bool(roles & SECOND_STEP_ROLES)


def is_session_over(*, began: datetime, seen: datetime, ended: datetime | None, now: datetime) -> bool:
    """Whether a browser is signed in no more: unused for long, signed in too long ago, or `ended` since."""
    if ended is not None and began < ended:
        return True
    return now - seen >= limits.STAFF_IDLE or now - began >= limits.STAFF_SIGNED_IN


def check_school_account(email: str, domains: Set[str], *, verified: bool) -> str:
    """The address a provider vouches for, in small letters. Raises `NotAllowed` unless the school has it."""
    address = email.strip().lower()
    if address.count("@") != 1 or address.partition("@")[2] not in domains:
        raise NotAllowed("That account is not one of the school's own.")
    if not verified:
        raise NotAllowed("That account's address was not confirmed where it comes from.")
    return address


def can_reset_sign_in(roles: Set[Role], of: Set[Role], *, own: bool) -> bool:
    """Whether somebody may take away the second step of somebody who lost it, who has the roles `of`.

    One leader helps another, so that no single word to the office opens what only leaders see; the office
    helps everybody else. Nobody does it for themselves: whoever can still sign in has a page for it.
    """
    return not own and bool(roles & (SECOND_STEP_ROLES if needs_second_step(of) else OFFICE | WATCHERS))


def check_reset_sign_in(roles: Set[Role], of: Set[Role], *, own: bool) -> None:
    """Raise `NotAllowed` unless somebody may take away this second step."""
    if not can_reset_sign_in(roles, of, own=own):
        raise NotAllowed("Another senior leader does this; for other staff the office as well.")


def check_still_held(role: Role, others: int) -> None:
    """Raise `Refused` when nobody at work would hold `role` any more."""
    if role in NEVER_WITHOUT and not others:
        raise Refused(
            "last",
            f"Nobody else is {role.words.lower()}. Give that role to somebody else first.",
            field="roles",
        )


def check_name(text: str, ask: str, *, field: str, most: int = LONGEST_NAME) -> str:
    """A name, tidied: on one line, and nothing in it that turns about the reading order of what follows.

    Letters of every script are kept. Raises `Refused` beside `field`, saying `ask`, when there is none.
    """
    tidy = " ".join("".join(c if _is_of_a_name(c) else " " for c in text).split())
    if not folded(tidy):
        raise Refused(field, ask, field=field, status=400)
    if len(tidy) > most:
        raise Refused(field, f"Use at most {most} characters.", field=field, status=400)
    return tidy


def _is_of_a_name(c: str) -> bool:
    # The joiners that Urdu and Tamil are written with are formats too, and kept.
    return c in "\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def check_mark(text: str) -> str:
    """What tells two children of one first name apart, or nothing."""
    return check_name(text, "", field="mark", most=LONGEST_MARK) if text.strip() else ""


def check_year(text: str) -> int:
    """A school year; 0 is Reception. Raises `Refused` for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 3 and int(text) <= LAST_YEAR):
        raise Refused("year", f"Type a year from 0 to {LAST_YEAR}.", field="year", status=400)
    return int(text)
