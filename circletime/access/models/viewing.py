"""A viewing as it happens: the link, who is there, where in the film, and what was shown."""

from django.db import models
from django.db.models import Q

from circletime.access.models.case import CaseRecording
from circletime.access.models.invitation import Invitation
from circletime.access.models.redaction import Redaction
from circletime.access.rules.redaction import clock
from circletime.core.ids import public_id
from circletime.people.models import User
from circletime.recordings.models import Film


class ViewingSession(models.Model):
    """The viewing that an invitation is for (T10): on one other browser, or on the leader's own."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    invitation = models.OneToOneField(Invitation, on_delete=models.CASCADE, related_name="session")
    leader = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField(help_text="It is over then, whoever is there.")

    link_hash = models.CharField(max_length=64, blank=True)
    link_made_at = models.DateTimeField(null=True, blank=True)
    browser_hash = models.CharField(max_length=64, blank=True)
    bound_at = models.DateTimeField(null=True, blank=True)
    strangers = models.PositiveSmallIntegerField(default=0, help_text="Other browsers that had the link.")

    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(null=True, blank=True, help_text="The leader's page was heard of.")
    viewer_seen_at = models.DateTimeField(null=True, blank=True)
    here_name = models.CharField(max_length=120, blank=True, help_text="Who sits beside the leader.")
    here_at = models.DateTimeField(null=True, blank=True)

    showing = models.ForeignKey(
        CaseRecording, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.FloatField(default=0)
    playing = models.BooleanField(default=False)
    said_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["leader"],
                condition=Q(opened_at__isnull=False, closed_at=None),
                name="access_one_open_viewing_for_a_leader",
            ),
            models.UniqueConstraint(
                fields=["link_hash"], condition=~Q(link_hash=""), name="access_one_viewing_for_a_link"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """This viewing as the audit log names it."""
        return f"viewing:{self.public_id}"


class Attendance(models.Model):
    """The leader, or the other page, was there from then to then."""

    session = models.ForeignKey(ViewingSession, on_delete=models.CASCADE, related_name="attendances")
    leader = models.BooleanField()
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()

    class Meta:
        ordering = ["from_at", "pk"]

    def __str__(self) -> str:
        return f"{self.from_at} {self.to_at}"


class Shown(models.Model):
    """A stretch of a film that was played while somebody could see it, in seconds of the film."""

    session = models.ForeignKey(ViewingSession, on_delete=models.CASCADE, related_name="shown")
    case_recording = models.ForeignKey(CaseRecording, on_delete=models.CASCADE, related_name="+")
    begins = models.FloatField()
    ends = models.FloatField()
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()

    class Meta:
        ordering = ["from_at", "pk"]

    def __str__(self) -> str:
        return f"{self.begins}-{self.ends}"

    @property
    def begins_words(self) -> str:
        """Where it begins, as a person reads it."""
        return clock(self.begins)

    @property
    def ends_words(self) -> str:
        """Where it ends, as a person reads it."""
        return clock(self.ends)


class Copy(models.Model):
    """A copy of a redacted film that may be taken once. Its passphrase is nowhere (ADR 16)."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    redaction = models.ForeignKey(Redaction, on_delete=models.CASCADE, related_name="copies")
    film = models.ForeignKey(Film, null=True, on_delete=models.SET_NULL, related_name="+")
    digest = models.CharField(max_length=64, help_text="Of the film's cut, as it was approved.")
    signed_off_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_off_at = models.DateTimeField()
    wrapped = models.BinaryField(
        help_text="The stretched key, under the recording's own. Emptied at the end."
    )
    salt = models.BinaryField()
    link_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    browser_hash = models.CharField(max_length=64, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True)
    begun_times = models.PositiveSmallIntegerField(default=0)
    taken_at = models.DateTimeField(null=True, blank=True, help_text="The last byte was sent.")
    called_back_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    called_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["signed_off_at", "pk"]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """This copy as the audit log names it."""
        return f"copy:{self.public_id}"
