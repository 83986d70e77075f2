"""What the school itself writes into its record of processing and its impact assessment."""

from django.db import models

from circletime.people.models import User


class SchoolWords(models.Model):
    """The school's own words for one open point of the record; the newest of a point holds."""

    point = models.CharField(max_length=20)
    text = models.CharField(max_length=2000, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["point", "at"], name="school_words_by_point")]

    def __str__(self) -> str:
        return f"{self.point} {self.at}"
