"""Recordings: what was made of a meeting, and until when it is kept."""

from datetime import date, datetime

from django.db import models

from circletime.core.ids import public_id
from circletime.meetings.models import Meeting
from circletime.recordings.rules import FilmKind, FilmState, Ground, State, early_expires


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
    ending = models.JSONField(default=dict, help_text="What its certificate says of its end.")

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["state", "destroy_on"], name="recordings_by_state")]

    def __str__(self) -> str:
        return f"{self.meeting} {self.made_at:%d %b %Y}"

    @property
    def subject(self) -> str:
        """This recording as the audit log names it."""
        return f"recording:{self.public_id}"


class Film(models.Model):
    """One film that is made of a recording. A recording may have several, each with its own cut."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="films")
    kind = models.CharField(max_length=10, choices=[(k.value, k.words) for k in FilmKind])
    cut = models.JSONField(default=dict, help_text="What it leaves out; empty when all is shown.")
    stem = models.CharField(max_length=20, blank=True, help_text="What old files' names begin with.")
    state = models.CharField(
        max_length=10, default=FilmState.WAITING, choices=[(s.value, s.words) for s in FilmState]
    )
    percent = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)
    asked_by = models.CharField(max_length=64, help_text="As the audit log names them.")
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)
    places = models.JSONField(default=list, help_text="How many bytes its first 1, 2, 3 … seconds are.")

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["recording"], condition=models.Q(kind=FilmKind.WHOLE), name="one_whole_film"
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def rest_name(self) -> str:
        """The file that has all but the film's first bytes."""
        return f"{self.stem or f'film-{self.public_id}'}.ctv"

    @property
    def head_name(self) -> str:
        """The file that has the film's first bytes, and is written last."""
        return f"{self.stem or f'film-{self.public_id}'}-head.ctv"


class Hold(models.Model):
    """Somebody keeps these recordings beyond their day, until somebody lets them go (T9)."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    recordings = models.ManyToManyField(Recording, related_name="holds")
    reason = models.CharField(max_length=500)
    review_on = models.DateField(help_text="The day somebody looks at it again.")
    placed_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    released_by = models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    released_at = models.DateTimeField(null=True, blank=True)
    release_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-placed_at", "-pk"]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """This hold as the audit log names it."""
        return f"hold:{self.public_id}"

    def is_overdue(self, today: date) -> bool:
        """Whether nobody looked at it again on its day."""
        return self.released_at is None and self.review_on < today


class EarlyDeletion(models.Model):
    """One leader's wish to delete a recording before its day, and what the other said to it (T9)."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="early_deletions")
    ground = models.CharField(max_length=10, choices=[(g.value, g.words) for g in Ground])
    reason = models.CharField(max_length=500)
    asked_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.recording_id} {self.asked_at}"

    @property
    def expires_at(self) -> datetime:
        """When it is over unless somebody confirms it."""
        return early_expires(self.asked_at)


class Certificate(models.Model):
    """The signed word that a recording is gone. Never changed, never deleted; the database refuses both."""

    recording = models.OneToOneField(Recording, on_delete=models.PROTECT, related_name="certificate")
    made_at = models.DateTimeField()
    text = models.TextField(help_text="Canonical JSON: exactly what was signed.")
    signature = models.CharField(max_length=128)

    def __str__(self) -> str:
        return f"certificate {self.recording_id}"


class Vigil(models.Model):
    """When the worker last trusted the clock enough to destroy anything; a single row."""

    at = models.DateTimeField(null=True)
    row = models.PositiveBigIntegerField(default=0, help_text="The newest row of the log at that moment.")
    waits_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.at}"


class Opening(models.Model):
    """A recording is open for a while to somebody who hosted its meeting, because a senior leader said so."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="openings")
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    opened_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    until = models.DateTimeField()
    closed_by = models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at", "-pk"]

    def __str__(self) -> str:
        return self.public_id


class Viewing(models.Model):
    """Who opened a recording, when and why, and which of its seconds they were given."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE)
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    why = models.CharField(max_length=300)
    sent = models.JSONField(default=list, help_text="Spans of the film, in seconds, that were handed out.")
    played = models.JSONField(default=list, help_text="Of these, what the browser says it played.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When a piece was last handed out.")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.at}"
