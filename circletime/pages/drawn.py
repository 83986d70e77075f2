"""Pages of docs/ that are drawn from the code, so that they cannot say anything else."""

from pathlib import Path

from django.conf import settings

from circletime.meetings.rules import TRANSITIONS, State
from circletime.policy.clauses import CLAUSES, Clause

HEAD = "<!-- Drawn by `make docs` from the code. Do not edit. -->\n\n"


def pages() -> dict[Path, str]:
    """Every drawn page, by path."""
    docs = Path(settings.BASE_DIR) / "docs"
    return {docs / "states.md": states(), docs / "policy-map.md": policy_map()}


def states() -> str:
    """The lifecycle of a meeting as a diagram and a table."""
    lines = [HEAD + "# The states of a meeting\n", "```mermaid", "stateDiagram-v2", "  [*] --> scheduled"]
    lines += [f"  {before} --> {after}: {event}" for (before, event), after in TRANSITIONS.items()]
    targets = {before for before, _ in TRANSITIONS}
    lines += [f"  {state} --> [*]" for state in State if state not in targets]
    lines += ["```\n", "| from | by | to |", "|---|---|---|"]
    lines += [f"| {before} | {event} | {after} |" for (before, event), after in TRANSITIONS.items()]
    return "\n".join(lines) + "\n"


def policy_map() -> str:
    """Each clause of the policy, with the places that keep it and the tests that attack it."""
    lines = [HEAD + "# The policy, clause by clause\n"]
    lines += [
        "Enforced: the server makes the breach impossible. Detected: it is noticed, shown to staff and kept."
    ]
    lines += ["Acknowledged: only a person can keep it; they are told when it matters.\n"]
    lines += [
        "| clause | the policy asks | strength | kept in | tested by | not yet |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(clause) for clause in CLAUSES)]) + "\n"


def _row(clause: Clause) -> str:
    places = "<br>".join(_link(*_file_of(place)) for place in clause.places)
    tests = "<br>".join(_link(test.split("::")[-1], test.split("::")[0]) for test in clause.tests)
    strengths = ", ".join(clause.strengths)
    cells = [f"{clause.number} ({clause.who})", clause.asks, strengths, places, tests, clause.lacks]
    return f"| {' | '.join(cells)} |"


def _link(name: str, file: str) -> str:
    return f"[{name}](../{file})"


def _file_of(place: str) -> tuple[str, str]:
    if "/" in place:
        return Path(place).name, place
    module, name = place.split(":")
    return name, f"circletime/{module.replace('.', '/')}.py"
