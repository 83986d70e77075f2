"""What happens around the meetings of a term: documents, where work goes on, and what gets out."""

from datetime import datetime, timedelta

from django.db import transaction

from circletime.dispatch.actions.workplace import set_work_address
from circletime.dispatch.models import Delivery
from circletime.meetings.models import Meeting
from circletime.oversight.actions import incidents
from circletime.oversight.actions.leaks import burn_and_reissue, leave_leak, note_sighting, take_sighting
from circletime.oversight.models import Leak, Sighting
from circletime.oversight.rehearsal.meeting import WORKER, take_letters
from circletime.oversight.rehearsal.tally import Tally
from circletime.oversight.rules.incidents import Kind
from circletime.oversight.rules.leaks import Place
from circletime.oversight.rules.networks import How
from circletime.people.models import FamilyLink, SchoolClass, User
from circletime.people.queries import token_hash

NETWORK = "facebook"


def say_where_work_is(classes: list[SchoolClass], by: User, at: datetime) -> None:
    """The office writes down where the work of these classes goes on (R4)."""
    for each in classes:
        address = f"https://work.larkfield.example/{each.name.lower()}"
        set_work_address(school_class=each, address=address, by=by, now=at)


@transaction.atomic
def picture_got_out(meeting: Meeting, dsl: User, at: datetime, tally: Tally) -> None:
    """A teacher is told that a picture of their meeting was passed on; the safeguarding lead sees to it."""
    what = "A parent says that a picture of this meeting was passed on in a chat."
    found = incidents.report(
        kind=Kind.PICTURE, meeting=meeting, what=what, happened_at=at, by=meeting.host, now=at
    )
    incidents.take(incident=found, owner=dsl, by=dsl, now=at + timedelta(hours=1))
    outcome = "The family took it away, and read the code of conduct again with us."
    incidents.close(incident=found, outcome=outcome, by=dsl, now=at + timedelta(hours=3))
    take_letters(found.subject, at)
    tally.pictures += 1


@transaction.atomic
def password_got_out(meeting: Meeting, dsl: User, at: datetime, tally: Tally) -> None:
    """A teacher hears that the class's password was passed on; the safeguarding lead has it in hand."""
    what = "A child of another class knew this class's password."
    found = incidents.report(
        kind=Kind.LEAK, meeting=meeting, what=what, happened_at=at, by=meeting.host, now=at
    )
    incidents.take(incident=found, owner=dsl, by=dsl, now=at + timedelta(hours=1))
    take_letters(found.subject, at)
    tally.passwords += 1


@transaction.atomic
def class_address_seen(meeting: Meeting, at: datetime, tally: Tally, *, answers: bool) -> None:
    """A network's program asks for the class's address. The teacher has the post taken down."""
    school_class = meeting.school_class
    leak = _seen(Place.CLASS, token_hash(school_class.join_id), at) if school_class is not None else None
    if leak is None:
        return
    if answers:
        note = "The post was taken down within the hour, and showed no password."
        leave_leak(leak=leak, note=note, by=meeting.host, now=at + timedelta(minutes=50))
        tally.alarms_answered += 1
    take_letters(leak.subject, at)
    tally.addresses_seen += 1


@transaction.atomic
def family_link_seen(meeting: Meeting, at: datetime, tally: Tally, *, answers: bool) -> None:
    """The same of a family's own link, out of a letter about this meeting; the teacher burns it."""
    sent = Delivery.objects.filter(notice__about=meeting.subject, link__isnull=False).values("link")
    link = FamilyLink.objects.filter(pk__in=sent, burned_at=None, expires_at__gt=at).order_by("pk").first()
    leak = _seen(Place.LINK, link.token_hash, at) if link is not None else None
    if leak is None:
        return
    if answers:
        burn_and_reissue(leak=leak, by=meeting.host, now=at + timedelta(hours=2))
        tally.alarms_answered += 1
        tally.burned += 1
    take_letters(leak.subject, at)
    tally.links_seen += 1


def _seen(place: Place, key: str, at: datetime) -> Leak | None:
    note_sighting(place=place, key=key, network=NETWORK, how=How.FETCHED, now=at)
    sighting = Sighting.objects.get(place=place, key=key, network=NETWORK)
    before = set(Leak.objects.values_list("pk", flat=True))
    leak = take_sighting(sighting=sighting, by=WORKER, now=at)
    return leak if leak is not None and leak.pk not in before else None
