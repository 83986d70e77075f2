"""Addresses that were seen where they should not be (T11)."""

from django.db import models
from django.db.models import Q

from circletime.core.ids import public_id
from circletime.oversight.rules.leaks import Answer, Place
from circletime.oversight.rules.networks import BY_KEY, How, Sort
from circletime.people.models import FamilyLink, SchoolClass, User


class Sighting(models.Model):
    """A network's program asked for an address, or a person came from there. The worker looks what it is.

    The page writes the same row whatever the address leads to, so that neither its answer nor the time it
    takes tells whether a link works. Only a hash of what stood in the address is kept.
    """

    place = models.CharField(max_length=5, choices=[(p.value, p.words) for p in Place])
    key = models.CharField(max_length=64, blank=True, help_text="The hash of a class ID or of a token.")
    network = models.CharField(max_length=20)
    how = models.CharField(max_length=8, choices=[(h.value, h.value) for h in How])
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["first_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["place", "key", "network", "how"], name="one_sighting_of_a_kind")
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.network}"


class Leak(models.Model):
    """One address that one network knows: an alarm, or a softer notice, until a person has answered it."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    place = models.CharField(max_length=5, choices=[(p.value, p.words) for p in Place])
    school_class = models.ForeignKey(
        SchoolClass, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    link = models.ForeignKey(FamilyLink, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    classes = models.ManyToManyField(SchoolClass, related_name="+", help_text="Whose hosts hear of it.")
    network = models.CharField(max_length=20)
    sort = models.CharField(max_length=6, choices=[(s.value, s.value) for s in Sort])
    alarm = models.BooleanField(help_text="False for a softer notice, which mails nobody.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    fetched = models.PositiveIntegerField(default=0, help_text="So often a program of theirs asked for it.")
    followed = models.PositiveIntegerField(default=0, help_text="So often a person came from there.")

    answer = models.CharField(max_length=6, blank=True, choices=[(a.value, a.words) for a in Answer])
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True, help_text="What was done about it, in words.")

    class Meta:
        ordering = ["-last_at", "-pk"]
        indexes = [models.Index(fields=["answered_at", "alarm"], name="leaks_open")]
        constraints = [
            models.CheckConstraint(
                name="who_answered_a_leak_says_when_and_what",
                condition=Q(answered_at=None, answered_by=None, answer="")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
            ),
            models.CheckConstraint(
                name="a_class_that_leaked_is_named", condition=~Q(place=Place.CLASS) | ~Q(school_class=None)
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def subject(self) -> str:
        """This alarm as the audit log names it."""
        return f"leak:{self.public_id}"

    @property
    def where(self) -> str:
        """Whose network it was, in words."""
        known = BY_KEY.get(self.network)
        return known.words if known is not None else self.network
