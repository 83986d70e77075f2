"""An invented school, for the demo, the tests and the benches. Every name in it is made up.

The same seed makes the same school. First names come from many places, so that the door meets
apostrophes, accents, two-word names and two children called Olivia.
"""

import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from circletime.people.models import (
    Adult,
    Group,
    Household,
    Pupil,
    RoleGrant,
    School,
    SchoolClass,
    User,
)
from circletime.people.rules import Role

CLASSES = (
    ("Oak", 1), ("Ash", 1), ("Beech", 1), ("Birch", 2), ("Cedar", 2), ("Elm", 2), ("Hazel", 3),
    ("Holly", 3), ("Larch", 4), ("Maple", 4), ("Pine", 5), ("Rowan", 5), ("Willow", 6), ("Yew", 6),
)  # fmt: skip
FIRST = (
    "Amara", "Ben", "Chloé", "D'Arcy", "Eun-ji", "Farida", "Gwen", "Hamza", "Inés", "Jun", "Kofi",
    "Lena", "Mary Jane", "Nia", "Olivia", "Paweł", "Quinn", "Rosa", "Søren", "Tariq", "Uma", "Victor",
    "Wren", "Ximena", "Yusuf", "Zoë", "Aoife", "Bilal", "Ciara", "Deepa", "Emeka", "Freya", "Grace",
    "Ivo", "Jaya", "Kwame", "Leila", "Mateo", "Noor", "Oisín", "Priya", "Rafi", "Siân", "Theo",
)  # fmt: skip
LAST = (
    "Adeyemi", "Baker-Lowe", "Castellan", "Dąbek", "Elmsworth", "Farrow", "Ghazali", "Hartwell", "Ibekwe",
    "Jankers", "Kalani", "Lindqvall", "Marrow", "Nakatomi", "O'Dell", "Pemberly", "Quillan", "Rahmani",
    "Sandoval", "Thornby", "Umarov", "Vasko", "Whitlam", "Yilmazer", "Zielak",
)  # fmt: skip
TEACHERS = (
    "Mrs Osei", "Mr Lark", "Ms Fennick", "Mr Adair", "Mrs Boateng", "Ms Corrin", "Mr Dunmore", "Mrs Ekholm",
    "Ms Farrant", "Mr Gale", "Mrs Hollis", "Mr Ivers", "Ms Jessop", "Mrs Kaur",
)  # fmt: skip
LANGUAGES = ("en", "en", "en", "pl", "ro", "ur", "pa", "bn", "so", "ar", "gu", "pt", "ta", "fr")


@dataclass
class Invented:
    """What was made, with the sign-ins, whose passwords are kept nowhere else."""

    classes: list[SchoolClass]
    staff: dict[str, tuple[User, str]] = field(default_factory=dict)


@transaction.atomic
def invent_school(
    *, now: datetime, classes: int = 14, pupils: int = 30, seed: int = 7, password: str | None = None
) -> Invented:
    """Make a school of `classes` with `pupils` each, its households and staff in every role.

    `password` is one for all accounts, for tests; otherwise each gets its own.
    """
    pick = random.Random(seed)  # noqa: S311  invented names, not secrets
    School.objects.update_or_create(pk=1, defaults={"name": "Larkfield Primary School"})
    invented = Invented(classes=[])

    teachers = [
        ("teacher" if index == 0 else f"teacher_{name.lower()}", teacher, teacher.split()[-1].lower())
        for index, ((name, _), teacher) in enumerate(zip(CLASSES[:classes], TEACHERS, strict=False))
    ]
    people: list[tuple[str, str, str, tuple[Role, ...]]] = [
        ("office", "Mr Penrose", "office", (Role.OFFICE,)),
        ("slt", "Ms Abara", "slt", (Role.SLT,)),
        ("dsl", "Ms Vale", "dsl", (Role.DSL, Role.SLT)),
        ("headteacher", "Mrs Sunderland", "head", (Role.HEADTEACHER,)),
        ("governor", "Dr Mistry", "governor", (Role.GOVERNOR,)),
        ("support", "Miss Tully", "support", (Role.SUPPORT,)),
        *((key, name, local, (Role.TEACHER,)) for key, name, local in teachers),
    ]
    for key, name, local, _ in people:
        word = password or secrets.token_urlsafe(9)
        user = User(email=f"{local}@larkfield.example", name=name)
        user.set_password(word)
        invented.staff[key] = user, word
    User.objects.bulk_create(user for user, _ in invented.staff.values())
    RoleGrant.objects.bulk_create(
        RoleGrant(user=invented.staff[key][0], role=role) for key, _, _, roles in people for role in roles
    )

    for (name, year), (key, _, _) in zip(CLASSES, teachers, strict=False):
        school_class = SchoolClass.objects.create(name=name, year=year)
        school_class.staff.add(invented.staff[key][0])
        if key == "teacher":
            school_class.staff.add(invented.staff["support"][0])
        made = _invent_pupils(school_class, pupils, pick)
        group = Group.objects.create(school_class=school_class, name="Readers")
        group.pupils.set(made[:6])
        invented.classes.append(school_class)
    return invented


def _invent_pupils(school_class: SchoolClass, count: int, pick: random.Random) -> list[Pupil]:
    # The first six are the same in every class, so that a demo can name them; then two Olivias.
    names = [(name, "") for name in FIRST[:6]]
    names += [("Olivia", "sun"), ("Olivia", "moon")]
    rest = [name for name in FIRST[6:] if name != "Olivia"]
    names += [(name, "") for name in pick.sample(rest, max(0, min(len(rest), count - len(names))))]
    lasts = pick.sample(LAST, len(LAST))
    homes, pupils, adults = [], [], []
    for index, (first, mark) in enumerate(names[:count]):
        last = lasts[index % len(lasts)]
        homes.append(Household(name=last))
        pupils.append(Pupil(school_class=school_class, first_name=first, last_name=last, mark=mark))
        for adult in pick.sample(("Ada", "Bruno", "Celia", "Dov", "Esi", "Femi"), pick.choice((1, 2))):
            language = pick.choice(LANGUAGES)
            someone = Adult(
                name=f"{adult} {last}",
                email=f"{adult.lower()}.{secrets.token_hex(3)}@home.example",
                language=language if index else "en",  # whose link the demo prints reads English
            )
            adults.append((homes[-1], someone))
    Household.objects.bulk_create(homes)
    Pupil.objects.bulk_create(pupils)
    Adult.objects.bulk_create(someone for _, someone in adults)
    Pupil.households.through.objects.bulk_create(
        Pupil.households.through(pupil=pupil, household=home)
        for pupil, home in zip(pupils, homes, strict=True)
    )
    Adult.households.through.objects.bulk_create(
        Adult.households.through(adult=someone, household=home) for home, someone in adults
    )
    return pupils
