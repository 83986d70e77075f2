"""A school at work, and every address of the program filled in with what is there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from circletime.access.models import Case
from circletime.dispatch.models import Delivery, Notice
from circletime.documents.models import Version
from circletime.documents.rules.kinds import Kind
from circletime.meetings.models import Meeting, Seat
from circletime.notices.models import Letter
from circletime.oversight.models import DrawnMeeting, Incident, Leak, RuleException
from circletime.people.actions.staff import switch_off
from circletime.people.models import ContactRestriction, FamilyLink, Group, RosterImport
from circletime.recordings.models import Hold, Recording
from tests.documents.papers import TEXT
from tests.web.seen import Seen
from tests.web.visits import Visits
from tests.world import World


@dataclass
class School:
    """What the addresses lead to: Oak's meeting that is running, one planned, one held, one of staff."""

    world: World
    running: Meeting
    host: Seat
    planned: Meeting
    held: Meeting
    staff: Meeting
    recording: Recording
    gone: Recording
    hold: Hold
    case: Case
    restriction: ContactRestriction
    link: str
    seat: Seat = field(init=False)
    paper: Version = field(init=False)
    """The video policy, which asks and refuses nothing here; a new wording of it is drafted."""
    shown: Seen = field(init=False)

    def __post_init__(self) -> None:
        self.seat = self.host


@cache
def routes() -> dict[str, str]:
    """Every address by its name, or by itself where it has none."""

    def walk(patterns: list[Any], before: str) -> Iterator[tuple[str, str]]:
        for each in patterns:
            whole = before + str(each.pattern)
            if isinstance(each, URLPattern):
                yield each.name or whole, whole
            else:
                yield from walk(each.url_patterns, whole)

    found = list(walk(get_resolver().url_patterns, ""))
    assert len(found) == len(dict(found)), "two addresses have one name"
    return dict(found)


CONFIRMED = {"confirmed": ["1", "2", "3", "4"]}


def client_of(who: str, school: School, visits: Visits) -> Client:
    """The browser of one persona; the pupil's is in the room."""
    if who == "anonymous":
        return visits.browser()
    if who == "pupil":
        client, school.seat = visits.let_in("Amara", school.host)
        return client
    if who == "family":
        client = visits.browser()
        assert client.get(reverse("family", args=[school.link])).status_code == 302
        return client
    if who == "leaver":
        left, at = school.world.staff["slt"], school.world.now
        client = visits.signed_in(left)
        assert client.get(reverse("recordings")).status_code == 200
        switch_off(user=left, by=school.world.staff["headteacher"], now=at)
        return client
    return visits.by_role(who)


def arguments(name: str, school: School) -> list[Any]:
    """What stands in an address of this name."""
    if name in ("family", "meeting-cancel", "meeting-move"):
        return [school.link if name == "family" else school.planned.public_id]
    if name == "meeting-join":
        return [school.staff.public_id]
    if name.startswith(("meeting-", "register")) or name == "meeting":
        return [] if name in ("meeting-new", "meeting-week") else [school.running.public_id]
    if name == "class-change":
        return [school.world.oak.pk]
    if name.startswith(("recording", "hold")):
        return kept_arguments(name, school)
    if name.startswith(("redaction", "supervised", "see", "take")):
        return school.shown.arguments(name)
    if name.startswith(
        (
            "request",
            "restriction",
            "letter",
            "leak",
            "incident",
            "exception",
            "monitored",
            "people",
            "cards",
            "dispatch",
        )
    ):
        return asked_arguments(name, school)
    if name.startswith(("policy", "document-")):
        return policy_arguments(name, school)
    if name.startswith("room"):
        return [school.seat.public_id, *(["hand"] if name == "room-command" else [])]
    return {
        "language-csv": ["ur"],
        "language-sentences": ["ur"],
        "account_confirm_email": ["none"],
        "mail-entry": ["none"],
        "family-entry": ["x" * 22],
        "family-document": ["x" * 22],
        **({name: [brought_in(school)]} if name.startswith("roster-") else {}),
        "report-clause": ["T2"],
        "protection-person": ["staff", school.world.stranger.pk],
        "protection-export": ["staff", school.world.stranger.pk],
        "join-class": [school.world.oak.join_id],
        "openid_connect_login": ["school"],
        "openid_connect_callback": ["school"],
        "mfa_remove_webauthn": [Authenticator.objects.get(user=school.world.stranger).pk],
        "account_reset_password_from_key": ["1", "none"],
    }.get(name, [])


def policy_arguments(name: str, school: School) -> list[Any]:
    """What stands in an address about a document."""
    if name == "document-file":
        return [school.paper.public_id, "en"]
    if name == "policy-limits":
        return []
    return [Kind.VIDEO.value, *([1] if name == "policy-version" else [])]


def brought_in(school: School) -> str:
    """The last import of a roster."""
    facts = {"made_at": school.world.now, "settled_at": school.world.now, "file_name": "roster.zip"}
    return RosterImport.objects.get_or_create(state="applied", defaults=facts)[0].public_id


def people_arguments(name: str, school: School) -> list[Any]:
    """What stands in an address about people."""
    family = school.world.pupil("Ben").households.get()
    return {
        "people-class": [school.world.oak.pk],
        "people-class-letters": [school.world.oak.pk],
        "cards": [school.world.oak.pk],
        "people-group": [Group.objects.get(school_class=school.world.oak).pk],
        "people-pupil": [school.world.pupil("Ben").pk],
        "people-household": [family.pk],
        "people-letter": [family.pk],
        "people-link": [family.pk],
        "people-link-burn": [family.pk, FamilyLink.objects.filter(household=family).earliest("pk").pk],
        "people-adult": [family.adults.earliest("pk").pk],
        "people-staff-one": [school.world.stranger.pk],
    }.get(name, [])


NO_NOTICE = ("dispatch", "dispatch-progress", "dispatch-send-day", "dispatch-work")


def notice_of(school: School) -> Notice:
    """What families were told of the planned meeting."""
    return Notice.objects.get(about=school.planned.subject)


def told_of(school: School) -> dict[str, dict[str, Any]]:
    """Well-made forms about what families are told."""
    row = Delivery.objects.filter(notice=notice_of(school)).select_related("letter").earliest("pk")
    return {
        "dispatch-again": {"again": f"{row.public_id}:{row.letter.public_id if row.letter else ''}"},
        "dispatch-all-again": {"seen": "0"},
        "dispatch-tick": {"row": row.public_id, "how": "paper"},
        "dispatch-work": {"school_class": school.world.oak.pk, "address": "https://j2e.example/oak"},
    }


def kept_arguments(name: str, school: School) -> list[Any]:
    """What stands in an address about recordings."""
    if name in ("recordings", "hold-new"):
        return []
    if name.startswith("recording-certificate"):
        return [school.gone.public_id]
    if name == "recording-other-film":
        return [school.recording.public_id, school.recording.films.get().public_id]
    if name == "recording-close":
        return [school.recording.public_id, school.recording.openings.get().public_id]
    return [school.hold.public_id if name.startswith("hold") else school.recording.public_id]


def asked_arguments(name: str, school: School) -> list[Any]:
    """What stands in an address about requests, letters, alarms, people, or what families are told."""
    if name.startswith(("people", "cards")):
        return people_arguments(name, school)
    if name.startswith("dispatch"):
        return [] if name in NO_NOTICE else [notice_of(school).public_id]
    if name.startswith("letter"):
        return [] if name == "letters" else [Letter.objects.get(kind="case").public_id]
    if name.startswith("leak"):
        return [] if name == "leaks" else [Leak.objects.get().public_id]
    return {
        "incident": [Incident.objects.earliest("pk").public_id],
        "exception": [RuleException.objects.earliest("pk").public_id],
        "monitored": [DrawnMeeting.objects.earliest("pk").public_id],
        "request": [school.case.public_id],
        "request-file": [school.case.public_id],
        "request-letter": [school.case.public_id, school.case.letters.earliest("pk").pk],
        "request-step": [school.case.public_id, "identity"],
        "restriction-end": [school.restriction.public_id],
    }.get(name, [])


def address_of(name: str, school: School) -> str:
    """The address of this name, filled in."""
    if routes()[name] == name:
        return "/" + re.sub("<.*>", "x", name)
    return reverse(name, args=arguments(name, school))


def body(name: str, school: School) -> dict[str, Any]:
    """A well-made form for an address, so that only the right to send it decides."""
    starts = timezone.localtime(school.world.now + timedelta(hours=3))
    forms: dict[str, dict[str, Any]] = {
        "join": {"class_id": school.world.oak.join_id, "password": school.world.oak.password},
        "join-name": {"name": "Amara", "grown_up": "yes"},
        "family-sign-in": {"email": "somebody@home.example"},
        "meeting-new": {
            "kind": "class",
            "school_class": school.world.oak.pk,
            "purpose": "circle",
            "starts_at": f"{starts:%Y-%m-%dT%H:%M}",
            "minutes": "20",
        },
        "meeting-move": {"starts_at": f"{starts:%Y-%m-%dT%H:%M}", "minutes": "15"},
        "meeting-start": CONFIRMED,
        "meeting-join": CONFIRMED,
        "recording": {"why": "A parent asked"},
        "recording-watched": {"played": "[[0, 5]]"},
        "recording-open": {
            "user": school.recording.meeting.host_id,
            "reason": "To look at a turn again",
            "days": "2",
        },
        "recording-early": {"ground": "mistake", "reason": "Nobody was meant to be there"},
        "hold-new": {
            "recording": school.recording.public_id,
            "reason": "A parent asked",
            "review_on": f"{starts + timedelta(days=10):%Y-%m-%d}",
        },
        "hold-review": {"review_on": f"{starts + timedelta(days=20):%Y-%m-%d}"},
        "request-new": {
            "pupil": school.world.pupil("Ben").pk,
            "asker_name": "Ada Somebody",
            "relation": "parent",
            "channel": "spoken",
            "asked_on": f"{timezone.localtime(school.world.now):%Y-%m-%d}",
        },
        "supervised-here": {"recording": school.shown.recording, "at": "0"},
        "supervised-beside": {"name": "Ada Somebody", "checked": "yes"},
        "redaction-mark": {"begins": "0:01", "ends": "0:02", "picture": "on", "why": "name"},
        "redaction-unmark": {"mark": school.shown.mark},
        "redaction-approve": {"film": school.shown.film},
        "redaction-call-back": {"copy": school.shown.copy},
        "request-step": {"how": "Known to me"},
        "restriction-new": {
            "pupil": school.world.pupil("Ben").pk,
            "whom": "everybody",
            "what": "An order of the court",
            "since": f"{timezone.localtime(school.world.now):%Y-%m-%d}",
        },
        "incident-new": {
            "verb": "report",
            "kind": "technical",
            "what": "The picture was gone",
            "happened_at": f"{timezone.localtime(school.world.now):%Y-%m-%dT%H:%M}",
        },
        "exceptions": {
            "verb": "ask",
            "rule": "bedroom",
            "reason": "We moved house",
            "until": f"{starts + timedelta(days=10):%Y-%m-%d}",
        },
        "exception": {"verb": "refuse", "decision": "There is another room"},
        "monitored": {"verb": "find", "found": "good", "note": "Looked at the register"},
        "incident": {"verb": "step", "text": "Looked at the cable"},
        "leak-leave": {"note": "A closed group of the class's parents"},
        "restriction-end": {"end_reason": "The order was lifted"},
        "policy-acknowledge": {"version": school.paper.public_id},
        "policy-edit": {"text": TEXT, "language": "en", "revision": "1"},
        "policy-drop": {"revision": "1"},
        "policy-publish": {"revision": "1", "changes": "As the board wished", "of": ["staff"]},
        "policy-paper": {"slip": f"user-{school.host.user_id}"},
        "policy-limits": {"limit": "families", "value": "15"},
        "policy-adopt": {
            "version": school.paper.public_id,
            "met_on": f"{timezone.localtime(school.world.now):%Y-%m-%d}",
            "minute": "7",
            "signatories": "Dr Somebody",
        },
        "hold-release": {"reason": "It is not needed any more"},
        "protection": {"verb": "need", "text": "Children who are at home see their class"},
        "protection-person": {"verb": "erase", "ground": "asked", "sure": "yes"},
    }
    if name.startswith("people"):
        return people_forms(school).get(name, {})
    return (forms | (told_of(school) if name.startswith("dispatch") else {})).get(name, {})


def people_forms(school: School) -> dict[str, dict[str, Any]]:
    """Well-made forms about people."""
    family = school.world.pupil("Ben").households.get()
    return {
        "people-class-new": {"verb": "add", "name": "Plum", "year": "3"},
        "people-class": {"verb": "change", "name": "Oak", "year": "2"},
        "people-class-letters": {"whom": "all"},
        "people-group": {"verb": "save", "name": "Readers"},
        "people-pupil-new": {
            "verb": "add",
            "first_name": "Zofia",
            "last_name": "Somebody",
            "school_class": school.world.oak.pk,
            "household": family.pk,
        },
        "people-pupil": {"verb": "leave"},
        "people-household-new": {"verb": "add", "name": "Somebody"},
        "people-household": {"verb": "burn"},
        "people-adult": {"verb": "leave"},
        "people-staff-new": {"verb": "add", "name": "Ms New", "email": "new@larkfield.example"},
        "people-staff-one": {"verb": "invite"},
    }
