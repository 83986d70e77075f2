"""`circletime roster import`: what it says, line by line. The last line is JSON."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from circletime.core import time
from circletime.core.errors import Refused
from circletime.people.roster.apply import apply
from circletime.people.roster.models import RosterImport
from circletime.people.roster.plan import Plan
from circletime.people.roster.reader import NeedsMapping, plan_roster

SHOWN = 40
Say = Callable[[str], None]


def bring_in(path: Path, *, preview: bool, mapping: str, say: Say) -> int:
    """Read, show, and unless it is a preview bring in. Success is also when some rows were refused and the
    rest was brought in; `changed` counts who leaves, too."""
    now, plan = time.now(), None
    try:
        plan = plan_roster(path, now, mapping)
        _tell(plan, say)
        if not preview:
            made = RosterImport.objects.create(made_at=now, file_name=path.name[:120], mapping=mapping)
            try:
                apply(plan=plan, to=made, confirmed=False, by=f"system:command:{os.getuid()}", now=now)
            except Refused:
                made.delete()
                raise
            say("Brought in. It can be taken back on the roster page.")
    except NeedsMapping as needs:
        say(f"The columns of this file are not known: {', '.join(needs.head[:20])}.")
        say("Name them on the roster page, then give the name of the source with --mapping.")
        plan = None
    except Refused as refusal:
        say(str(refusal))
        plan = None
    counts = (
        plan.counts if plan else dict.fromkeys(("added", "changed", "unchanged", "leaving", "refused"), 0)
    )
    counts["changed"] += counts.pop("leaving")
    say(json.dumps({name: counts[name] for name in ("added", "changed", "unchanged", "refused")}))
    return 0 if plan else 1


def _tell(plan: Plan, say: Say) -> None:
    for odd in plan.odd.kept[:SHOWN]:
        where = (
            odd.file + (f", line {odd.line}" if odd.line else "") + (f", {odd.column}" if odd.column else "")
        )
        say(f"{where}: {odd.words}{' Not used.' if odd.refused else ''}")
    more = len(plan.odd.kept) + plan.odd.more - SHOWN
    if more > 0:
        say(f"… and {more} more odd places. The roster page lists them all.")
    counts = plan.counts
    say(
        f"Added {counts['added']}, changed {counts['changed']}, leaving {counts['leaving']}, "
        f"unchanged {counts['unchanged']}, rows not used {counts['refused']}."
    )
