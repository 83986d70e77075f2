"""What only a person can keep: had they accepted it before they came in, and what was noticed all the same?

P3, P4, R6, R7, S3. Which version somebody stood on is in the log's row of their coming.
"""

from circletime.meetings.rules import SeatRole
from circletime.oversight.evidence.facts import Facts, Held
from circletime.oversight.evidence.figure import Figure, Item, nothing, of_all, of_people, rough
from circletime.oversight.evidence.lapses import alarm_items, alarm_words, incident_items
from circletime.oversight.rules.incidents import Kind
from circletime.oversight.rules.leaks import Place

CHILD, FAMILY, HOST = "times a child asked to join", "times a family asked to join", "times a host went in"
_NO_SCREENSHOT = (
    "Whether somebody took a picture: no browser tells of a screenshot. An incident seldom says who put one "
    "somewhere, so each stands under S2, P3 and R6."
)
_NOT_WHO = "Who put a link there: an alarm only says where it was seen, so each stands where it may belong."


def childrens_pictures(facts: Facts) -> Figure:
    """P3: the family had accepted the code of conduct before the child came in; pictures that got out."""
    came = _came(facts, facts.with_pupils, SeatRole.PUPIL)
    return _figure(facts, CHILD, came, _pictures(facts), _NO_SCREENSHOT)


def families_pictures(facts: Facts) -> Figure:
    """R6: a family had accepted the code of conduct before it came in; pictures that got out."""
    came = _came(facts, facts.with_families, SeatRole.PUPIL, SeatRole.ADULT)
    return _figure(facts, FAMILY, came, _pictures(facts), _NO_SCREENSHOT)


def childrens_links(facts: Facts) -> Figure:
    """P4: the same as for pictures; alarms and incidents of links that got out."""
    came = _came(facts, facts.with_pupils, SeatRole.PUPIL)
    return _figure(facts, CHILD, came, _links(facts, Place.CLASS, Place.LINK), _NOT_WHO)


def families_links(facts: Facts) -> Figure:
    """R7: the same as for pictures; alarms and incidents of links that got out."""
    came = _came(facts, facts.with_families, SeatRole.PUPIL, SeatRole.ADULT)
    return _figure(facts, FAMILY, came, _links(facts, Place.CLASS, Place.LINK), _NOT_WHO)


def staff_links(facts: Facts) -> Figure:
    """S3: each host had read the policy before going in; what got out of what staff have in their hands."""
    came = _came(facts, facts.held, SeatRole.HOST)
    return _figure(facts, HOST, came, _links(facts, Place.CLASS), _NOT_WHO)


Came = tuple[list[Item], int]
"""Comings by meeting, and how many there were before it was kept what somebody stood on."""

Noticed = tuple[list[Item], str]
"""What was noticed, and the sentences about it."""


def _came(facts: Facts, meetings: list[Held], *roles: SeatRole) -> Came:
    items, before = [], 0
    for meeting in meetings:
        stood = [facts.stood.get((meeting.subject, role.value), (0, 0)) for role in roles]
        early = sum(unknown for _, unknown in stood)
        of = sum(facts.seat(meeting, role).seats for role in roles) - early
        before += early
        if of > 0:
            items.append(meeting.item(of=of, bad=of - min(of, sum(number for number, _ in stood))))
    return items, before


def _pictures(facts: Facts) -> Noticed:
    told = facts.reported(Kind.PICTURE) or " Staff reported no picture that got out."
    return incident_items(facts, Kind.PICTURE), told


def _links(facts: Facts, *places: Place) -> Noticed:
    alarms = [each for each in facts.leaks if each.alarm and each.place in places]
    told = facts.reported(Kind.LEAK) or " Staff reported no link and no password that got out."
    return alarm_items(alarms) + incident_items(facts, Kind.LEAK), f" {alarm_words(alarms)}{told}"


def _figure(facts: Facts, what: str, came: Came, noticed: Noticed, cannot: str) -> Figure:
    (comings, before), (lapses, told) = came, noticed
    items = sorted(comings + lapses, key=lambda item: item.at)
    early = f" Of {rough(before)} earlier ones it was not kept yet." if before else ""
    if not items:
        return nothing(what, f"Nobody came in of whom it can be told.{early}{told}", cannot)
    total, bad = sum(item.of for item in comings), sum(item.bad for item in comings)
    if what == HOST:
        said = f"{of_all(total - bad, total, what)}, they had read the video policy that held then."
    else:
        who = "the family" if what == CHILD else "it"
        said = f"{of_people(total, bad, what)}, {who} had accepted the code of conduct that held then."
    return Figure(f"{said}{early}{told}", f"{what}, alarms and incidents", tuple(items), what != HOST, cannot)
