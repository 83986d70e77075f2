"""What shows that the school watches over it: C5."""

from datetime import timedelta

from django.utils import timezone

from circletime.audit.queries import checkpoints
from circletime.oversight.evidence.facts import Facts
from circletime.oversight.evidence.figure import Figure, Item, nothing, of_all
from circletime.oversight.evidence.period import midnight


def monitored(facts: Facts) -> Figure:
    """C5: on each day the log's end was signed and mailed to the governors; reports that were taken."""
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
    good = sum(not item.bad for item in items)
    return Figure(
        f"On {of_all(good, len(items), 'days')} the log held, and its end was signed and mailed to the "
        f"governors. {taken:,} signed reports were taken.",
        "days",
        tuple(items),
        cannot="Whether anybody read them. A rewrite of the log shows only beside a letter that was kept.",
    )
