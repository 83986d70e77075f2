"""What an export says, in one shape whatever its dialect. Held in memory: about a kilobyte for each child."""

from dataclasses import dataclass, field

from circletime.people.roster.odd import Oddities
from circletime.people.rules import Role

Place = tuple[str, int]
"""File and line."""


@dataclass(slots=True)
class ClassIn:
    id: str
    name: str
    year: int | None
    homeroom: bool
    at: Place


@dataclass(slots=True)
class PupilIn:
    id: str
    first_name: str
    last_name: str
    at: Place
    class_id: str = ""
    """Empty where a delta says nothing of it."""
    adults: set[str] = field(default_factory=set)


@dataclass(slots=True)
class AdultIn:
    id: str
    name: str
    email: str
    at: Place


@dataclass(slots=True)
class StaffIn:
    id: str
    name: str
    email: str
    role: Role
    at: Place
    classes: set[str] = field(default_factory=set)


@dataclass
class Incoming:
    """A whole roster, or with `delta` what changed in it."""

    source: str
    """Leavers are looked for among those who came from here before."""
    delta: bool = False
    classes: dict[str, ClassIn] = field(default_factory=dict)
    pupils: dict[str, PupilIn] = field(default_factory=dict)
    adults: dict[str, AdultIn] = field(default_factory=dict)
    staff: dict[str, StaffIn] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """People whom the export says are not there any more."""
    closed: set[str] = field(default_factory=set)
    moved: dict[str, str] = field(default_factory=dict)
    """Only with `delta`: a child whom it says nothing else of, and their new class."""
    seen: set[str] = field(default_factory=set)
    """Everybody it names at all: whose row could not be used has not left for that."""
    says_adults: bool = False
    """Whether it says anything of families at all; otherwise they are left alone."""
    says_staff: bool = False
    odd: Oddities = field(default_factory=Oddities)
