"""What is kept of imports: what the school's own system said last, and what stood before."""

from typing import ClassVar

from django.db import models

from circletime.core.ids import public_id


class RosterImport(models.Model):
    """One file that was brought in, from its reading to its end. The file itself goes when it is settled."""

    objects: ClassVar[models.Manager["RosterImport"]] = models.Manager()

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    file_name = models.CharField(max_length=120)
    mapping = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, default="reading")
    said = models.TextField(blank=True, help_text="Why it was refused.")
    counts = models.JSONField(default=dict)
    shown = models.JSONField(default=dict, help_text="Changes and odd rows, until it is applied or left.")
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
