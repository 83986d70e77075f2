"""The log's tables: rows that hold each other by hash, the one head that a writer locks, checkpoints."""

from django.db import models


class Row(models.Model):
    """One thing that was done. Never changed, never deleted; the database refuses both."""

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=80)
    by = models.CharField(max_length=80)
    subject = models.CharField(max_length=80)
    data = models.TextField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        indexes = [
            models.Index(fields=["subject", "number"], name="audit_by_subject"),
            models.Index(fields=["kind", "at"], name="audit_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class Head(models.Model):
    """The end of the chain; a single row, whose lock lets one writer in at a time."""

    number = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.number} {self.digest[:12]}"


class Checkpoint(models.Model):
    """The signed word that the log ended with this row at this moment. The database lets nobody change it.

    Its worth is in the copies that left the building: whoever has this table and the key can sign another.
    """

    number = models.PositiveBigIntegerField(unique=True, help_text="The row it was signed at.")
    at = models.DateTimeField()
    text = models.TextField(help_text="Canonical JSON: exactly what was signed.")
    signature = models.CharField(max_length=128)

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"checkpoint at row {self.number}"


class Salt(models.Model):
    """What makes a commitment in the log fit the words it was made of. Deleting it erases the person."""

    row = models.PositiveBigIntegerField(primary_key=True, help_text="The number of the log's row.")
    salt = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"salt of row {self.row}"
