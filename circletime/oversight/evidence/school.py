"""What shows that the school watches over it, and that somebody answers for it: C5, C6."""

from datetime import datetime, timedelta

from django.utils import timezone

from circletime.audit.queries import checkpoints
from circletime.oversight.evidence.facts import Facts
from circletime.oversight.evidence.figure import Figure, Item, nothing, of_all
from circletime.oversight.evidence.lapses import answered
from circletime.oversight.evidence.period import midnight
from circletime.oversight.models import RuleException
from circletime.oversight.queries.monitoring import list_drawn
from circletime.oversight.rules.exceptions import DECIDED_WITHIN
from circletime.oversight.rules.exceptions import State as Asked
from circletime.oversight.rules.incidents import State


def monitored(facts: Facts) -> Figure:
    """C5: on each day the log's end was signed and mailed to the governors; what was looked at by lot."""
    days = {timezone.localtime(each.at).date() for each in checkpoints()}
    if not days:
        return nothing("days", "The log was not signed yet; that begins within a day.")
    period = facts.period
    day = max(period.first, min(days))
    last = min(period.last, facts.today)
    broken = {timezone.localtime(row.at).date() for row in facts.done("audit.log.broken")}
    items = []
    while day <= last:
        note = "the log did not hold" if day in broken else "" if day in days else "the log was not signed"
        items.append(Item(midnight(day, period.zone), f"{day:%-d %B %Y}", 1, bool(note), note))
        day += timedelta(days=1)
    if not items:
        return nothing("days", "The log was first signed after this period.")
    taken = len(facts.done("oversight.report.signed"))
    drawn = list_drawn(period.first, period.last)
    looked = sum(each.looked_at is not None for each in drawn)
    by_lot = f" {of_all(looked, len(drawn), 'meetings that were drawn')} were looked at." if drawn else ""
    good = sum(not item.bad for item in items)
    return Figure(
        f"On {of_all(good, len(items), 'days')} the log held, and its end was signed and mailed to the "
        f"governors. {taken:,} signed reports were taken.{by_lot}",
        "days",
        tuple(items),
        cannot="Whether anybody read them. A rewrite of the log shows only beside a letter that was kept.",
    )


def upheld(facts: Facts) -> Figure:
    """C6: each incident is answered by a named person, a data breach within its 72 hours; exceptions too."""
    items = [answered(each, facts.now) for each in facts.incidents]
    asked = [_decided(each, facts.now) for each in facts.exceptions]
    if not items and not asked:
        return nothing("incidents", "No incident was reported and no exception asked for in this period.")
    good = sum(not item.bad for item in items)
    granted = sum(each.granted is True for each in facts.exceptions)
    more = f" Exceptions asked for: {len(asked):,}, of which {granted:,} were granted." if asked else ""
    closed = sum(each.state == State.CLOSED for each in facts.incidents)
    return Figure(
        f"{of_all(good, len(items), 'incidents')} were taken in hand by a named person in time; {closed:,} "
        f"are closed with an outcome in words, {len(items) - closed:,} are open.{more}",
        "incidents and exceptions" if asked else "incidents",
        tuple(items + asked),
        cannot="What nobody reported. Whether an outcome was right is read by those who answer for it.",
    )


def _decided(exception: RuleException, now: datetime) -> Item:
    """One exception, without who asked for it."""
    state = exception.state_on(timezone.localtime(now).date())
    bad = state == Asked.ASKED and now - exception.asked_at > DECIDED_WITHIN
    what = f"Exception: {exception.get_rule_display().lower()}"
    return Item(exception.asked_at, what, 1, bad, state.words.lower())
