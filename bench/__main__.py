"""`python -m bench F1` measures one figure, prints it, and writes it into docs/figures.md.

Another word says what it is measured on as well, where there is a choice: `python -m bench F5 postgres`.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from bench.report import Result, write


def main() -> int:
    """Exit status 0 only when the figure was measured and holds."""
    figure = sys.argv[1].upper() if len(sys.argv) in (2, 3) else ""
    if not figure or find_spec(f"bench.{figure.lower()}") is None:
        known = sorted(
            (path.stem for path in Path(__file__).parent.glob("f[0-9]*.py")), key=lambda name: int(name[1:])
        )
        there = " ".join(name.upper() for name in known)
        print(f"Say which figure: make bench F=F1. Those there are: {there}.", file=sys.stderr)
        return 2
    result: Result = import_module(f"bench.{figure.lower()}").run(*sys.argv[2:])
    write(result)
    print(result.table())
    for note in result.notes:
        print(f"- {note}")
    print(result.json())
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
