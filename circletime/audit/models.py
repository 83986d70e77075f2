"""The log's tables: rows that hold each other by hash, and the one head that is locked to add a row."""

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
        indexes = [models.Index(fields=["subject", "number"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class Head(models.Model):
    """The end of the chain; a single row, whose lock lets one writer in at a time."""

    number = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.number} {self.digest[:12]}"
