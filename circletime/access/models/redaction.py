"""What is left out of the film that a child's family sees, and who agreed to that."""

from django.db import models
from django.db.models import F, Q

from circletime.access.models.case import CaseRecording
from circletime.access.rules.redaction import Why
from circletime.core.ids import public_id
from circletime.meetings.models import Seat
from circletime.people.models import User
from circletime.recordings.models import Film


class Redaction(models.Model):
    """The film of one recording for one request. Its newest film, and the approval of exactly that one."""

    case_recording = models.OneToOneField(CaseRecording, on_delete=models.CASCADE, related_name="redaction")
    film = models.ForeignKey(Film, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    makers = models.ManyToManyField(User, related_name="+", help_text="Who marked anything, or had it made.")
    approved_film = models.CharField(max_length=32, blank=True, help_text="Its public id.")
    approved_digest = models.CharField(max_length=64, blank=True, help_text="Of its cut.")
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="access_approved_whole",
                condition=Q(approved_by=None, approved_at=None, approved_film="", approved_digest="")
                | Q(approved_by__isnull=False, approved_at__isnull=False)
                & ~Q(approved_film="")
                & ~Q(approved_digest=""),
            )
        ]

    def __str__(self) -> str:
        return f"redaction {self.pk}"


class Mark(models.Model):
    """A stretch that is left out, in whole seconds of the film. One that was taken away is kept, too."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    redaction = models.ForeignKey(Redaction, on_delete=models.CASCADE, related_name="marks")
    begins = models.PositiveIntegerField()
    ends = models.PositiveIntegerField()
    seat = models.ForeignKey(
        Seat, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: everybody."
    )
    picture = models.BooleanField()
    sound = models.BooleanField()
    why = models.CharField(max_length=8, choices=[(w.value, w.words) for w in Why])
    note = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["begins", "ends", "pk"]
        constraints = [
            models.CheckConstraint(name="access_mark_has_a_length", condition=Q(ends__gt=F("begins"))),
            models.CheckConstraint(
                name="access_mark_leaves_something_out", condition=Q(picture=True) | Q(sound=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.begins}-{self.ends}"
