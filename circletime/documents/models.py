"""Documents, who has read them, and what the board adopted: fields and constraints only."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils import timezone

from circletime.core.ids import public_id
from circletime.documents.rules.kinds import Audience, Gate, Kind, Way
from circletime.documents.rules.words import Block, blocks
from circletime.people.models import Adult, Household, Pupil, User
from circletime.policy.limits import Limit

KINDS = [(kind.value, kind.words) for kind in Kind]


class Version(models.Model):
    """One wording of a document: a draft while it has no number, and after that never changed.

    What somebody said of version `base` or of any later one holds for this one: it is its own number,
    or, after a correction that asks nobody again, that of the version which was corrected.
    """

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    kind = models.CharField(max_length=30, choices=KINDS)
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    base = models.PositiveSmallIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of all its wordings.")
    revision = models.PositiveIntegerField(default=1, help_text="Of a draft: counts each change.")

    for_staff = models.BooleanField(default=False)
    for_households = models.BooleanField(default=False)
    for_governors = models.BooleanField(default=False)
    before_hosting = models.BooleanField(default=False)
    before_joining = models.BooleanField(default=False)
    before_watching = models.BooleanField(default=False)
    due_on = models.DateField(null=True, blank=True, help_text="The last day to have read it.")

    changes = models.CharField(max_length=500, blank=True, help_text="What is new, or why it was corrected.")
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="versions_of_a_document_are_counted"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(number=None), name="one_draft_of_a_document"
            ),
            models.CheckConstraint(
                name="a_published_version_has_all_of_it",
                condition=Q(number=None, base=None, published_at=None)
                | Q(number__gte=1, base__gte=1, base__lte=models.F("number"), published_at__isnull=False)
                & ~Q(digest=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number or 'draft'}"

    @property
    def document(self) -> Kind:
        """Which document it is a version of."""
        return Kind(self.kind)

    @property
    def corrects(self) -> bool:
        """Whether it was published as a correction that asks nobody again."""
        return self.base != self.number

    @property
    def audiences(self) -> list[Audience]:
        """Who has to read it."""
        asked = {
            Audience.STAFF: self.for_staff,
            Audience.HOUSEHOLDS: self.for_households,
            Audience.GOVERNORS: self.for_governors,
        }
        return [audience for audience, yes in asked.items() if yes]

    @property
    def gates(self) -> list[Gate]:
        """What is refused without it."""
        shut = {
            Gate.HOSTING: self.before_hosting,
            Gate.JOINING: self.before_joining,
            Gate.WATCHING: self.before_watching,
        }
        return [gate for gate, yes in shut.items() if yes]

    @property
    def published_on(self) -> date | None:
        """The school's day of its publishing."""
        return timezone.localtime(self.published_at).date() if self.published_at else None


class Wording(models.Model):
    """A version in one language: written here, or a PDF. English is the one that holds."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="wordings")
    language = models.CharField(max_length=8, default="en")
    text = models.TextField(blank=True, help_text="As it was written; of a PDF, the words found in it.")
    pdf = models.BinaryField(null=True, blank=True)
    pages = models.PositiveSmallIntegerField(default=0, help_text="Of a PDF.")
    size = models.PositiveIntegerField(default=0, help_text="Of a PDF, in bytes.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "language"], name="one_wording_in_a_language"),
            models.CheckConstraint(
                name="a_wording_says_something",
                condition=Q(size__gt=0, pages__gt=0) | Q(size=0) & ~Q(text=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.language}"

    @property
    def is_pdf(self) -> bool:
        """Whether it was uploaded."""
        return self.size > 0

    @property
    def blocks(self) -> list[Block]:
        """Headings, lists and paragraphs, for a page."""
        return blocks(self.text)


class Acceptance(models.Model):
    """Somebody said that they have read a version and keep to it.

    Staff and governors say so as themselves. A family's is a household's; which of its adults said it is
    known only where they were known. At the class's door, where a child of two households comes with
    one of them and nobody knows which, it is the child's. Never changed, never deleted.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="acceptances")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    household = models.ForeignKey(
        Household, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    adult = models.ForeignKey(Adult, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    pupil = models.ForeignKey(Pupil, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    way = models.CharField(max_length=10, choices=[(way.value, way.words) for way in Way])
    at = models.DateTimeField()
    noted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="an_acceptance_is_somebodys",
                condition=Q(user__isnull=False, household=None, adult=None, pupil=None)
                | Q(user=None, household__isnull=False, pupil=None)
                | Q(user=None, household=None, adult=None, pupil__isnull=False),
            ),
            models.CheckConstraint(
                name="paper_was_noted_by_somebody",
                condition=Q(way=Way.PAPER, noted_by__isnull=False) | ~Q(way=Way.PAPER),
            ),
            models.UniqueConstraint(fields=["version", "user"], name="staff_accept_a_version_once"),
            models.UniqueConstraint(fields=["version", "pupil"], name="accepted_for_a_child_once"),
            models.UniqueConstraint(
                fields=["version", "household", "adult"],
                condition=Q(adult__isnull=False),
                name="an_adult_accepts_a_version_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.at}"

    @property
    def whose(self) -> str:
        """Whose it is, as the audit log names them."""
        if self.user_id is not None:
            return f"user:{self.user_id}"
        return f"pupil:{self.pupil_id}" if self.pupil_id is not None else f"household:{self.household_id}"


class Adoption(models.Model):
    """The board adopted a version at a meeting (C7)."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="adoptions")
    met_on = models.DateField()
    minute = models.CharField(max_length=120, help_text="Where it stands in the minutes.")
    signatories = models.JSONField(help_text="Names, as they were typed.")
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["-met_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "met_on"], name="a_version_is_adopted_once_at_a_meeting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.met_on}"


class ReviewReminder(models.Model):
    """Who had to know was told that a review is due; once for each step before each due day (C7)."""

    kind = models.CharField(max_length=30, choices=KINDS)
    due_on = models.DateField()
    days_before = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    letters = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "due_on", "days_before"], name="a_review_is_reminded_of_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.due_on} -{self.days_before}"


class LimitSet(models.Model):
    """A school's own value of a limit, from its moment on; the newest one of a limit holds. Never changed."""

    limit = models.CharField(max_length=10, choices=[(limit.value, limit.facts.words) for limit in Limit])
    value = models.PositiveSmallIntegerField()
    adoption = models.ForeignKey(Adoption, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.limit} {self.value}"


class Reminder(models.Model):
    """Somebody who has not read a version is to be written to; the worker does it, one row at a time."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="reminders")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    adult = models.ForeignKey(Adult, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    sent = models.BooleanField(default=False, help_text="A letter went into the outbox.")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["done_at", "id"], name="reminders_by_done")]
        constraints = [
            models.CheckConstraint(
                name="a_reminder_is_for_one_person",
                condition=Q(user__isnull=False, adult=None) | Q(user=None, adult__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["version", "user"],
                condition=Q(done_at=None),
                name="staff_are_reminded_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["version", "adult"],
                condition=Q(done_at=None),
                name="adults_are_reminded_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.asked_at}"
