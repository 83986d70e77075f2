"""Everything that is kept of one person, as tables, for whoever asks for it (UK GDPR, Article 15).

No other person's name is in it. Where only somebody who reads it can tell whether it may be given (incidents,
contact restrictions, the host's notes), it says how many there are and that a person decides.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from circletime.access.models import Case
from circletime.audit import queries as audit
from circletime.dispatch.models import Delivery
from circletime.documents.models import Acceptance
from circletime.meetings.models import Expected, Happening, Meeting, Seat, Stay, Turn
from circletime.meetings.rules import SeatRole
from circletime.notices.models import Letter
from circletime.oversight.models import Incident, RuleException
from circletime.people.models import Adult, ContactRestriction, Group, MailCode, Pupil, User
from circletime.people.rules import Role
from circletime.people.second_steps import list_school_accounts, list_second_steps
from circletime.protection.queries.people import Person, name_of
from circletime.recordings.models import Recording, Viewing
from circletime.recordings.rules import GONE

A_PERSON_DECIDES = (
    "Not in this file, because it may tell of others: the headteacher or the safeguarding lead reads it and "
    "decides what of it is given."
)


@dataclass(frozen=True)
class Section:
    """One table: what it has, its columns, its rows as they are read, and what is not in it and why."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Export:
    """All tables of one person, and when they were read."""

    who: str
    sort: str
    at: datetime
    sections: tuple[Section, ...]

    @property
    def rows(self) -> int:
        """How many there are in all, for the log."""
        return sum(len(section.rows) for section in self.sections)


def export_of(person: Person, now: datetime) -> Export:
    """Read everything that is kept of a child, an adult or a member of staff."""
    sort, parts = _PARTS[type(person)]
    sections = tuple(part(person) for part in parts)
    return Export(name_of(person), sort, now, sections)


def _facts(title: str, facts: Iterable[tuple[str, object]]) -> Section:
    return Section(title, ("What", "Kept"), tuple((name, str(value)) for name, value in facts if value))


def _whose(person: Person) -> dict[str, Person]:
    return {type(person).__name__.lower(): person}


def _child(pupil: Pupil) -> Section:
    groups = ", ".join(Group.objects.filter(pupils=pupil).values_list("name", flat=True))
    return _facts(
        "On the roster",
        (
            ("First name", pupil.first_name),
            ("Last name", pupil.last_name),
            ("Mark", pupil.mark),
            ("Class", pupil.school_class),
            ("Groups", groups),
            ("Households", ", ".join(pupil.households.order_by("pk").values_list("name", flat=True))),
            ("Left the school", _when(pupil.left_at)),
            ("Number in the school's own system", pupil.source_id),
        ),
    )


def _adult(adult: Adult) -> Section:
    return _facts(
        "On the roster",
        (
            ("Name", adult.name),
            ("Email", adult.email),
            ("Language", adult.language),
            ("Households", ", ".join(adult.households.order_by("pk").values_list("name", flat=True))),
            ("Children at the school", Pupil.objects.filter(households__adults=adult).distinct().count()),
            ("Taken off the list", _when(adult.left_at)),
            ("Number in the school's own system", adult.source_id),
        ),
    )


def _account(user: User) -> Section:
    roles = ", ".join(Role(role).words for role in user.rolegrant_set.values_list("role", flat=True))
    return _facts(
        "Account",
        (
            ("Name", user.name),
            ("Email", user.email),
            ("Roles", roles),
            ("Classes", ", ".join(user.classes.values_list("name", flat=True))),
            ("Signed in last", _when(user.last_login)),
            ("Signs in with", ", ".join(each.words for each in list_second_steps(user))),
            ("Signs in with an account elsewhere", ", ".join(list_school_accounts(user))),
            ("Switched off", _when(user.off_at)),
            ("Number in the school's own system", user.source_id),
        ),
    )


def _seats(person: Person) -> Section:
    rows = []
    for seat in Seat.objects.filter(**_whose(person)).select_related("meeting__school_class"):
        stays, turns = Stay.objects.filter(seat=seat), Turn.objects.filter(seat=seat)
        spoken = sum(((t.ended_at or t.given_at) - t.given_at).total_seconds() for t in turns)
        rows.append(
            (
                _when(seat.meeting.live_at or seat.meeting.starts_at),
                _meeting(seat.meeting),
                SeatRole(seat.role).value,
                seat.label,
                _when(seat.admitted_at),
                _when(max((s.out_at for s in stays if s.out_at), default=None)),
                str(len(turns)),
                f"{spoken:.0f}",
            )
        )
    heads = ("Meeting", "Which", "As", "Seen as", "Let in", "Gone", "Turns", "Seconds of them")
    notes = Happening.objects.filter(
        seat__in=Seat.objects.filter(**_whose(person)), kind__in=("note", "removed")
    ).count()
    note = f"Notes of hosts about them: {notes}. {A_PERSON_DECIDES}" if notes else ""
    return Section("In meetings", heads, tuple(rows), note)


def _expected(person: Person) -> Section:
    rows = Expected.objects.filter(**_whose(person)).select_related("meeting__school_class")
    found = tuple((_when(row.meeting.starts_at), _meeting(row.meeting), row.label) for row in rows)
    return Section("Expected in meetings", ("Meeting", "Which", "Seen as"), found)


def _hosted(user: User) -> Section:
    rows = Meeting.objects.filter(host=user).select_related("school_class")
    return Section(
        "Meetings planned as host",
        ("Meeting", "Which", "Minutes"),
        tuple((_when(each.starts_at), _meeting(each), str(each.minutes)) for each in rows),
    )


def _meeting(meeting: Meeting) -> str:
    """Class and kind: a parents' meeting's own title would name another family."""
    name = f"{meeting.school_class} · " if meeting.school_class is not None else ""
    return f"{name}{meeting.get_kind_display()}, {meeting.get_purpose_display()}"


def _accepted(person: Person) -> Section:
    found = Acceptance.objects.select_related("version")
    if isinstance(person, User):
        found = found.filter(user=person)
    elif isinstance(person, Adult):
        found = found.filter(Q(adult=person) | Q(adult=None, household__in=person.households.all()))
    else:
        found = found.filter(Q(pupil=person) | Q(household__in=person.households.all()))
    return Section(
        "Documents accepted",
        ("Document", "Version", "When", "How"),
        tuple(
            (
                each.version.document.words,
                str(each.version.number or ""),
                _when(each.at),
                each.get_way_display(),
            )
            for each in found
        ),
    )


def _told(person: Pupil | Adult) -> Section:
    found = Delivery.objects.select_related("notice", "letter")
    found = found.filter(adult=person) if isinstance(person, Adult) else found.filter(pupils=person)
    rows = []
    for each in found.distinct():
        sent = each.letter.sent_at if each.letter is not None else None
        how = each.get_told_how_display() if each.told_how else "E-mail" if sent else ""
        rows.append((_day(each.notice.day), each.notice.get_what_display(), _when(each.told_at or sent), how))
    return Section("What the family was told", ("Of", "What", "When", "How"), tuple(rows))


def _letters(person: Adult | User) -> Section:
    found = Letter.objects.filter(to__iexact=person.email) if person.email else ()
    rows = tuple((_when(each.made_at), each.get_kind_display(), each.get_state_display()) for each in found)
    return Section("Letters to this address", ("Written", "What", "State"), rows)


def _requests(person: Person) -> Section:
    mine = Q(pupil=person) if isinstance(person, Pupil) else Q(asker=person)
    found = Case.objects.filter(mine)
    return Section(
        "Requests to see a recording",
        ("Asked on", "How", "State", "Answered"),
        tuple(
            (_day(each.asked_on), each.get_channel_display(), each.get_state_display(), _when(each.closed_at))
            for each in found
        ),
    )


def _recordings(person: Person) -> Section:
    meetings = Seat.objects.filter(**_whose(person), admitted_at__isnull=False).values("meeting")
    rows = []
    for each in Recording.objects.filter(meeting__in=meetings):
        end = _when(each.destroyed_at) or _day(each.destroy_on)
        watched = ", ".join(
            _when(moment)
            for moment in Viewing.objects.filter(recording=each).order_by("at").values_list("at", flat=True)
        )
        rows.append((_when(each.made_at), "Destroyed" if each.state in GONE else "Kept", end, watched))
    note = "What is in a recording itself is asked for as a request to see it." if rows else ""
    return Section("Recordings", ("Made", "State", "Destroyed on", "Watched"), tuple(rows), note)


def _watched(user: User) -> Section:
    rows = Viewing.objects.filter(user=user).select_related("recording")
    return Section(
        "Recordings watched",
        ("When", "Recording made"),
        tuple((_when(each.at), _when(each.recording.made_at)) for each in rows),
    )


def _incidents(person: Person) -> Section:
    about = Q(staff=person) if isinstance(person, User) else Q(pupil=person)
    count = Incident.objects.filter(about, emptied_at=None).count()
    return _counted("Incidents", "that say they are about them", count)


def _restrictions(person: Person) -> Section:
    count = ContactRestriction.objects.filter(**_whose(person)).count()
    return _counted("Contact restrictions", "noted", count)


def _counted(title: str, what: str, count: int) -> Section:
    return Section(title, ("What", "How many"), ((what, str(count)),), A_PERSON_DECIDES if count else "")


def _codes(adult: Adult) -> Section:
    found = MailCode.objects.filter(email=adult.email.lower()) if adult.email else ()
    rows = tuple((_when(each.asked_at), _when(each.used_at)) for each in found)
    return Section("Sign-ins by e-mail", ("Asked", "Used"), rows)


def _exceptions(user: User) -> Section:
    found = RuleException.objects.filter(asked_by=user)
    return Section(
        "Exceptions asked for",
        ("When", "Rule", "Reason", "Until"),
        tuple(
            (_when(each.asked_at), each.get_rule_display(), each.reason, _day(each.until)) for each in found
        ),
    )


def _log(person: Person) -> Section:
    subject = f"{type(person).__name__.lower()}:{person.pk}"
    rows = audit.find(text=subject).values_list("kind", "at")
    return Section(
        "In the log, as a number",
        ("When", "What was done, by them or to them"),
        tuple((_when(at), kind) for kind, at in rows),
    )


Part = Callable[..., Section]
_PARTS: dict[type[Person], tuple[str, tuple[Part, ...]]] = {
    Pupil: (
        "child",
        (
            _child,
            _expected,
            _seats,
            _accepted,
            _told,
            _requests,
            _recordings,
            _incidents,
            _restrictions,
            _log,
        ),
    ),
    Adult: (
        "adult of a family",
        (
            _adult,
            _expected,
            _seats,
            _accepted,
            _told,
            _letters,
            _requests,
            _recordings,
            _codes,
            _restrictions,
            _log,
        ),
    ),
    User: (
        "member of staff",
        (
            _account,
            _hosted,
            _expected,
            _seats,
            _accepted,
            _letters,
            _recordings,
            _watched,
            _exceptions,
            _incidents,
            _log,
        ),
    ),
}


def _when(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment is not None else ""


def _day(day: date | None) -> str:
    return f"{day:%Y-%m-%d}" if day is not None else ""
