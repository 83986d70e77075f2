"""A request as a list of steps for whoever handles it: what is done, what is now, what comes later."""

from dataclasses import dataclass

from circletime.access.models import Case, Step
from circletime.access.queries.case import has_nothing
from circletime.access.rules.case import IN_ORDER, State


@dataclass(frozen=True)
class Stage:
    """One stage of the guided list. `step` is how it was done last.

    `status` is done, now, later, or skipped: where no recording was kept there is nothing to show.
    """

    key: str
    title: str
    status: str
    step: Step | None = None


_STAGES = (
    ("logged", "Logged", "logged"),
    ("checked", "Who asks, and whether they may", "check"),
    ("identified", "The recordings", "identify"),
    ("films", "The films, with others taken out", "ready"),
    ("invitation", "The invitation", "invite"),
    ("viewing", "The viewing", "view"),
    ("outcome", "What came of it", "close"),
)


def stages(case: Case) -> list[Stage]:
    """The stages of this request, in order."""
    done = {step.kind: step for step in case.steps.select_related("by")}
    reached = _reached(case, done)
    skipped = _SHOWING if has_nothing(case) and "identify" in done else ()
    following = next((key for key, _, _ in _STAGES[reached + 1 :] if key not in skipped), "")
    found = []
    for place, (key, title, kind) in enumerate(_STAGES):
        status = "skipped" if key in skipped else "done" if place <= reached else "later"
        if key == following and not case.is_over:
            status = "now"
        found.append(Stage(key, title, status, done.get(kind) if status == "done" else None))
    return found


_SHOWING = ("films", "invitation", "viewing")


def _reached(case: Case, done: dict[str, Step]) -> int:
    """The place of the last stage that is done."""
    state = State(case.stopped_from) if case.state == State.STOPPED else State(case.state)
    if state in IN_ORDER:
        return IN_ORDER.index(state)
    return max(place for place, (_, _, kind) in enumerate(_STAGES) if kind in done)
