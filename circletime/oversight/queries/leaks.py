"""Questions about links that were made public (T11)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from circletime.oversight.models import Leak, Sighting
from circletime.oversight.rules.leaks import LEAK_READERS, NOTICE_SHOWN, TOLD, Place
from circletime.people.models import FamilyLink, SchoolClass, User
from circletime.people.queries import find_link, list_classes_of, token_hash
from circletime.people.rules import HOSTS

MOST_SHOWN = 100


@dataclass(frozen=True)
class Thing:
    """What stood in an address: a class's ID, a family's link, or nothing but the join page."""

    place: Place
    school_class: SchoolClass | None = None
    link: FamilyLink | None = None
    dead: bool = False

    @property
    def classes(self) -> list[SchoolClass]:
        """Whose hosts it concerns."""
        if self.school_class is not None:
            return [self.school_class]
        return list_classes_of(self.link.household) if self.link is not None else []


def look_up(sighting: Sighting, now: datetime) -> Thing | None:
    """What the address led to, or None where it never led anywhere."""
    if sighting.place == Place.JOIN:
        return Thing(Place.JOIN)
    if sighting.place == Place.CLASS:
        found = next((c for c in SchoolClass.objects.all() if token_hash(c.join_id) == sighting.key), None)
        return Thing(Place.CLASS, school_class=found) if found is not None else None
    link = find_link(sighting.key)
    if link is None:
        return None
    return Thing(Place.LINK, link=link, dead=link.burned_at is not None or link.expires_at <= now)


def list_leaks(user: User) -> QuerySet[Leak]:
    """The alarms and notices that are any business of `user`, the newest first."""
    found = Leak.objects.select_related("school_class", "link__household", "answered_by")
    if user.roles & LEAK_READERS:
        return found
    if not user.roles & HOSTS:
        return found.none()
    return found.filter(pk__in=Leak.classes.through.objects.filter(schoolclass__staff=user).values("leak"))


def get_leak(user: User, public_id: str) -> Leak | None:
    """The alarm of this name, where `user` may see it."""
    return list_leaks(user).filter(public_id=public_id).first()


def list_open_alarms(user: User) -> QuerySet[Leak]:
    """Alarms that nobody has answered."""
    return list_leaks(user).filter(alarm=True, answered_at=None)


def list_open_notices(user: User, now: datetime) -> QuerySet[Leak]:
    """Softer notices of lately that nobody has answered."""
    return list_leaks(user).filter(alarm=False, answered_at=None, last_at__gt=now - NOTICE_SHOWN)


def list_answered(user: User) -> list[Leak]:
    """What was answered, the newest first."""
    return list(list_leaks(user).exclude(answered_at=None).order_by("-answered_at", "-pk")[:MOST_SHOWN])


def list_raised(since: datetime, until: datetime) -> list[Leak]:
    """Alarms and softer notices of what was first seen from one moment and before another, in order."""
    return list(Leak.objects.filter(first_at__gte=since, first_at__lt=until).order_by("first_at", "pk"))


def is_on_its_staff(user: User, leak: Leak) -> bool:
    """Whether `user` is on the staff of a class it concerns."""
    return leak.classes.filter(staff=user).exists()


def same_thing(leak: Leak) -> QuerySet[Leak]:
    """Everything that nobody has answered about the same class or link, whichever network it was."""
    about = Q(school_class=leak.school_class_id) if leak.place == Place.CLASS else Q(link=leak.link_id)
    return Leak.objects.filter(about, place=leak.place, answered_at=None)


def whom_to_tell(classes: list[SchoolClass]) -> list[User]:
    """The hosts of these classes and the safeguarding leads."""
    of_class = Q(classes__in=classes, rolegrant__role__in=HOSTS)
    found = User.objects.filter(of_class | Q(rolegrant__role__in=TOLD), is_active=True)
    return list(found.distinct().order_by("pk"))
