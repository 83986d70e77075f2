"""What may be changed about people and classes."""

from datetime import date, datetime

from django.db import transaction

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.core.sentences import sentences
from circletime.people.models import (
    Adult,
    ContactRestriction,
    FamilyLink,
    Household,
    PasswordAsk,
    Pupil,
    SchoolClass,
    TranslationReview,
    User,
    new_class_password,
    new_join_id,
)
from circletime.people.queries import adults_of, is_on_staff, list_classes_of
from circletime.people.rules import (
    PASSWORD_ASK_LASTS,
    answered_again_after,
    check_burn_ways_in,
    check_change_class_password,
    check_end_restriction,
    check_note_restriction,
    check_restriction_days,
    check_review_translations,
    check_said,
)


@transaction.atomic
def change_class_password(*, school_class: SchoolClass, by: User, now: datetime) -> SchoolClass:
    """Give the class a new ID and password at once (T6). The old ones stop working."""
    locked = SchoolClass.objects.select_for_update().get(pk=school_class.pk)
    check_change_class_password(by.roles, on_its_staff=is_on_staff(by, locked))
    return _new_words(locked, by=by, now=now)


@transaction.atomic
def burn_class_words(*, school_class: SchoolClass, why: str, by: User, now: datetime) -> SchoolClass:
    """The same, because they were made public (T11). `why` is the alarm as the audit log names it."""
    locked = SchoolClass.objects.select_for_update().get(pk=school_class.pk)
    check_burn_ways_in(by.roles, on_its_staff=is_on_staff(by, locked))
    return _new_words(locked, by=by, now=now, why=why)


def _new_words(locked: SchoolClass, *, by: User, now: datetime, **why: str) -> SchoolClass:
    locked.join_id, locked.password = new_join_id(), new_class_password()
    locked.save(update_fields=["join_id", "password"])
    record("people.class.password_changed", by=by.actor, subject=f"class:{locked.pk}", now=now, **why)
    return locked


@transaction.atomic
def burn_family_link(*, link: FamilyLink, by: User, now: datetime) -> None:
    """It opens nothing from this moment on (T11), not even a form that was begun before."""
    classes = list_classes_of(link.household)
    check_burn_ways_in(by.roles, on_its_staff=any(is_on_staff(by, each) for each in classes))
    if FamilyLink.objects.filter(pk=link.pk, burned_at=None).update(burned_at=now):
        record("people.family_link.burned", by=by.actor, subject=f"link:{link.pk}", now=now)


def link_used(*, hashed: str, now: datetime) -> None:
    """Remember when a family last came by its link. It is no act of staff, and not in the log."""
    FamilyLink.objects.filter(token_hash=hashed).update(last_used_at=now)


@transaction.atomic
def note_restriction(
    *,
    pupil: Pupil,
    what: str,
    since: date | None,
    by: User,
    now: datetime,
    adult: Adult | None = None,
    household: Household | None = None,
    until: date | None = None,
) -> ContactRestriction:
    """Note who may not be in touch with this child: one adult, one household, or nobody at all."""
    check_note_restriction(by.roles)
    own, homes = adults_of(pupil), list(pupil.households.all())
    if (adult is not None and adult not in own) or (household is not None and household not in homes):
        raise Refused("whom", "Choose somebody of this child's family.", field="whom", status=400)
    made = ContactRestriction.objects.create(
        pupil=pupil,
        adult=adult,
        household=household if adult is None else None,
        what=check_said(what, "Say what is restricted, and who ordered it.", field="what"),
        since=check_restriction_days(since, until),
        until=until,
        noted_by=by,
        noted_at=now,
    )
    record("people.restriction.noted", by=by.actor, subject=made.subject, now=now)
    return made


@transaction.atomic
def end_restriction(*, restriction: ContactRestriction, reason: str, by: User, now: datetime) -> None:
    """It does not hold any more."""
    check_end_restriction(by.roles)
    fresh = ContactRestriction.objects.select_for_update(of=("self",)).get(pk=restriction.pk)
    if fresh.ended_at is not None:
        raise Refused("ended", "This restriction was ended already.")
    fresh.end_reason = check_said(reason, "Say why it does not hold any more.", field="end_reason")
    fresh.ended_by, fresh.ended_at = by, now
    fresh.save(update_fields=["end_reason", "ended_by", "ended_at"])
    record("people.restriction.ended", by=by.actor, subject=fresh.subject, now=now)


@transaction.atomic
def set_password(*, user: User, password: str, by: User, now: datetime) -> None:
    """Give an account a new password."""
    user.set_password(password)
    user.save(update_fields=["password"])
    record("people.password.changed", by=by.actor, subject=user.actor, now=now)


@transaction.atomic
def review_translations(*, language: str, read: list[tuple[str, str]], by: User, now: datetime) -> int:
    """Somebody has read these translations and found them right; answers how many.

    `read` has each sentence's key and what was said, as the page showed it: a translation that changed since
    is not ticked by whoever read the old one.
    """
    check_review_translations(by.roles)
    have = {one.key: one.said for one in sentences(language)}
    if any(have.get(key) != said for key, said in read):
        raise Refused("changed", "A translation changed meanwhile. Read it again, then tick it.")
    for key, said in read:
        TranslationReview.objects.update_or_create(
            language=language, sentence=key, defaults={"said": said, "by": by, "at": now}
        )
    if read:
        subject = f"language:{language}"
        record("people.translation.reviewed", by=by.actor, subject=subject, now=now, sentences=len(read))
    return len(read)


@transaction.atomic
def take_back_review(*, language: str, sentence: str, by: User, now: datetime) -> None:
    """The translation is not right after all, or was ticked by mistake."""
    check_review_translations(by.roles)
    gone, _ = TranslationReview.objects.filter(language=language, sentence=sentence).delete()
    if gone:
        record("people.translation.taken_back", by=by.actor, subject=f"language:{language}", now=now)


def ask_for_password(*, email: str, now: datetime) -> None:
    """Somebody who is not signed in asks for a new password. It is the worker that finds out for whom."""
    PasswordAsk.objects.create(email=email.strip().lower(), asked_at=now, due_at=now)


def take_password_ask(*, now: datetime) -> PasswordAsk | None:
    """Take the ask that is due, or None. Should its taker die, it is due again a little later."""
    PasswordAsk.objects.filter(asked_at__lt=now - PASSWORD_ASK_LASTS).delete()
    for ask in PasswordAsk.objects.filter(due_at__lte=now):
        mine = PasswordAsk.objects.filter(pk=ask.pk, tries=ask.tries)
        if mine.update(tries=ask.tries + 1, due_at=now + answered_again_after(ask.tries)):
            return ask
    return None


@transaction.atomic
def answer_password_ask(*, ask: PasswordAsk, user: User | None, sent: bool, by: str, now: datetime) -> None:
    """The ask is done with: `user` was sent a link, or their address refused it for good, or there is
    nobody. One mail answers whoever asked twice."""
    PasswordAsk.objects.filter(email=ask.email, asked_at__lte=ask.asked_at).delete()
    if user is not None:
        kind = "people.password.link_sent" if sent else "people.password.link_refused"
        record(kind, by=by, subject=user.actor, now=now)
