"""Pages of docs/ that are drawn from the code, so that they cannot say anything else."""

import csv
import math
from collections import Counter
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
from circletime.pages import drawn_settings, guessing
from circletime.policy.clauses import CLAUSES, Clause
from circletime.protection.personal import TABLES, personal, until

STANDING = {
    "tested": "shown by a test",
    "so": "met, for the reason given",
    "not ours": "do not apply",
    "open": "open",
}
"""How a requirement stands, as docs/asvs.csv says it, and as the page counts it."""

CHAPTERS = {
    "V1": "Encoding and sanitization",
    "V2": "Validation and business logic",
    "V3": "Web frontend",
    "V4": "API and web service",
    "V5": "Files",
    "V6": "Authentication",
    "V7": "Sessions",
    "V8": "Authorization",
    "V9": "Self-contained tokens",
    "V10": "OAuth and OIDC",
    "V11": "Cryptography",
    "V12": "Secure communication",
    "V13": "Configuration",
    "V14": "Data protection",
    "V15": "Secure coding and architecture",
    "V16": "Logging and errors",
    "V17": "WebRTC",
}

HEAD = "<!-- Drawn by `make docs` from the code. Do not edit. -->\n\n"


def pages() -> dict[Path, str]:
    """Every drawn page, by path."""
    docs = Path(settings.BASE_DIR) / "docs"
    return {
        docs / "states.md": states(),
        docs / "policy-map.md": policy_map(),
        docs / "what-is-kept.md": what_is_kept(),
        docs / "running.md": drawn_settings.draw((docs / "running.md").read_text(), settings.BASE_DIR),
        docs / "guessing.md": what_guessing_comes_to(),
        docs / "asvs.md": asvs(docs / "asvs.csv"),
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


def what_guessing_comes_to() -> str:
    """What is guessed at: how many answers there could be, and how far a day's guesses come."""
    lines = [
        f"{HEAD}# Guessing\n",
        "Computed from the limits that hold. Guesses are those that get through in a day: from one",
        f"network, and from {guessing.MANY:,}. A chance is that of one right guess in a day, at most, in a",
        f"school of {guessing.CLASSES} classes with {guessing.LINKS_LIVE:,} links that work and "
        f"{guessing.ADULTS} adults. Where nothing",
        f"slows anybody down, {guessing.UNTHROTTLED:,} requests a second are taken for granted.",
        "Each count is attacked by a test, as fast as it can.\n",
        "| what | answers | right | a day, one network | chance | a day, many | chance | behind it | shown |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for lock in guessing.locks():
        file, name = lock.test.split("::")
        cells = [
            lock.what,
            f"2^{math.log2(lock.keys):.0f}" if lock.keys else "unknown",
            f"{lock.right:,}",
            f"{lock.one:,}",
            _odds(lock, lock.one),
            f"{lock.many:,}",
            _odds(lock, lock.many),
            lock.then,
            _link(name, file),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _odds(lock: guessing.Lock, guesses: int) -> str:
    """One in how many; as a power of ten where that is beyond words."""
    if not lock.keys:
        return "as good as the password"
    against = 1 / lock.chance(guesses)
    return f"1 in {against:,.0f}" if against < 1e12 else f"1 in 10^{math.log10(against):.0f}"


def asvs(table: Path) -> str:
    """OWASP's requirements, chapter by chapter, each with its test, or why it has none."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    counts = Counter(row["state"] for row in rows)
    lines = [
        f"{HEAD}# OWASP ASVS 5.0.0, level 2\n",
        "The numbers are those of version 5.0.0, levels 1 and 2 (owasp.org/asvs); what is asked is told in",
        "our own words. Kept in [asvs.csv](asvs.csv).\n",
        f"{len(rows)} requirements: "
        + ", ".join(f"{counts[state]} {words}" for state, words in STANDING.items())
        + ".\n",
        "What is open:\n",
        *(f"- {row['number']}: {row['asks']}: {row['why']}" for row in rows if row["state"] == "open"),
    ]
    for chapter, words in CHAPTERS.items():
        lines += [f"\n## {chapter} {words}\n", "| | asks | stands | shown by, or why |", "|---|---|---|---|"]
        for row in rows:
            if row["number"].split(".")[0] == chapter:
                tests = [_link(test.split("::")[-1], test.split("::")[0]) for test in row["tests"].split()]
                shown = "<br>".join([*([row["why"]] if row["why"] else []), *tests])
                lines.append(f"| {row['number']} | {row['asks']} | {row['state']} | {shown} |")
    return "\n".join(lines) + "\n"


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
