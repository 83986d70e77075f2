"""A new link by e-mail, where a family's old one was burned because it was made public (T11)."""

from datetime import datetime, timedelta

from django.db import transaction

from circletime.core.words import day, speaking
from circletime.dispatch.queries.contacts import to_mail_anew
from circletime.dispatch.words import Family, write_new_link
from circletime.notices.actions import enqueue
from circletime.notices.rules import Kind
from circletime.people import links
from circletime.people.models import Household, User
from circletime.people.queries import get_school, list_classes_of
from circletime.policy.limits import FAMILY_LINK_KEPT


@transaction.atomic
def mail_new_links(*, household: Household, about: str, by: User, now: datetime) -> int:
    """Write to each address of the household, in its reader's language and with a link of its own.

    Answers to how many. None means that a person has to see to it.
    """
    readers = to_mail_anew(household, now)
    until = now + FAMILY_LINK_KEPT  # not longer than its letter, by which a restriction finds it
    made = links.make_links([household] * len(readers), until=until, about=about, by=by.actor, now=now)
    school, classes = get_school().name, [each.name for each in list_classes_of(household)]
    for one, link in zip(readers, made, strict=True):
        family = Family(tuple(child.first_name for child in one.children), links.place_of(link))
        with speaking(one.adult.language if one.adult is not None else ""):
            words = write_new_link(school, classes, family, day(until - timedelta(days=1)))
        enqueue(
            to=one.address,
            subject=words.subject,
            text=words.text,
            html=words.html,
            language=words.language.code,
            kind=Kind.LINK,
            about=about,
            by=by,
            now=now,
        )
    return len(readers)
