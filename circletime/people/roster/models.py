"""What is kept of imports: a file's rows until it is settled, what the school's own system said last, and
what stood before."""

from typing import ClassVar

from django.db import models

from circletime.core.ids import public_id
from circletime.people.roster.rules import UNSETTLED, Verb


class RosterImport(models.Model):
    """One file that was brought in, from its reading to its end.

    The file goes when it is settled, and so do its rows (`RosterStaged`, `RosterTie`). What was odd in one
    that was brought in is kept until the next is, for whoever mends it.
    """

    objects: ClassVar[models.Manager["RosterImport"]] = models.Manager()

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    file_name = models.CharField(max_length=120)
    mapping = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, default="reading")
    said = models.TextField(blank=True, help_text="Why it was refused.")
    counts = models.JSONField(default=dict)
    shown = models.JSONField(default=dict, help_text="Columns to be named, or how many leave.")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="Of the plan that was shown.")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """This import as the audit log names it."""
        return f"roster:{self.public_id}"

    @property
    def unsettled(self) -> bool:
        """Whether it is neither brought in nor given up."""
        return self.state in UNSETTLED


class RosterStaged(models.Model):
    """What a file says of one class or person, and what bringing it in would make of them.

    Deleted when its import is settled. No index begins with the import: a database would take it for the way
    through the rows in their order, and sort them all for each few hundred.
    """

    objects: ClassVar[models.Manager["RosterStaged"]] = models.Manager()

    roster_import = models.ForeignKey(RosterImport, on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=8)
    source_id = models.CharField(max_length=255)
    file = models.CharField(max_length=120)
    line = models.PositiveIntegerField(default=0)
    label = models.CharField(max_length=130, blank=True)
    said = models.JSONField(default=dict)
    place = models.CharField(max_length=255, blank=True, db_index=True, help_text="A child's class.")
    homeroom = models.BooleanField(default=False)
    match = models.CharField(
        max_length=200, blank=True, db_index=True, help_text="What finds them where they were made by hand."
    )
    about = models.BigIntegerField(null=True, db_index=True, help_text="The key of who or what it is here.")
    verb = models.CharField(max_length=9, default=Verb.UNCHANGED)
    write = models.JSONField(default=dict)
    details = models.JSONField(default=list, help_text="Field, before, after, in words.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_id", "kind", "roster_import"], name="staged_once_of_each")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class RosterTie(models.Model):
    """That a file puts somebody into a class or a role, or links two people. Deleted as `RosterStaged` is."""

    objects: ClassVar[models.Manager["RosterTie"]] = models.Manager()

    roster_import = models.ForeignKey(RosterImport, on_delete=models.CASCADE, db_index=False)
    sort = models.CharField(max_length=8)
    one = models.CharField(max_length=255, db_index=True)
    other = models.CharField(max_length=255, blank=True, db_index=True)
    worth = models.PositiveSmallIntegerField(default=0, help_text="How likely it is a child's own class.")
    role = models.CharField(max_length=8, blank=True)
    file = models.CharField(max_length=120)
    line = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.sort} {self.pk}"


class RosterOdd(models.Model):
    """One odd place of a file. `line` counts from 1, as a spreadsheet does; 0 where it is about the file."""

    objects: ClassVar[models.Manager["RosterOdd"]] = models.Manager()

    roster_import = models.ForeignKey(RosterImport, on_delete=models.CASCADE)
    file = models.CharField(max_length=120)
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=120, blank=True)
    words = models.TextField(help_text="What to mend.")
    refused = models.BooleanField(help_text="The row was not used.")

    def __str__(self) -> str:
        return f"{self.pk}"


class RosterMapping(models.Model):
    """Which column of a source's CSV files is which."""

    objects: ClassVar[models.Manager["RosterMapping"]] = models.Manager()

    name = models.CharField(max_length=60, unique=True)
    columns = models.JSONField(help_text="Our field, and the name of their column.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RosterSaid(models.Model):
    """What a source said last of somebody or of a class, so that only what it changes is written."""

    objects: ClassVar[models.Manager["RosterSaid"]] = models.Manager()

    source = models.CharField(max_length=80)
    kind = models.CharField(max_length=8)
    source_id = models.CharField(max_length=255)
    words = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "source_id"], name="said_once_of_each")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class RosterBefore(models.Model):
    """Some hundred rows of one sort that the last import wrote: as they were, as they became.

    Kept for its undoing, and no longer. Each row is its key, what was before (nothing where the import made
    it) and what is after (nothing where the import took it away).
    """

    objects: ClassVar[models.Manager["RosterBefore"]] = models.Manager()

    roster_import = models.ForeignKey(RosterImport, on_delete=models.CASCADE)
    model = models.CharField(max_length=40)
    rows = models.JSONField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.model} {self.pk}"
