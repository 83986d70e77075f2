"""The outbox: fields and constraints only."""

from django.db import models
from django.db.models import Q

from circletime.core.ids import public_id
from circletime.core.languages import ENGLISH
from circletime.notices.rules import Channel, Kind, State
from circletime.notices.trouble import Trouble


class Letter(models.Model):
    """One e-mail to one address, from the moment it is decided to the day its words are forgotten.

    It is kept, read by staff and part of backups, so it never holds a password, and of a family's link
    only the place where it comes (`people.links`); it is filled in at the moment of sending.
    """

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    message_id = models.CharField(max_length=255, unique=True, help_text="The same at each try.")
    channel = models.CharField(
        max_length=10, default=Channel.EMAIL, choices=[(c.value, c.value) for c in Channel]
    )
    kind = models.CharField(max_length=20, choices=[(k.value, k.words) for k in Kind])
    about = models.CharField(max_length=80, help_text="What the audit log names it under, as: case:…")
    to = models.CharField(max_length=254, blank=True)
    reply_to = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=250, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    language = models.CharField(max_length=8, default=ENGLISH.code, help_text="What its reader reads.")
    calendar = models.TextField(blank=True, help_text="The entry, as iCalendar writes it.")

    state = models.CharField(
        max_length=10, default=State.WAITING, choices=[(s.value, s.words) for s in State]
    )
    made_at = models.DateTimeField()
    queued_at = models.DateTimeField(help_text="When it was made, or a person had it sent again.")
    due_at = models.DateTimeField(help_text="When the worker sends it, or tries again.")
    tries = models.PositiveSmallIntegerField(default=0)
    unsure = models.PositiveSmallIntegerField(
        default=0, help_text="Tries that were cut off so that nobody knows whether it was taken."
    )
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="A worker has it for so long.")
    trouble = models.CharField(
        max_length=12, default=Trouble.NONE, blank=True, choices=[(t.value, t.words) for t in Trouble]
    )
    code = models.PositiveSmallIntegerField(null=True, blank=True, help_text="What the server said, as: 550.")
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Sent, failed or stopped.")
    emptied_at = models.DateTimeField(null=True, blank=True, help_text="Since when it has no words.")

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="letters_by_state"),
            models.Index(fields=["about"], name="letters_by_about"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=State.SENT, sent_at__isnull=False) | ~Q(state=State.SENT),
                name="a_letter_that_was_sent_says_when",
            ),
            models.CheckConstraint(
                condition=Q(emptied_at__isnull=False) | (~Q(to="") & ~Q(text="")),
                name="a_letter_has_an_address_and_words",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
