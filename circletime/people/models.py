"""The school's people: fields and constraints only."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from circletime.core.ids import public_id, readable
from circletime.core.time import now
from circletime.people.roster.models import (
    RosterBefore,
    RosterImport,
    RosterMapping,
    RosterOdd,
    RosterSaid,
    RosterStaged,
    RosterTie,
)
from circletime.people.rules import (
    HEALTH_READERS,
    HOSTS,
    INCIDENT_REPORTERS,
    LETTER_KEEPERS,
    LOG_READERS,
    OFFICE,
    PEOPLE_READERS,
    PROTECTION_READERS,
    PROTECTORS,
    REPORT_READERS,
    REQUEST_LOGGERS,
    REQUEST_READERS,
    WATCHERS,
    Role,
    can_review_translations,
)

__all__ = [
    "RosterBefore",
    "RosterImport",
    "RosterMapping",
    "RosterOdd",
    "RosterSaid",
    "RosterStaged",
    "RosterTie",
]


JOIN_ID_LETTERS, PASSWORD_LETTERS = 6, 8


def new_join_id() -> str:
    """A class ID: six characters a child can copy."""
    return readable(JOIN_ID_LETTERS)


def new_class_password() -> str:
    """A class password: eight characters."""
    return readable(PASSWORD_LETTERS)


def source_id_field() -> "models.CharField[str, str]":
    """What the school's own system calls somebody or something; empty for what was made by hand."""
    return models.CharField(max_length=255, blank=True, default="", db_index=True)


def one_per_source_id(name: str) -> models.UniqueConstraint:
    """No two rows stand for one and the same of the school's own system."""
    return models.UniqueConstraint(fields=["source_id"], condition=~models.Q(source_id=""), name=name)


class School(models.Model):
    """The one school of this installation."""

    name = models.CharField(max_length=120)
    hosts_needed = models.PositiveSmallIntegerField(
        default=1, help_text="Adults who must be in a room with pupils; 2 means no one-to-one."
    )

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes staff accounts; there is no public sign-up."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A member of staff or a governor."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, help_text="What everyone in a meeting sees, as: Mrs Osei")
    is_active = models.BooleanField(default=True)
    off_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is switched off.")
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="Its name and address are gone; what it did stays, as a number."
    )
    sessions_from = models.DateTimeField(
        null=True, blank=True, help_text="A browser that was signed in before is signed in no more."
    )
    source_id = source_id_field()

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [one_per_source_id("one_account_per_source_id")]

    def __str__(self) -> str:
        return self.name

    @property
    def actor(self) -> str:
        """This person as the audit log names them."""
        return f"user:{self.pk}"

    @property
    def may_watch(self) -> bool:
        """Whether recordings are open to this person (T10)."""
        return bool(self.roles & WATCHERS)

    @property
    def may_see_letters(self) -> bool:
        """Whether this person looks after what is mailed (R2)."""
        return bool(self.roles & LETTER_KEEPERS)

    @property
    def sees_health(self) -> bool:
        """Whether this person sees how Circletime itself stands."""
        return bool(self.roles & HEALTH_READERS)

    @property
    def may_import(self) -> bool:
        """Whether this person brings the roster in."""
        return bool(self.roles & OFFICE)

    @property
    def reviews_translations(self) -> bool:
        """Whether this person looks after what families read in other languages."""
        return can_review_translations(self.roles)

    @property
    def sees_people(self) -> bool:
        """Whether this person sees what is known of families and staff."""
        return bool(self.roles & PEOPLE_READERS)

    @property
    def sees_requests(self) -> bool:
        """Whether requests to see a recording are any business of this person (T10, C5)."""
        return bool(self.roles & (REQUEST_LOGGERS | REQUEST_READERS))

    @property
    def sees_report(self) -> bool:
        """Whether this person reads how the policy was kept (C5)."""
        return bool(self.roles & REPORT_READERS)

    @property
    def sees_incidents(self) -> bool:
        """Whether this person reports incidents, and has a page of those that are theirs to see (C6)."""
        return bool(self.roles & INCIDENT_REPORTERS)

    @property
    def sees_exceptions(self) -> bool:
        """Whether this person may ask for an exception from a rule, and has a page of them (C6)."""
        return bool(self.roles & HOSTS)

    @property
    def sees_protection(self) -> bool:
        """Whether this person reads what is kept of people, and for how long."""
        return bool(self.roles & PROTECTION_READERS)

    @property
    def protects(self) -> bool:
        """Whether this person hands out and erases what is kept of somebody."""
        return bool(self.roles & PROTECTORS)

    @property
    def sees_log(self) -> bool:
        """Whether this person may take the log away (C5)."""
        return bool(self.roles & LOG_READERS)

    @property
    def roles(self) -> frozenset[Role]:
        """Every role this person holds; read once per object."""
        if not hasattr(self, "_roles"):
            held = self.rolegrant_set.values_list("role", flat=True) if self.is_active else []
            self._roles = frozenset(Role(role) for role in held)
        return self._roles


class RoleGrant(models.Model):
    """One role of one person."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    role = models.CharField(max_length=20, choices=[(role.value, role.words) for role in Role])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="one_grant_per_role")]

    def __str__(self) -> str:
        return self.role


class SchoolClass(models.Model):
    """A class, with the standing ID and password that lead to whichever of its meetings is open (T6).

    The password is kept readable because the office prints it on cards; it opens the waiting room
    and nothing more.
    """

    name = models.CharField(max_length=60)
    year = models.PositiveSmallIntegerField(default=1)
    source_id = source_id_field()
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="From then on its ID opens nothing and nobody may plan for it."
    )
    join_id = models.CharField(max_length=12, unique=True, default=new_join_id)
    password = models.CharField(max_length=20, default=new_class_password)
    staff = models.ManyToManyField(User, related_name="classes", blank=True)

    class Meta:
        ordering = ["year", "name"]
        verbose_name = "class"
        verbose_name_plural = "classes"
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(closed_at=None), name="names_of_open_classes_differ"
            ),
            one_per_source_id("one_class_per_source_id"),
        ]

    def __str__(self) -> str:
        return self.name


class Household(models.Model):
    """One or more adults and the pupils they care for."""

    name = models.CharField(max_length=120, help_text="For the office only.")
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="Its name and people are gone; a meeting that was held for it stays."
    )

    def __str__(self) -> str:
        return self.name


class Adult(models.Model):
    """A parent or carer. Most belong to one household; some to two."""

    households = models.ManyToManyField(Household, related_name="adults")
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=8, default="en")
    source_id = source_id_field()
    left_at = models.DateTimeField(
        null=True, blank=True, help_text="The school's own system does not know them any more."
    )

    class Meta:
        constraints = [one_per_source_id("one_adult_per_source_id")]

    def __str__(self) -> str:
        return self.name

    @property
    def first_home(self) -> "Household | None":
        """The household this adult is asked as where nothing tells which; most have but one."""
        return self.households.order_by("pk").first()


class Pupil(models.Model):
    """A child on the roster. Only `label` ever leaves the school's own pages."""

    school_class = models.ForeignKey(SchoolClass, on_delete=models.PROTECT)
    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=60)
    mark = models.CharField(
        max_length=20, blank=True, help_text="Tells two children of one first name apart, as: sun."
    )
    households = models.ManyToManyField(Household, related_name="pupils")
    source_id = source_id_field()
    left_at = models.DateTimeField(
        null=True, blank=True, help_text="A leaver is expected nowhere; what was recorded stays."
    )

    class Meta:
        ordering = ["first_name", "mark", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["school_class", "first_name", "mark"],
                condition=models.Q(left_at=None),
                name="labels_differ_in_a_class",
            ),
            one_per_source_id("one_pupil_per_source_id"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What everyone in a meeting sees (P7): the first name, and a mark where two share it."""
        return f"{self.first_name} ({self.mark})" if self.mark else self.first_name


class ContactRestriction(models.Model):
    """A court order or an agreement about who may be in touch with a child, or learn about them.

    It is about one adult, one household, or, where neither is named, about everybody.
    """

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    pupil = models.ForeignKey(Pupil, on_delete=models.PROTECT)
    adult = models.ForeignKey(Adult, null=True, blank=True, on_delete=models.CASCADE)
    household = models.ForeignKey(Household, null=True, blank=True, on_delete=models.CASCADE)
    what = models.CharField(max_length=500)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    since = models.DateField()
    until = models.DateField(null=True, blank=True, help_text="The last day; empty for until ended.")
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-noted_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="restriction_on_an_adult_or_a_household",
                condition=models.Q(adult=None) | models.Q(household=None),
            ),
            models.CheckConstraint(
                name="restriction_ends_after_it_begins",
                condition=models.Q(until=None) | models.Q(until__gte=models.F("since")),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """This restriction as the audit log names it."""
        return f"restriction:{self.public_id}"

    @property
    def about(self) -> str:
        """Whom it is about, in words for staff."""
        if self.adult is not None:
            return self.adult.name
        return f"Household {self.household}" if self.household is not None else "Everybody"


class Group(models.Model):
    """A named group within a class (C2)."""

    school_class = models.ForeignKey(SchoolClass, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)
    pupils = models.ManyToManyField(Pupil, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["school_class", "name"], name="group_names_differ_in_a_class")
        ]

    def __str__(self) -> str:
        return f"{self.school_class} · {self.name}"


class FamilyLink(models.Model):
    """A household's own way to the join page; only a hash of it is kept. May be burned at once."""

    id = models.CharField(primary_key=True, max_length=32, default=public_id)
    household = models.ForeignKey(Household, on_delete=models.CASCADE)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    made_at = models.DateTimeField(default=now, null=True, help_text="Empty for the oldest.")
    last_used_at = models.DateTimeField(null=True, blank=True)
    burned_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.id


class TranslationReview(models.Model):
    """Somebody who reads the language found this translation right.

    Both hashes come from `core.sentences`; the tick holds as long as the translation is the
    one that was read.
    """

    language = models.CharField(max_length=8)
    sentence = models.CharField(max_length=64)
    said = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["language", "sentence"], name="one_review_of_a_sentence")
        ]

    def __str__(self) -> str:
        return f"{self.language}: {self.sentence[:8]}"


class PasswordAsk(models.Model):
    """Somebody asked for a new password at the sign-in page; kept until the worker has answered it.

    `email` is what was typed and may be nobody's: only the worker looks, so that the page cannot tell.
    """

    email = models.EmailField()
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When the worker answers it, or tries again.")
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["due_at", "pk"]

    def __str__(self) -> str:
        return f"{self.asked_at}"


class MailCode(models.Model):
    """An adult of a family asked for a code by e-mail, and signed in with it or did not.

    `email` is what was typed and may be nobody's: only the worker looks, so that the page cannot tell. The
    browser that asked holds `public_id`, which with the code signs it in.
    """

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    email = models.EmailField()
    place = models.CharField(max_length=64, help_text="Where they asked from, as a keyed hash.")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="When the worker answers it, or tries again; empty once it has."
    )
    tries = models.PositiveSmallIntegerField(default=0)
    code_hash = models.CharField(max_length=64, blank=True)
    wrong = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at", "pk"]
        indexes = [
            models.Index(fields=["due_at"], name="codes_by_due"),
            models.Index(fields=["email", "asked_at"], name="codes_by_email"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """This sign-in as the audit log names it."""
        return f"code:{self.public_id}"
