"""Who is asked to come when, and which senior leader will be there."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from circletime.access.models.case import Case
from circletime.access.rules.invitation import Where
from circletime.core.ids import public_id
from circletime.people.models import User


class Invitation(models.Model):
    """One viewing that whoever asked is invited to (T10), changed and called off under its own name."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="invitations")
    sequence = models.PositiveSmallIntegerField(default=0, help_text="As calendars count changes.")
    where = models.CharField(max_length=8, choices=[(w.value, w.words) for w in Where])
    place = models.CharField(max_length=120, blank=True, help_text="The room, where it is at school.")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    leader = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    called_off_at = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(null=True, blank=True, help_text="The viewing took place.")

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(called_off_at=None, held_at=None),
                name="access_one_open_invitation",
            ),
            models.CheckConstraint(
                name="access_an_invitation_ends_once", condition=Q(called_off_at=None) | Q(held_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def ends_at(self) -> datetime:
        """When the viewing is over."""
        return self.starts_at + timedelta(minutes=self.minutes)
