"""How Circletime itself stands: fields and constraints only."""

from django.db import models

from circletime.health.rules.finding import Finding, Subject


class Standing(models.Model):
    """What was found about one subject when it was last looked at, and what was told of it."""

    subject = models.CharField(max_length=20, unique=True)
    fine = models.BooleanField(default=True)
    says = models.CharField(max_length=500)
    do = models.CharField(max_length=500, blank=True)
    number = models.FloatField(null=True, blank=True, help_text="What was measured, if anything was.")
    looked_at = models.DateTimeField()
    wrong_since = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True, help_text="When somebody was last written to.")
    fine_since = models.DateTimeField(null=True, blank=True, help_text="Well again, and not yet for long.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.subject

    @property
    def finding(self) -> Finding:
        """What was found, as the checks answer it."""
        return Finding(Subject(self.subject), self.fine, self.says, self.do, self.number)


class Beat(models.Model):
    """The worker's sign of life; a single row."""

    at = models.DateTimeField(null=True)
    stopped = models.BooleanField(default=False, help_text="It was told to stop, and did.")
    late_from = models.DateTimeField(null=True, help_text="The last time it stood still without being told.")
    late_until = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True, help_text="When somebody tried whether this can be written.")

    def __str__(self) -> str:
        return f"{self.at}"
