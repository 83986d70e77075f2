"""Pages of docs/ that are drawn from the code, so that they cannot say anything else."""

from pathlib import Path

from django.conf import settings

from circletime.meetings.rules import TRANSITIONS, State

HEAD = "<!-- Drawn by `make docs` from the code. Do not edit. -->\n\n"


def pages() -> dict[Path, str]:
    """Every drawn page, by path."""
    docs = Path(settings.BASE_DIR) / "docs"
    return {docs / "states.md": states()}


def states() -> str:
    """The lifecycle of a meeting as a diagram and a table."""
    lines = [HEAD + "# The states of a meeting\n", "```mermaid", "stateDiagram-v2", "  [*] --> scheduled"]
    lines += [f"  {before} --> {after}: {event}" for (before, event), after in TRANSITIONS.items()]
    targets = {before for before, _ in TRANSITIONS}
    lines += [f"  {state} --> [*]" for state in State if state not in targets]
    lines += ["```\n", "| from | by | to |", "|---|---|---|"]
    lines += [f"| {before} | {event} | {after} |" for (before, event), after in TRANSITIONS.items()]
    return "\n".join(lines) + "\n"
