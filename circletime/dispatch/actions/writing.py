"""Writing the letters of one notice: who gets which, with which link, in which language."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from circletime.core.addresses import check_address
from circletime.core.errors import Refused
from circletime.core.words import day, speaking
from circletime.dispatch.models import Delivery, Notice, WorkPlace
from circletime.dispatch.queries.contacts import Contact
from circletime.dispatch.rules import INVITES, Reason, What
from circletime.dispatch.words import Family, Told, Words, write
from circletime.notices.actions import enqueue
from circletime.notices.models import Letter
from circletime.notices.rules import Calendar, Channel, Kind
from circletime.people import links
from circletime.people.models import FamilyLink, User
from circletime.people.queries import get_school
from circletime.policy.limits import FAMILY_LINK_KEPT

By = User | str


def actor_of(by: By) -> str:
    """Who it was, as the audit log names them."""
    return by.actor if isinstance(by, User) else by


def can_be_mailed(contact: Contact) -> bool:
    """Whether an e-mail can go to this adult at all."""
    try:
        return bool(contact.address and check_address(contact.address))
    except Refused:
        return False


def choose(contacts: Iterable[Contact]) -> list[Contact]:
    """Of each household everybody who has an address; where nobody has one, the household once."""
    homes: dict[int, list[Contact]] = {}
    for contact in contacts:
        homes.setdefault(contact.household.pk, []).append(contact)
    found = []
    for own in homes.values():
        mailed = [contact for contact in own if can_be_mailed(contact)]
        found += mailed or own[:1]
    return found


def deliver(notice: Notice, chosen: Sequence[Contact], *, by: By, now: datetime) -> list[Delivery]:
    """Make this notice's delivery to each of these, with a letter where there is an address."""
    until = links_until(notice, now)
    made = _links(notice, chosen, until, by, now)
    rows = [
        Delivery(notice=notice, household=one.household, adult=one.adult, link=link)
        for one, link in zip(chosen, made, strict=True)
    ]
    Delivery.objects.bulk_create(rows)
    through = Delivery.pupils.through
    through.objects.bulk_create(
        through(delivery=row, pupil=child)
        for row, one in zip(rows, chosen, strict=True)
        for child in one.children
    )
    shared: dict[str, list[tuple[Delivery, Contact]]] = {}
    for row, one in zip(rows, chosen, strict=True):
        if can_be_mailed(one):
            shared.setdefault(one.address.lower(), []).append((row, one))
    told = told_of(notice)
    for group in shared.values():
        letter = post(notice, told, group, until=until, by=by, now=now)
        for row, _ in group:
            row.letter = letter
    Delivery.objects.bulk_update(rows, ["letter"])
    return rows


def post(
    notice: Notice,
    told: Told,
    group: Sequence[tuple[Delivery, Contact]],
    *,
    until: datetime,
    by: By,
    now: datetime,
) -> Letter:
    """One letter to one address, for all the households it stands for."""
    first = group[0][1]
    families = [
        Family(
            tuple(child.first_name for child in one.children),
            links.place_of(row.link) if row.link is not None else "",
        )
        for row, one in group
    ]
    with speaking(first.adult.language if first.adult is not None else ""):
        words = write(_until(told, until), families)
        subject, text, html = words.subject, words.text, words.html
    return enqueue(
        to=first.address,
        subject=subject,
        text=text,
        html=html,
        language=words.language.code,
        calendar=entry_of(notice, words, families),
        kind=Kind.MEETING,
        about=notice.about,
        reply_to=told.meeting.host_email if told.meeting is not None else "",
        by=by,
        now=now,
    )


def entry_of(notice: Notice, words: Words, families: Sequence[Family]) -> Calendar | None:
    """The calendar entry of a notice: the meeting it invites to, the one that is off, or the next one."""
    what, meeting = What(notice.what), notice.meeting
    if what == What.ABORTED:
        meeting = notice.next_meeting
    if meeting is None or not words.summary:
        return None
    own = [family.link for family in families if family.link]
    return Calendar(
        uid=meeting.uid,
        sequence=meeting.sequence,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        summary=words.summary,
        description="\n".join([words.description, *own]) if words.description else "",
        location=own[0] if len(own) == 1 else "",
        organizer_name=meeting.host_name,
        organizer_email=meeting.host_email,
        cancelled=what == What.CANCELLED,
        asks_answer=False,
    )


def told_of(notice: Notice) -> Told:
    """What the letters of this notice are made of."""
    work = WorkPlace.objects.filter(school_class=notice.school_class_id).first()
    return Told(
        what=What(notice.what),
        school=get_school().name,
        meeting=notice.meeting,
        following=notice.next_meeting,
        reason=Reason(notice.reason) if notice.reason else None,
        reason_words=notice.reason_words,
        title=notice.title,
        due_on=notice.due_on,
        instead=notice.instead,
        work=work.address if work is not None else "",
    )


def names_work(notice: Notice) -> bool:
    """Whether letters of this notice say where the class's school work goes on, as they are written now (R4).

    It stands in the log's row of their writing; which address it was does not.
    """
    return WorkPlace.objects.filter(school_class=notice.school_class_id).exists()


def for_everybody(notice: Notice) -> Words:
    """The words of a notice for a whole class at once, in the school's own language."""
    with speaking("en"):
        words = write(told_of(notice), [])
        return Words(words.subject, words.blocks)


def ping(notice: Notice, *, by: By, now: datetime) -> Letter | None:
    """Put the notice's message to a whole class into the outbox, where the school has a way to SchoolPing."""
    meeting = notice.meeting
    if not settings.SCHOOLPING or meeting is None or meeting.kind != "class":
        return None
    words = for_everybody(notice)
    gateway = settings.SCHOOLPING.removeprefix("mailto:")
    by_mail = gateway != settings.SCHOOLPING
    return enqueue(
        to=gateway if by_mail else meeting.class_name,
        subject=words.subject,
        text=words.text,
        kind=Kind.SCHOOLPING,
        channel=Channel.EMAIL if by_mail else Channel.WEBHOOK,
        about=notice.about,
        by=by,
        now=now,
    )


def links_until(notice: Notice, now: datetime) -> datetime:
    """How long the links of this notice's letters work: as long as a recording of its meeting is kept."""
    meeting = notice.next_meeting or notice.meeting
    return max(now, meeting.ends_at if meeting is not None else now) + FAMILY_LINK_KEPT


def has_links(notice: Notice) -> bool:
    """Whether its letters lead anywhere."""
    return notice.what in (*INVITES, What.CONDUCT) or bool(notice.following)


def _links(
    notice: Notice, chosen: Sequence[Contact], until: datetime, by: By, now: datetime
) -> Sequence[FamilyLink | None]:
    if not has_links(notice):
        return [None] * len(chosen)
    homes = [one.household for one in chosen]
    return links.make_links(homes, until=until, about=notice.about, by=actor_of(by), now=now)


def _until(told: Told, until: datetime) -> Told:
    return replace(told, until=day(until - timedelta(days=1)))
