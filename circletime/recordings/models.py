"""Recordings: what was made of a meeting, and until when it is kept."""

from django.db import models

from circletime.core.ids import public_id
from circletime.meetings.models import Meeting
from circletime.recordings.rules import Film, State


class Recording(models.Model):
    """One meeting's recording (T8, T9). Its bytes are in the vault, under its wrapped key."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="+")
    wrapped_key = models.BinaryField(help_text="Empty once it is destroyed.")
    segment = models.PositiveSmallIntegerField(default=0, help_text="How often the recorder was started.")
    state = models.CharField(
        max_length=10, default=State.PREPARING, choices=[(s.value, s.words) for s in State]
    )
    trouble = models.CharField(max_length=300, blank=True)
    driven_until = models.DateTimeField(null=True, blank=True, help_text="Who speaks to the recorder.")
    odd_tracks = models.JSONField(default=list, help_text="Tracks whose shape was reported already.")
    made_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    destroy_on = models.DateField(help_text="The day it is destroyed (T9).")
    destroyed_at = models.DateTimeField(null=True, blank=True)

    film_state = models.CharField(
        max_length=10, default=Film.NONE, choices=[(s.value, s.words) for s in Film]
    )
    film_percent = models.PositiveSmallIntegerField(default=0)
    film_tries = models.PositiveSmallIntegerField(default=0)
    film_claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["state", "destroy_on"], name="recordings_by_state")]

    def __str__(self) -> str:
        return f"{self.meeting} {self.made_at:%d %b %Y}"

    @property
    def subject(self) -> str:
        """This recording as the audit log names it."""
        return f"recording:{self.public_id}"


class Viewing(models.Model):
    """Who opened a recording, when and why."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE)
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    why = models.CharField(max_length=300)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.at}"
