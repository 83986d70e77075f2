"""The board adopts what holds, and whoever has to know is reminded before the next time (C7)."""

from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.documents.models import Adoption, ReviewReminder, Version
from circletime.documents.queries import Review, current
from circletime.documents.rules.kinds import check_adopt
from circletime.documents.rules.review import check_met_on, check_minute, check_signatories, step_due
from circletime.notices.actions import enqueue
from circletime.notices.rules import Kind as LetterKind
from circletime.people.models import User
from circletime.people.rules import Role
from circletime.policy.limits import REVIEW_REMINDERS

REMINDED = (Role.HEADTEACHER, Role.DSL, Role.GOVERNOR)


@transaction.atomic
def adopt(
    *, version: Version, met_on: date | None, minute: str, signatories: str, by: User, now: datetime
) -> Adoption:
    """Write down that the board adopted this version; the next review is a quarter after its meeting.

    `signatories` are typed, one name a line. Raises `Refused` for a version that does not hold any more.
    """
    check_adopt(by.roles)
    locked = Version.objects.select_for_update().get(pk=version.pk)
    newest = current(locked.document)
    if newest is None or newest.pk != locked.pk:
        raise Refused("newer", "There is a newer version by now. The board adopts the one that holds.")
    names = check_signatories(signatories)
    met = check_met_on(
        met_on, locked.published_on or timezone.localtime(now).date(), timezone.localtime(now).date()
    )
    try:
        with transaction.atomic():
            made = Adoption.objects.create(
                version=locked,
                met_on=met,
                minute=check_minute(minute),
                signatories=names,
                noted_by=by,
                noted_at=now,
            )
    except IntegrityError:
        raise Refused(
            "adopted", "That this meeting adopted it is written down already.", field="met_on"
        ) from None
    record(
        "documents.version.adopted",
        by=by.actor,
        subject=locked.document.subject,
        now=now,
        version=locked.public_id,
        adoption=made.public_id,
        met_on=met.isoformat(),
        signatories=len(names),
    )
    return made


@transaction.atomic
def remind_review(*, review: Review, by: str, now: datetime) -> int:
    """Write to headteacher, safeguarding lead and governors that a review is due, as a month, a week or a
    day before has come; answers how many letters. Steps that passed while nothing ran are written once.
    """
    step = step_due(review.due_on, timezone.localtime(now).date())
    if step is None:
        return 0
    passed = [each for each in REVIEW_REMINDERS if each >= step]
    kind = review.version.document
    known = set(
        ReviewReminder.objects.filter(kind=kind, due_on=review.due_on).values_list("days_before", flat=True)
    )
    if step.days in known:
        return 0
    letters = _write(review, by, now)
    for each in passed:
        if each.days not in known:
            sent = letters if each == step else 0
            ReviewReminder.objects.create(
                kind=kind, due_on=review.due_on, days_before=each.days, at=now, letters=sent
            )
    record(
        "documents.review.reminded",
        by=by,
        subject=kind.subject,
        now=now,
        due_on=review.due_on.isoformat(),
        days_before=step.days,
        letters=letters,
    )
    return letters


def _write(review: Review, by: str, now: datetime) -> int:
    kind = review.version.document
    day = f"{review.due_on:%-d %B %Y}"
    verb = "was" if review.overdue else "is"
    text = (
        f"Dear colleague,\n\nthe {kind.words.lower()} {verb} to be reviewed by {day}.\n\n"
        "What has changed since the board adopted it last, and the wording that is proposed, stands here:\n"
        f"{settings.PUBLIC_URL}/policies/{kind.value}/review\n\n"
        "When the board has adopted it, a governor or the headteacher writes that down on the same page, "
        "with the day of the meeting and the reference to the minutes.\n"
    )
    whom = User.objects.filter(is_active=True, rolegrant__role__in=REMINDED).distinct().order_by("pk")
    for user in whom:
        enqueue(
            to=user.email,
            subject=f"Review by {day}: {kind.words}",
            text=text,
            kind=LetterKind.POLICY,
            about=kind.subject,
            by=by,
            now=now,
        )
    return len(whom)
