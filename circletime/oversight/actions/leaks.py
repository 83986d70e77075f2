"""What may be done about a link that was made public (T11)."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from circletime.audit.actions import record
from circletime.core.errors import Refused
from circletime.dispatch.actions.anew import mail_new_links
from circletime.notices.rules import Kind
from circletime.oversight.actions.letters import write_to
from circletime.oversight.models import Leak, Sighting
from circletime.oversight.queries.leaks import Thing, is_on_its_staff, look_up, same_thing, whom_to_tell
from circletime.oversight.rules.leaks import (
    Answer,
    Place,
    check_answer_leak,
    check_burn,
    goes_into,
    is_alarm,
)
from circletime.oversight.rules.networks import BY_KEY, How
from circletime.people.actions import burn_class_words, burn_family_link
from circletime.people.models import User
from circletime.people.queries import get_school, list_active_with
from circletime.people.rules import Role, check_said

MOST_WAITING = 5_000
"""Sightings that wait for the worker. Who floods the door with made-up addresses fills no table."""


@transaction.atomic
def note_sighting(*, place: Place, key: str, network: str, how: How, now: datetime) -> None:
    """Write down that a network's program asked for an address, or that somebody came from there.

    It is no alarm yet, and nobody's act, so the log hears of it only when the worker has found what it is.
    """
    same = Sighting.objects.filter(place=place, key=key, network=network, how=how)
    if same.update(count=F("count") + 1, last_at=now) or Sighting.objects.count() >= MOST_WAITING:
        return
    Sighting.objects.get_or_create(
        place=place, key=key, network=network, how=how, defaults={"first_at": now, "last_at": now}
    )


@transaction.atomic
def take_sighting(*, sighting: Sighting, by: str, now: datetime) -> Leak | None:
    """Make an alarm of it, or add it to one that is there. Answers which, or None where it was nothing."""
    fresh = Sighting.objects.select_for_update().filter(pk=sighting.pk).first()
    if fresh is None:
        return None
    fresh.delete()
    thing = look_up(fresh, now)
    if thing is None or fresh.network not in BY_KEY:
        return None
    about = {"place": thing.place, "school_class": thing.school_class, "link": thing.link}
    of_theirs = Leak.objects.select_for_update().filter(**about, network=fresh.network)
    earlier = of_theirs.order_by("-pk").first()
    if earlier is not None and (thing.dead or goes_into(earlier.answer, earlier.answered_at, now)):
        _add(earlier, fresh)
        return earlier
    return None if thing.dead else _raise(thing, fresh, by=by, now=now)


def _add(leak: Leak, sighting: Sighting) -> None:
    setattr(leak, sighting.how, getattr(leak, sighting.how) + sighting.count)
    leak.last_at = max(leak.last_at, sighting.last_at)
    leak.save(update_fields=[sighting.how, "last_at"])


def _raise(thing: Thing, sighting: Sighting, *, by: str, now: datetime) -> Leak:
    sort = BY_KEY[sighting.network].sort
    leak = Leak.objects.create(
        place=thing.place,
        school_class=thing.school_class,
        link=thing.link,
        network=sighting.network,
        sort=sort,
        alarm=is_alarm(thing.place, sort),
        first_at=sighting.first_at,
        last_at=sighting.last_at,
        **{sighting.how: sighting.count},
    )
    classes = thing.classes
    leak.classes.set(classes)
    record(
        "oversight.leak.raised",
        by=by,
        subject=leak.subject,
        now=now,
        place=leak.place,
        network=leak.network,
        alarm=leak.alarm,
        classes=[each.pk for each in classes],
        link=thing.link.pk if thing.link is not None else "",
    )
    if leak.alarm:
        _tell(leak, thing, by=by, now=now)
    return leak


def _tell(leak: Leak, thing: Thing, *, by: str, now: datetime) -> None:
    """Write to the hosts of the class and to the safeguarding leads. No child and no family is named."""
    of = " and ".join(each.name for each in thing.classes) or "a class"
    what = f"The address of {of}" if leak.place == Place.CLASS else f"The own link of a family of {of}"
    when = timezone.localtime(leak.first_at)
    came = "a program of theirs asked for it" if leak.fetched else "somebody came from there"
    text = (
        f"{what} was seen at {leak.where}: {came}, on {when:%-d %B %Y at %H:%M}.\n\n"
        "So it may have been put where others can find it. Nobody comes into a meeting by it without being "
        "let in by a host, and only a child of the class can be. Even so it is better made anew.\n\n"
        "Look at it here; one button burns it and makes a new one:\n"
        f"{settings.PUBLIC_URL}{reverse('leak', args=[leak.public_id])}\n\n{get_school().name}\n"
    )
    write_to(
        whom_to_tell(thing.classes),
        subject=f"A link of {of} was made public",
        text=text,
        kind=Kind.LEAK,
        about=leak.subject,
        by=by,
        now=now,
    )


@transaction.atomic
def burn_and_reissue(*, leak: Leak, by: User, now: datetime) -> Leak:
    """The class gets a new ID and password, or the family a new link; the old ones open nothing any more.

    What is still open about the same class or link, from other networks, is answered with it.
    """
    fresh = _begin(leak, by)
    check_burn(fresh.place)
    if fresh.school_class is not None:
        burn_class_words(school_class=fresh.school_class, why=fresh.subject, by=by, now=now)
        _ask_office(f"New cards for {fresh.school_class.name}", _CARDS, fresh, by=by, now=now)
        note = "The class has a new ID and password. The office was asked to send new cards."
    else:
        note = _new_link(fresh, by=by, now=now)
    for each in same_thing(fresh):
        _answer(each, Answer.BURNED, note, by=by, now=now)
    fresh.refresh_from_db()
    return fresh


def _new_link(leak: Leak, *, by: User, now: datetime) -> str:
    if leak.link is None:
        raise Refused("gone", "This family is not on the school's list any more, and its link is dead.")
    burn_family_link(link=leak.link, by=by, now=now)
    number = mail_new_links(household=leak.link.household, about=leak.subject, by=by, now=now)
    if not number:
        _ask_office("A family needs a new link on paper", _PAPER, leak, by=by, now=now)
        return "The link was burned. No new one could be mailed; the office was asked to see to it."
    return f"The link was burned. A new one was mailed to {number} of the family's addresses."


@transaction.atomic
def leave_leak(*, leak: Leak, note: str, by: User, now: datetime) -> Leak:
    """Nothing is burned; `note` says what was done instead, or why nothing was."""
    fresh = _begin(leak, by)
    said = check_said(note, "Say what you did about it, or why nothing has to be done.", field="note")
    _answer(fresh, Answer.LEFT, said, by=by, now=now)
    return fresh


def _begin(leak: Leak, by: User) -> Leak:
    fresh = Leak.objects.select_for_update(of=("self",)).select_related("school_class", "link__household")
    found = fresh.get(pk=leak.pk)
    check_answer_leak(
        by.roles, on_its_staff=is_on_its_staff(by, found), answered=found.answered_at is not None
    )
    return found


def _answer(leak: Leak, answer: Answer, note: str, *, by: User, now: datetime) -> None:
    leak.answer, leak.note, leak.answered_by, leak.answered_at = answer, note, by, now
    leak.save(update_fields=["answer", "note", "answered_by", "answered_at"])
    record("oversight.leak.answered", by=by.actor, subject=leak.subject, now=now, answer=answer)


def _ask_office(subject: str, text: str, leak: Leak, *, by: User, now: datetime) -> None:
    links = {"classes": settings.PUBLIC_URL + reverse("classes"), "school": get_school().name}
    write_to(
        list_active_with({Role.OFFICE}),
        subject=subject,
        text=text.format(**links),
        kind=Kind.LEAK,
        about=leak.subject,
        by=by,
        now=now,
    )


_CARDS = (
    "The class has a new ID and password, because the old ones were made public. They work from now on.\n\n"
    "Please print the new cards and send them home:\n{classes}\n\n{school}\n"
)

_PAPER = (
    "A family's own link was made public and burned. No new one could be mailed to them: they have no "
    "e-mail address, or a contact restriction is noted.\n\n"
    "Please look at it and print them a letter with a new link, where they may have one:\n"
    "{classes}\n\n{school}\n"
)
