"""`circletime roster import`: what it says, line by line. The last line is JSON."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from circletime.core import time
from circletime.core.errors import Refused
from circletime.people.roster.apply import apply
from circletime.people.roster.models import RosterImport, RosterOdd
from circletime.people.roster.reader import NeedsMapping, plan_roster
from circletime.people.roster.rules import State

SHOWN = 40
Say = Callable[[str], None]


def bring_in(path: Path, *, preview: bool, mapping: str, say: Say) -> int:
    """Read, show, and unless it is a preview bring in. Success is also when some rows were refused and the
    rest was brought in; `changed` counts who leaves, too."""
    now, done = time.now(), False
    counts = dict.fromkeys(("added", "changed", "unchanged", "leaving", "refused"), 0)
    made = RosterImport.objects.create(
        made_at=now, file_name=path.name[:120], mapping=mapping[:60], state=State.COMMAND
    )
    try:
        stage = plan_roster(made, path, now)
        _tell(made, say)
        if not preview:
            apply(stage=stage, confirmed=False, by=f"system:command:{os.getuid()}", now=now)
            say("Brought in. It can be taken back on the roster page.")
        counts, done = made.counts, True
    except NeedsMapping as needs:
        say(f"The columns of this file are not known: {', '.join(needs.head[:20])}.")
        say("Name them on the roster page, then give the name of the source with --mapping.")
    except Refused as refusal:
        say(str(refusal))
    finally:
        RosterImport.objects.filter(pk=made.pk, state=State.COMMAND).delete()
    told = {name: counts[name] for name in ("added", "changed", "unchanged", "refused")}
    say(json.dumps(told | {"changed": counts["changed"] + counts["leaving"]}))
    return 0 if done else 1


def _tell(made: RosterImport, say: Say) -> None:
    odd = RosterOdd.objects.filter(roster_import=made).order_by("pk")
    for each in odd[:SHOWN]:
        where = (
            each.file
            + (f", line {each.line}" if each.line else "")
            + (f", {each.column}" if each.column else "")
        )
        say(f"{where}: {each.words}{' Not used.' if each.refused else ''}")
    more = odd.count() + made.shown["odd_more"] - SHOWN
    if more > 0:
        say(f"… and {more} more odd places. The roster page lists them all.")
    counts = made.counts
    say(
        f"Added {counts['added']}, changed {counts['changed']}, leaving {counts['leaving']}, "
        f"unchanged {counts['unchanged']}, rows not used {counts['refused']}."
    )
