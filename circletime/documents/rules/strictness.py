"""Who makes a limit of the policy stricter, and what it takes to make one looser."""

from collections.abc import Set
from datetime import date, datetime

from circletime.core.days import months_after
from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import Role
from circletime.policy.limits import REVIEW_MONTHS, Limit

LIMIT_SETTERS = frozenset({Role.HEADTEACHER, Role.DSL})


def can_set_limit(roles: Set[Role]) -> bool:
    """Whether somebody may change a limit at all."""
    return bool(roles & LIMIT_SETTERS)


def check_value(limit: Limit, value: int | None, now_holds: int) -> int:
    """The value, if it is one that a school can have and another than holds; else `Refused`."""
    facts = limit.facts
    if value is None or not facts.least <= value <= facts.most:
        raise Refused(
            "value", f"Choose from {facts.least} to {facts.most} {facts.unit}.", field=limit.value, status=400
        )
    if value == now_holds:
        raise Refused("same", "This is what holds now.", field=limit.value, status=400)
    return value


def check_set(
    roles: Set[Role],
    limit: Limit,
    *,
    looser: bool,
    adopted: tuple[date, datetime] | None,
    last_set_at: datetime | None,
    today: date,
) -> None:
    """Raise unless this may be done: stricter by headteacher or safeguarding lead; looser only with an
    adoption by the board, of this quarter and written down since the limit was changed last.

    `adopted` is the day of the board's meeting and when that was written down.
    """
    if not can_set_limit(roles):
        raise NotAllowed("Only the headteacher and the safeguarding lead change a limit.")
    if not looser:
        return
    fresh = adopted is not None and months_after(adopted[0], REVIEW_MONTHS) >= today
    if not fresh or adopted is None or (last_set_at is not None and adopted[1] <= last_set_at):
        raise Refused(
            "looser",
            "A limit is made looser only as the board adopted it. Write down the adoption of the video "
            "conferencing policy that allows it first.",
            field=limit.value,
            status=403,
        )
