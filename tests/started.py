"""`circletime …` as a process of its own, forked from one that has loaded what it needs.

What it is told, its settings and where it writes are its own. Nothing of Django is set up before it begins.
"""

import io
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["tests.started", "circletime.pages.cli", "config.database", "django.core.management"]
)


def circletime(*words: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Its exit status, and what it complained of."""
    with tempfile.NamedTemporaryFile("r") as told:
        process = _FORKS.Process(target=_be, args=(words, dict(env), told.name))
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode, told.read()


def _be(words: tuple[str, ...], env: dict[str, str], told: str) -> None:
    from circletime.pages.cli import main

    os.environ.clear()
    os.environ.update(env)
    sys.stderr = io.TextIOWrapper(open(told, "wb", buffering=0), write_through=True)
    os.dup2(sys.stderr.fileno(), 2)
    sys.exit(main(list(words)))
