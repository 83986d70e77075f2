"""How much is thrown at the program: little with every change, ten thousand inputs with `make fuzz`."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings

INPUTS = int(os.environ.get("CIRCLETIME_INPUTS", "0"))
"""What `make fuzz` asks for, of each kind of door; 0 in the suite, where each says its own small number."""


def inputs(few: int) -> int:
    """How many inputs a test takes: `few`, or what was asked for."""
    return INPUTS or few


def thrown(count: int) -> Any:
    """Hypothesis, told to make `count` inputs and nothing else: what breaks is told, not made smaller.

    In the suite they are the same every time; `make fuzz` makes others each time.
    """
    return settings(
        max_examples=max(1, count),
        deadline=None,
        database=None,
        derandomize=not INPUTS,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
