"""What the worker does once a day: whatever was kept for as long as the school keeps it, goes."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from circletime.core.errors import Refused
from circletime.oversight.actions.emptying import empty_alarm, empty_exception, empty_incident
from circletime.policy.limits import Limit
from circletime.protection.actions.erasing import erase_leaver
from circletime.protection.actions.retention import (
    empty_meeting,
    empty_notice,
    forget_acceptances,
    forget_sessions,
    note_run,
)
from circletime.protection.queries import due, people
from circletime.protection.rules import AT_MOST
from circletime.recordings.queries import clock_sentence

log = logging.getLogger(__name__)

WORKER = "system:worker"

Job = tuple[str, Callable[[], bool]]


def keep_no_longer(now: datetime, at_most: int = AT_MOST) -> dict[str, int]:
    """Carry out this day's retention, unless that was done; a day that was missed is made up for by the next.

    Nothing goes while the clock is not trusted (T9). At most so many are done in one go; the rest is done in
    the next. Answers how many of each sort, how many wait for something that stands against it, and how many
    failed; both are tried again the next day.
    """
    if due.ran_on(now) or clock_sentence(now):
        return {}
    counts: Counter[str] = Counter()
    done = True
    for name, job in _jobs(now):
        if sum(counts.values()) - counts["waiting"] - counts["failed"] >= at_most:
            done = False
            break
        try:
            counts[name if job() else "waiting"] += 1
        except Refused:
            counts["waiting"] += 1
        except Exception as trouble:
            # One that fails keeps nobody else waiting. What it says may name somebody, so it is not logged.
            log.error("retention: one of %s failed (%s)", name, type(trouble).__name__)
            counts["failed"] += 1
    if done:
        counts["accepted"] = forget_acceptances(by=WORKER, now=now)
        counts["sessions"] = forget_sessions(by=WORKER, now=now)
    found = {name: number for name, number in sorted(counts.items()) if number}
    note_run(counts=found, done=done, by=WORKER, now=now)
    return found


def _jobs(now: datetime) -> Iterator[Job]:
    """One after the other, each looked up when it is its turn: a family goes with its last child."""
    today = due.day_of(now)
    told: dict[str, Any] = {"by": WORKER, "now": now}
    yield from _each("sheets", due.sheets(today), lambda one: empty_notice(notice=one, **told))
    yield from _each("registers", due.registers(today), lambda one: empty_meeting(meeting=one, **told))
    yield from _each("incidents", due.incidents(today), lambda one: empty_incident(incident=one, **told))
    yield from _each("exceptions", due.exceptions(today), lambda one: empty_exception(exception=one, **told))
    yield from _each("alarms", due.alarms(today), lambda one: empty_alarm(leak=one, **told))
    left = due.cutoff(Limit.LEAVERS, today)
    yield from _each("children", people.pupils_that_left(left), lambda one: erase_leaver(person=one, **told))
    yield from _each("adults", people.adults_that_left(left), lambda one: erase_leaver(person=one, **told))
    off = due.cutoff(Limit.COLLEAGUES, today)
    yield from _each("accounts", people.accounts_that_left(off), lambda one: erase_leaver(person=one, **told))


def _each(name: str, rows: Iterable[object], do: Callable[..., bool]) -> Iterator[Job]:
    for row in list(rows):
        yield name, lambda row=row: do(row)  # type: ignore[misc]
