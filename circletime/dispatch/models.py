"""What families are told, and how it reached each household: fields and constraints only."""

from django.db import models
from django.db.models import Q

from circletime.core.ids import public_id
from circletime.dispatch.rules import BY_HAND, Gathering, Reason, What
from circletime.notices.models import Letter
from circletime.people.models import Adult, FamilyLink, Household, Pupil, SchoolClass, User


class Notice(models.Model):
    """One thing that the families of a meeting, or of the school, are told."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    what = models.CharField(max_length=10, choices=[(w.value, w.words) for w in What])
    about = models.CharField(max_length=80, help_text="What the audit log names it under, as: meeting:…")
    school_class = models.ForeignKey(
        SchoolClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    day = models.DateField(help_text="The office's list it stands on: the meeting's day, or its own.")
    made_at = models.DateTimeField()
    gathering = models.JSONField(
        default=dict, blank=True, help_text="The meeting, as its letters tell of it."
    )
    following = models.JSONField(default=dict, blank=True, help_text="The next meeting, told of in the same.")
    reason = models.CharField(max_length=12, blank=True, choices=[(r.value, r.value) for r in Reason])
    reason_words = models.CharField(max_length=300, blank=True, help_text="Own words that name nobody.")
    title = models.CharField(max_length=120, blank=True, help_text="Which document, as: Code of conduct")
    due_on = models.DateField(null=True, blank=True, help_text="By when that document is to be accepted.")
    instead = models.BooleanField(default=False, help_text="It takes the place of one that was broken off.")
    sent_again = models.PositiveIntegerField(default=0, help_text="How often it was sent to all once more.")
    message = models.ForeignKey(
        Letter, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="To SchoolPing."
    )
    emptied_at = models.DateTimeField(null=True, blank=True, help_text="Since when it names no family.")
    pinged_at = models.DateTimeField(null=True, blank=True, help_text="Ticked: sent through SchoolPing.")
    pinged_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["made_at", "pk"]
        indexes = [
            models.Index(fields=["day"], name="notices_by_day"),
            models.Index(fields=["about"], name="notices_by_about"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.about}"

    @property
    def meeting(self) -> Gathering | None:
        """The meeting it tells of."""
        return Gathering.from_json(self.gathering) if self.gathering else None

    @property
    def next_meeting(self) -> Gathering | None:
        """The next one it tells of as well."""
        return Gathering.from_json(self.following) if self.following else None


class Delivery(models.Model):
    """How one notice reaches one household, or one adult of it."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE)
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="+")
    adult = models.ForeignKey(Adult, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    pupils = models.ManyToManyField(Pupil, related_name="+")
    link = models.ForeignKey(FamilyLink, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    letter = models.ForeignKey(
        Letter, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="By e-mail."
    )
    sent_before = models.DateTimeField(
        null=True, blank=True, help_text="When an earlier letter was sent, before it was written anew."
    )
    seen_at = models.DateTimeField(null=True, blank=True, help_text="Its link was opened first.")
    told_how = models.CharField(
        max_length=10, blank=True, choices=[(channel.value, channel.words) for channel in BY_HAND]
    )
    told_at = models.DateTimeField(null=True, blank=True)
    told_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "household", "adult"], name="told_once_each"),
            models.UniqueConstraint(
                fields=["notice", "household"], condition=Q(adult=None), name="told_once_without_an_adult"
            ),
            models.CheckConstraint(
                condition=Q(told_at=None, told_by=None, told_how="")
                | (Q(told_at__isnull=False, told_by__isnull=False) & ~Q(told_how="")),
                name="who_was_told_was_told_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Told(models.Model):
    """How the families of a meeting were told, counted before any of them was erased or its sheet emptied.

    From then on the report counts these, so that it says the same as before; they name nobody.
    """

    about = models.CharField(max_length=80, help_text="What the audit log names it under, as: meeting:…")
    off = models.BooleanField(help_text="Of its breaking off; else of how to join.")
    families = models.JSONField(help_text="Of each: since, latest, channel, failed.")
    following = models.BooleanField(default=False, help_text="They were told of a next one.")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["about", "off"], name="counted_once_of_a_meeting")]

    def __str__(self) -> str:
        return self.about


class WorkPlace(models.Model):
    """Where a class's school work goes on, as its page of J2e (R4)."""

    school_class = models.OneToOneField(SchoolClass, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.address
