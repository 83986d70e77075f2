"""What is looked at by lot, and what was found (C5)."""

from django.db import models
from django.db.models import Q

from circletime.core.ids import public_id
from circletime.meetings.models import Meeting
from circletime.oversight.rules.monitoring import Found
from circletime.people.models import User


class Draw(models.Model):
    """One month's draw, with all that is needed to repeat it."""

    month = models.DateField(unique=True, help_text="The first day of the month in which they are looked at.")
    row = models.PositiveBigIntegerField(help_text="The log's last row before that month began.")
    digest = models.CharField(max_length=64, help_text="That row's digest, which is the seed.")
    candidates = models.JSONField(help_text="The public ids of the meetings of the month before.")
    drawn_at = models.DateTimeField()

    class Meta:
        ordering = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}"

    @property
    def subject(self) -> str:
        """This draw as the audit log names it."""
        return f"draw:{self.month:%Y-%m}"


class DrawnMeeting(models.Model):
    """A meeting that was drawn, and what somebody found who looked at it."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    draw = models.ForeignKey(Draw, on_delete=models.CASCADE, related_name="meetings")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField()
    found = models.CharField(max_length=10, blank=True, choices=[(f.value, f.words) for f in Found])
    note = models.CharField(max_length=500, blank=True)
    looked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    looked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["draw", "place"]
        constraints = [
            models.UniqueConstraint(fields=["draw", "meeting"], name="drawn_once_in_a_draw"),
            models.CheckConstraint(
                name="who_looked_says_when_and_what_was_found",
                condition=Q(looked_at=None, looked_by=None, found="", note="")
                | (Q(looked_at__isnull=False, looked_by__isnull=False) & ~Q(found="")),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
