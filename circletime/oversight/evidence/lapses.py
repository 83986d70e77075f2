"""What got out, or went wrong, and was noticed: alarms and incidents, as items and sentences of a figure.

No program knows who put a link or a picture somewhere, so one of these stands under each clause it may be of.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from circletime.oversight.evidence.facts import Facts
from circletime.oversight.evidence.figure import Item, span_words
from circletime.oversight.models import Incident, Leak
from circletime.oversight.rules.incidents import NOBODY_HAS_IT_AFTER, Kind, State, breach_clock
from circletime.oversight.rules.leaks import Answer


def alarm_items(alarms: list[Leak]) -> list[Item]:
    """Each alarm, without whose link it was."""
    return [_alarm(each) for each in alarms]


def _alarm(leak: Leak) -> Item:
    note = "nobody has answered it yet"
    if leak.answered_at is not None:
        note = f"{Answer(leak.answer).words.lower()}, after {span_words(_wait(leak))}"
    return Item(leak.first_at, f"{leak.get_place_display()} was seen at {leak.where}", 1, 1, note)


def alarm_words(alarms: list[Leak]) -> str:
    """How many there were, and how fast they were answered."""
    if not alarms:
        return "No alarm said that a link or a class's address was made public."
    waits = [_wait(each).total_seconds() for each in alarms if each.answered_at is not None]
    took = f", in the middle after {span_words(timedelta(seconds=median(waits)))}" if waits else ""
    anew = sum(each.answer == Answer.BURNED for each in alarms)
    said = "1 alarm" if len(alarms) == 1 else f"{len(alarms):,} alarms"
    return (
        f"{said} said that a link or an address was made public; answered: {len(waits):,}{took}, {anew:,} of "
        "them by making it anew."
    )


def _wait(leak: Leak) -> timedelta:
    return (leak.answered_at or leak.first_at) - leak.first_at


def incident_items(facts: Facts, kind: Kind) -> list[Item]:
    """What staff reported of one kind; each of them is an exception."""
    return [replace(answered(each, facts.now), bad=1) for each in facts.incidents if each.kind == kind]


def answered(incident: Incident, now: datetime) -> Item:
    """One incident, without whom it is about and where it was; bad when it was not answered in time (C6)."""
    note, bad = "in hand", False
    if incident.state == State.REPORTED:
        note = "nobody has it in hand yet"
        bad = now - incident.reported_at > NOBODY_HAS_IT_AFTER
    elif incident.closed_at is not None:
        note = f"closed after {(incident.closed_at - incident.reported_at).days:,} days"
    if incident.known_at is not None:
        words, late = breach_clock(incident.known_at, incident.decided_at, now)
        note, bad = f"{note}; {words[0].lower()}{words[1:]}", bad or late
    return Item(incident.reported_at, f"Incident: {incident.get_kind_display().lower()}", 1, bad, note)
