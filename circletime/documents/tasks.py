"""The worker's part: reminders of documents and of reviews."""

from datetime import datetime

from circletime.documents.actions.adopt import remind_review
from circletime.documents.actions.remind import send_reminders
from circletime.documents.queries import list_reviews

WORKER = "system:worker"


def remind_readers(now: datetime) -> None:
    """Write the next letters to who has not read a document."""
    send_reminders(by=WORKER, now=now)


def remind_reviews(now: datetime) -> None:
    """Tell who has to know that a review is due (C7)."""
    for review in list_reviews(now):
        remind_review(review=review, by=WORKER, now=now)
