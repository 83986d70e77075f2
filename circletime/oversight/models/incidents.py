"""What happened that the policy does not allow, and what was done about it (C6)."""

from django.db import models
from django.db.models import Q

from circletime.core.ids import public_id
from circletime.meetings.models import Meeting
from circletime.oversight.rules.incidents import LONGEST_SOMEBODY, Commissioner, Entry, Kind, State
from circletime.people.models import Pupil, User
from circletime.recordings.models import Hold


class Incident(models.Model):
    """One incident, from its report to its outcome."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    kind = models.CharField(max_length=10, choices=[(k.value, k.words) for k in Kind])
    state = models.CharField(
        max_length=10, default=State.REPORTED, choices=[(s.value, s.words) for s in State]
    )
    meeting = models.ForeignKey(Meeting, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    pupil = models.ForeignKey(Pupil, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="A colleague it is about, who neither sees nor answers it.",
    )
    somebody = models.CharField(
        max_length=LONGEST_SOMEBODY, blank=True, help_text="Somebody else it is about."
    )
    what = models.CharField(max_length=500)
    happened_at = models.DateTimeField()
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    hold = models.ForeignKey(Hold, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    known_at = models.DateTimeField(
        null=True, blank=True, help_text="Of a data breach: when it became known."
    )
    commissioner = models.CharField(
        max_length=10, blank=True, choices=[(c.value, c.words) for c in Commissioner]
    )
    decided_at = models.DateTimeField(
        null=True, blank=True, help_text="When the Commissioner was told, or it was decided not to."
    )

    outcome = models.CharField(max_length=500, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True, help_text="Its names and words are gone.")

    class Meta:
        ordering = ["-reported_at", "-pk"]
        indexes = [models.Index(fields=["state", "reported_at"], name="incidents_by_state")]
        constraints = [
            models.CheckConstraint(
                name="incident_is_closed_by_somebody_with_an_outcome",
                condition=(
                    Q(state=State.CLOSED, closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")
                )
                | (~Q(state=State.CLOSED) & Q(closed_at=None, closed_by=None, outcome="")),
            ),
            models.CheckConstraint(
                name="incident_in_hand_has_an_owner",
                condition=Q(state=State.REPORTED, owner=None)
                | (~Q(state=State.REPORTED) & Q(owner__isnull=False)),
            ),
            models.CheckConstraint(
                name="breach_says_since_when_it_is_known",
                condition=Q(kind=Kind.BREACH, known_at__isnull=False)
                | (~Q(kind=Kind.BREACH) & Q(known_at=None, commissioner="")),
            ),
            models.CheckConstraint(
                name="commissioner_and_when",
                condition=Q(commissioner="", decided_at=None)
                | (~Q(commissioner="") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """This incident as the audit log names it."""
        return f"incident:{self.public_id}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state != State.CLOSED


class IncidentStep(models.Model):
    """One line of an incident's history."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entry = models.CharField(max_length=20, choices=[(e.value, e.words) for e in Entry])
    text = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.entry} {self.at}"
