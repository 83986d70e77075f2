"""Exceptions from a rule that somebody asked for (C6)."""

from datetime import date

from django.db import models
from django.db.models import Q

from circletime.core.ids import public_id
from circletime.oversight.rules.exceptions import Rule, State, state_on
from circletime.people.models import User


class RuleException(models.Model):
    """One exception, for whoever asked: granted or refused by somebody else, with its last day."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    rule = models.CharField(max_length=10, choices=[(r.value, r.words) for r in Rule])
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    until = models.DateField(help_text="The last day: as asked for, then as granted.")

    granted = models.BooleanField(null=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=500, blank=True, help_text="Why, in words.")

    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True, help_text="Its words are gone.")

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="exception_decided_by_somebody_else",
                condition=Q(granted=None, decided_by=None, decided_at=None, decision="")
                | (
                    Q(granted__isnull=False, decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(decision="")
                    & ~Q(decided_by=models.F("asked_by"))
                ),
            ),
            models.CheckConstraint(
                name="exception_that_ended_was_granted",
                condition=Q(ended_at=None, ended_by=None, end_reason="")
                | (Q(granted=True, ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
            ),
            models.UniqueConstraint(
                fields=["rule", "asked_by"],
                condition=Q(granted=None),
                name="one_exception_of_a_rule_waits_for_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """This exception as the audit log names it."""
        return f"exception:{self.public_id}"

    def state_on(self, today: date) -> State:
        """Where it stands on a day."""
        return state_on(today, granted=self.granted, until=self.until, ended=self.ended_at is not None)
