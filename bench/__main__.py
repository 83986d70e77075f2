"""`python -m bench F1` measures one figure, prints it, and writes it into docs/figures.md."""

import sys
from importlib import import_module
from importlib.util import find_spec

from bench.report import Result, write


def main() -> int:
    """Exit status 0 only when the figure was measured and holds."""
    figure = sys.argv[1].upper() if len(sys.argv) == 2 else ""
    if not figure or find_spec(f"bench.{figure.lower()}") is None:
        print("Say which figure: make bench F=F1. Those there are: F1 F2 F3 F4 F6 F8 F9 F15.", file=sys.stderr)
        return 2
    result: Result = import_module(f"bench.{figure.lower()}").run()
    write(result)
    print(result.table())
    for note in result.notes:
        print(f"- {note}")
    print(result.json())
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
