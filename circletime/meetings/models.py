"""Meetings and what happened in them: fields and constraints only."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from circletime.core.ids import public_id, room_name
from circletime.meetings.rules import (
    HELD,
    OVER,
    Kind,
    Purpose,
    Recording,
    SeatRole,
    SeatState,
    State,
    state_at,
)
from circletime.people.models import Adult, Group, Household, Pupil, SchoolClass, User


def person_field() -> "models.PositiveSmallIntegerField[int | None, int | None]":
    """Which of a meeting's people it was, where nobody can tell any more who: a number of this meeting."""
    return models.PositiveSmallIntegerField(null=True, blank=True)


class Meeting(models.Model):
    """One meeting, from the calendar to its end."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    kind = models.CharField(max_length=10, choices=[(k.value, k.words) for k in Kind])
    purpose = models.CharField(max_length=12, choices=[(p.value, p.words) for p in Purpose])
    school_class = models.ForeignKey(
        SchoolClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    household = models.ForeignKey(
        Household, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    host = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    hosts_needed = models.PositiveSmallIntegerField(default=1)
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    sequence = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was changed, as calendars count."
    )

    state = models.CharField(
        max_length=10, default=State.SCHEDULED, choices=[(s.value, s.value) for s in State]
    )
    room = models.CharField(max_length=40, unique=True, default=room_name)
    live_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)

    recording = models.CharField(max_length=6, default=Recording.OFF)
    recording_lost_at = models.DateTimeField(null=True, blank=True)
    sharing_on = models.BooleanField(default=False)
    sharing_seat = models.ForeignKey(
        "Seat", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    floor = models.ForeignKey("Seat", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    circle_began_at = models.DateTimeField(null=True, blank=True)
    grown_ups_asked_at = models.DateTimeField(null=True, blank=True)

    emptied_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when its register names nobody."
    )
    version = models.PositiveBigIntegerField(default=1)
    media_leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [models.Index(fields=["state", "starts_at"], name="meetings_by_state")]
        constraints = [
            models.CheckConstraint(
                name="meeting_belongs_to_its_kind",
                condition=Q(kind="staff", school_class=None)
                | Q(kind="class", school_class__isnull=False, group=None, household=None)
                | Q(kind="group", school_class__isnull=False, group__isnull=False)
                | Q(kind="parents", school_class__isnull=False, household__isnull=False)
                # Whose it was is forgotten with its register.
                | Q(kind="parents", school_class__isnull=False, emptied_at__isnull=False),
            ),
            models.CheckConstraint(
                name="live_meeting_has_an_end",
                condition=~Q(state__in=["live", "frozen"]) | Q(ends_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.get_purpose_display()}"

    @property
    def title(self) -> str:
        """Whose meeting it is, in words for staff."""
        if self.group is not None:
            return str(self.group)
        if self.household is not None:
            return f"{self.school_class} · {self.household}"
        return str(self.school_class) if self.school_class is not None else "Staff"

    @property
    def state_words(self) -> str:
        """Where it stands, in words for staff."""
        return State(self.state).words

    def state_at(self, now: datetime) -> State:
        """Where it stands at this moment, its end counted in."""
        return state_at(State(self.state), self.ends_at, now)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.state in OVER

    @property
    def subject(self) -> str:
        """This meeting as the audit log names it."""
        return f"meeting:{self.public_id}"


class Expected(models.Model):
    """Somebody a meeting was for, as it stood when its waiting room opened."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE)
    pupil = models.ForeignKey(Pupil, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    adult = models.ForeignKey(Adult, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=120)
    person = person_field()

    class Meta:
        ordering = ["label", "pk"]

    def __str__(self) -> str:
        return self.label


class Seat(models.Model):
    """One person's place in one meeting, bound to the browser that knocked."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE)
    role = models.CharField(max_length=6, choices=[(r.value, r.value) for r in SeatRole])
    pupil = models.ForeignKey(Pupil, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    adult = models.ForeignKey(Adult, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=120)
    person = person_field()
    key = models.CharField(max_length=32, help_text="What the session of its browser holds.")

    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in SeatState])
    knocked_at = models.DateTimeField()
    admitted_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    gone_reason = models.CharField(max_length=300, blank=True)
    came_back = models.BooleanField(default=False)

    grown_up_at = models.DateTimeField(null=True, blank=True, help_text="R3 or S1, confirmed.")
    camera_allowed = models.BooleanField(default=True)
    hand_at = models.DateTimeField(null=True, blank=True)

    seen_at = models.DateTimeField(null=True, blank=True, help_text="Its page was last known to be open.")
    connection = models.CharField(max_length=32, blank=True, help_text="Its socket in the signal gate.")
    rival = models.CharField(
        max_length=32, blank=True, help_text="A socket at another process that asks for this one's place."
    )
    dropped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["knocked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", who],
                condition=Q(state__in=[s.value for s in HELD]),
                name=f"one_seat_per_{who}",
            )
            for who in ("pupil", "adult", "user")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def actor(self) -> str:
        """This person as the audit log names them."""
        return f"seat:{self.public_id}"


class Stay(models.Model):
    """One stretch of a seat's being in the room, for the register."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE)
    in_at = models.DateTimeField()
    out_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["in_at", "pk"]

    def __str__(self) -> str:
        return f"{self.seat_id} {self.in_at}"


class Turn(models.Model):
    """One time a child held the floor (P1, P2). The database allows one open turn per meeting."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE)
    seat = models.ForeignKey(Seat, on_delete=models.CASCADE)
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["given_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting"], condition=Q(ended_at=None), name="one_open_turn_per_meeting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.seat_id} {self.given_at}"


class GrownUpAsk(models.Model):
    """One time a household was asked, in a meeting, whether a grown-up is still there (R3)."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["seat", "asked_at"], name="asked_once_at_a_time")]

    def __str__(self) -> str:
        return f"{self.seat_id} {self.asked_at}"


class Happening(models.Model):
    """Something the register keeps and the host may need to see. `text` names nobody."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE)
    seat = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.CASCADE)
    at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    text = models.CharField(max_length=300)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class MediaOrder(models.Model):
    """Something the media server has yet to be told; written with the change, done after it."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE)
    verb = models.CharField(max_length=8, help_text="rights, remove or close")
    seat = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.CASCADE)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.verb} {self.seat_id}"


class DoorTry(models.Model):
    """A wrong try at the door, for the throttle. The address is kept only as a keyed hash, for an hour."""

    at = models.DateTimeField()
    address = models.CharField(max_length=64)
    class_id = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["address", "at"], name="door_by_address"),
            models.Index(fields=["class_id", "at"], name="door_by_class"),
        ]

    def __str__(self) -> str:
        return f"{self.at}"
