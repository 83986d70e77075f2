"""The request itself, what it is about, and what was done."""

from datetime import date

from django.db import models
from django.db.models import Q

from circletime.access.rules.case import GOING_ON, OVER, Channel, Relation, State
from circletime.access.rules.outcome import Outcome, RefusalGround
from circletime.core.ids import public_id
from circletime.core.languages import ENGLISH
from circletime.people.models import Adult, ContactRestriction, Pupil, User
from circletime.recordings.models import Hold, Recording
from circletime.recordings.rules import GONE


class Case(models.Model):
    """One request to see the recordings of one child."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    pupil = models.ForeignKey(Pupil, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    child_name = models.CharField(
        max_length=120, blank=True, help_text="Of a child who is not on the roster."
    )
    asker = models.ForeignKey(Adult, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    asker_name = models.CharField(max_length=120, blank=True)
    asker_email = models.EmailField(blank=True)
    relation = models.CharField(max_length=10, choices=[(r.value, r.words) for r in Relation])
    channel = models.CharField(max_length=10, choices=[(c.value, c.words) for c in Channel])
    words = models.CharField(max_length=500, blank=True, help_text="What was asked for, as it was said.")
    asked_on = models.DateField()
    logged_at = models.DateTimeField()
    logged_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Nobody, where it was asked on the household's page.",
    )

    identity_checked_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    identity_checked_at = models.DateTimeField(null=True, blank=True)
    identity_how = models.CharField(max_length=500, blank=True)
    responsibility_checked_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    responsibility_checked_at = models.DateTimeField(null=True, blank=True)
    responsibility_how = models.CharField(max_length=500, blank=True)

    state = models.CharField(max_length=10, default=State.LOGGED, choices=[(s.value, s.words) for s in State])
    stopped_from = models.CharField(max_length=10, blank=True, choices=[(s.value, s.words) for s in GOING_ON])
    stopped_reason = models.CharField(max_length=500, blank=True)
    settled = models.ManyToManyField(
        ContactRestriction, related_name="+", help_text="Those the safeguarding lead has decided about."
    )

    due_on = models.DateField(help_text="The last day to answer (T10).")
    extended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    extended_at = models.DateTimeField(null=True, blank=True)
    extension_reason = models.CharField(max_length=500, blank=True)

    hold = models.ForeignKey(Hold, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, blank=True, choices=[(o.value, o.words) for o in Outcome])
    ground = models.CharField(max_length=10, blank=True, choices=[(g.value, g.words) for g in RefusalGround])
    outcome_reason = models.CharField(max_length=500, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True, help_text="Its names and free text are gone.")

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["state", "due_on"], name="access_by_state")]
        constraints = [
            *(
                models.CheckConstraint(
                    name=f"access_{what}_who_and_when",
                    condition=Q(**{f"{what}_by": None, f"{what}_at": None})
                    | Q(**{f"{what}_by__isnull": False, f"{what}_at__isnull": False}),
                )
                for what in ("identity_checked", "responsibility_checked", "extended", "closed")
            ),
            models.CheckConstraint(
                name="access_logged_by_somebody_or_asked_on_the_page",
                condition=Q(channel=Channel.PAGE, logged_by=None)
                | ~Q(channel=Channel.PAGE) & Q(logged_by__isnull=False),
            ),
            models.CheckConstraint(
                name="access_over_has_an_outcome",
                condition=Q(state__in=[s.value for s in OVER], closed_at__isnull=False) & ~Q(outcome="")
                | ~Q(state__in=[s.value for s in OVER]) & Q(closed_at=None, outcome=""),
            ),
            models.CheckConstraint(
                name="access_refused_has_a_ground",
                condition=Q(state="refused") & ~Q(ground="") | ~Q(state="refused") & Q(ground=""),
            ),
            models.CheckConstraint(
                name="access_stopped_from_somewhere",
                condition=Q(state="stopped") & ~Q(stopped_from="") | ~Q(state="stopped"),
            ),
        ]

    def __str__(self) -> str:
        return f"Request {self.pk}"

    @property
    def subject(self) -> str:
        """This request as the audit log names it."""
        return f"case:{self.public_id}"

    @property
    def child(self) -> str:
        """Whose recordings are asked for, in words for who handles it."""
        if self.pupil is None:
            return self.child_name or "A child whose name is not kept any more"
        return f"{self.pupil.first_name} {self.pupil.last_name}"

    @property
    def email(self) -> str:
        """Where whoever asked is written to; empty when there is no address."""
        return self.asker_email or (self.asker.email if self.asker is not None else "")

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.state in OVER

    def is_overdue(self, today: date) -> bool:
        """Whether its day is past and it has not ended."""
        return not self.is_over and self.due_on < today


class CaseRecording(models.Model):
    """A recording the child is in, as it was found, with how long they were there."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="recordings")
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, related_name="+")
    seats = models.JSONField(default=list, help_text="Public ids of the child's seats in that meeting.")
    minutes = models.FloatField(help_text="Present, as the register has it.")
    seconds = models.FloatField(help_text="Holding the floor, as the register has it.")
    pictured = models.FloatField(null=True, help_text="Seconds of the child's camera, as the recorder wrote.")
    heard = models.FloatField(null=True, help_text="Seconds of their microphone, as the recorder wrote.")
    there = models.BooleanField(help_text="There was still something to keep when it was found.")

    class Meta:
        ordering = ["recording__made_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["case", "recording"], name="access_a_recording_once")]

    def __str__(self) -> str:
        return f"{self.case} {self.recording_id}"

    @property
    def gone(self) -> bool:
        """Whether the recording is destroyed."""
        return self.recording.state in GONE


class Step(models.Model):
    """One thing that was done in a request, by whom, and in which words. The case file is made of these."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24)
    text = models.CharField(max_length=200)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at} {self.kind}"


class Letter(models.Model):
    """A letter to whoever asked, word for word: e-mailed where there is an address, else printed."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="letters")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12)
    to = models.EmailField(blank=True, help_text="Empty when it goes by hand or by post.")
    language = models.CharField(
        max_length=8, default=ENGLISH.code, help_text="English stands beneath another."
    )
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at} {self.kind}"
