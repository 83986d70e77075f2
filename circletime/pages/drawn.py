"""Pages of docs/ that are drawn from the code, so that they cannot say anything else."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from django.conf import settings

from circletime.access.rules.case import GOING_ON, Event
from circletime.access.rules.case import TRANSITIONS as ASKED
from circletime.access.rules.case import State as Asked
from circletime.meetings.rules import TRANSITIONS, State
from circletime.oversight.rules.incidents import TRANSITIONS as HAPPENED
from circletime.oversight.rules.incidents import State as Happened
from circletime.pages import drawn_settings
from circletime.policy.clauses import CLAUSES, Clause
from circletime.protection.personal import TABLES, personal, until

HEAD = "<!-- Drawn by `make docs` from the code. Do not edit. -->\n\n"


def pages() -> dict[Path, str]:
    """Every drawn page, by path."""
    docs = Path(settings.BASE_DIR) / "docs"
    return {
        docs / "states.md": states(),
        docs / "policy-map.md": policy_map(),
        docs / "what-is-kept.md": what_is_kept(),
        docs / "running.md": drawn_settings.draw((docs / "running.md").read_text(), settings.BASE_DIR),
    }


def states() -> str:
    """The lifecycles of a meeting, a request to see and an incident, each as a diagram and a table."""
    machines = (
        _machine("meeting", State.SCHEDULED, State, TRANSITIONS.items()),
        _machine("request to see", Asked.LOGGED, Asked, _of_a_request()),
        _machine("incident", Happened.REPORTED, Happened, HAPPENED.items()),
    )
    return HEAD + "\n".join(machines)


Moves = Iterable[tuple[tuple[StrEnum, str], StrEnum]]


def _of_a_request() -> Moves:
    """What is data in its rules; and that it goes on where it was stopped."""
    yield from ASKED.items()
    yield from (((Asked.STOPPED, Event.GO_ON), state) for state in GOING_ON)


def _machine(what: str, first: StrEnum, states: type[StrEnum], moves: Moves) -> str:
    every = list(moves)
    lines = [
        f"# The states of {'an' if what[0] in 'aeio' else 'a'} {what}\n",
        "```mermaid",
        "stateDiagram-v2",
        f"  [*] --> {first}",
    ]
    lines += [f"  {before} --> {after}: {event}" for (before, event), after in every]
    left = {before for (before, _), _ in every}
    lines += [f"  {state} --> [*]" for state in states if state not in left]
    lines += ["```\n", "| from | by | to |", "|---|---|---|"]
    lines += [f"| {before} | {event} | {after} |" for (before, event), after in every]
    return "\n".join(lines) + "\n"


def policy_map() -> str:
    """Each clause of the policy, with what keeps it, the tests that attack it and what counts it."""
    lines = [HEAD + "# The policy, clause by clause\n"]
    lines += [
        "Enforced: the server makes the breach impossible. Detected: it is noticed, shown to staff and kept."
    ]
    lines += ["Acknowledged: only a person can keep it; they are told when it matters.\n"]
    lines += [
        "Whether a test notices when a rule is gone was tried, rule by rule: [mutations.md](mutations.md).\n"
    ]
    lines += [
        "| clause | the policy asks | strength | kept in | tested by | counted by | not yet |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(clause) for clause in CLAUSES)]) + "\n"


def what_is_kept() -> str:
    """Each table that has somebody's data: how long, and how it is handed out and erased."""
    lines = [
        f"{HEAD}# What is kept, table by table\n",
        "The times hold until a school sets its own ([data protection](data-protection.md)).\n",
        "| table | what | of whom | how long | in an export | when the person is erased |",
        "|---|---|---|---|---|---|",
    ]
    for kept in personal():
        cells = [kept.table, kept.what, kept.whose, until(kept, lambda limit: limit.facts.value)]
        lines.append(f"| {' | '.join([*cells, kept.exported, kept.erased])} |")
    without = [f"{kept.table} ({kept.what})" for kept in TABLES if not kept.whose]
    return "\n".join([*lines, "", f"Nobody's data is in: {'; '.join(without)}."]) + "\n"


def _row(clause: Clause) -> str:
    places = "<br>".join(_link(*_file_of(place)) for place in clause.places)
    tests = "<br>".join(_link(test.split("::")[-1], test.split("::")[0]) for test in clause.tests)
    strengths = ", ".join(clause.strengths)
    evidence = _link(*_file_of(clause.evidence)) if clause.evidence else ""
    cells = [f"{clause.number} ({clause.who})", clause.asks, strengths, places, tests, evidence, clause.lacks]
    return f"| {' | '.join(cells)} |"


def _link(name: str, file: str) -> str:
    return f"[{name}](../{file})"


def _file_of(place: str) -> tuple[str, str]:
    if "/" in place:
        return Path(place).name, place
    module, name = place.split(":")
    file = f"circletime/{module.replace('.', '/')}"
    whole = (Path(settings.BASE_DIR) / file).is_dir()
    return name, f"{file}/__init__.py" if whole else f"{file}.py"
