"""How the supervisor speaks with a part: one word at a time, at its input, in both directions."""

import contextlib
import os
import sys
from collections.abc import Callable


def told_to_go(is_fine: Callable[[], bool]) -> bool:
    """Wait for "go", having loaded everything. False when the supervisor is gone.

    Before that it may say "try", as it does to a newer version's part: then it hears what `is_fine` says.
    """
    for word in sys.stdin:
        if word == "go\n":
            return True
        if word == "try\n":
            _say("fine" if is_fine() else "not fine")
    return False


def say_ready() -> None:
    """From now on this part does its work."""
    _say("ready")


def _say(word: str) -> None:
    with contextlib.suppress(OSError):  # nobody asks any more
        os.write(sys.stdin.fileno(), f"{word}\n".encode())
