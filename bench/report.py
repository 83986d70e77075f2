"""What a bench found, and how it is told: a table, a line of JSON, and its section of docs/figures.md."""

import json
import os
import platform
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "figures.md"
HEAD = """# Figures

Each section was written by `make bench F=…` on the day it names; nothing here was typed by hand.
The machines are shared and noisy, so a ratio to the comparison in the same run says more than a time.
"""

Cell = str | int | float


@dataclass
class Result:
    """One figure as measured in one run.

    `rows` is the table, every row with the same columns. `values` are the numbers the target speaks
    of, with their unit in the name. `notes` say what the run did and what it cannot show.
    """

    figure: str
    title: str
    target: str
    holds: bool
    values: dict[str, float]
    rows: list[dict[str, Cell]]
    notes: list[str] = field(default_factory=list)

    def json(self) -> str:
        """The last line of the command's output."""
        values = {name: round(value, 4) for name, value in self.values.items()}
        told = {"figure": self.figure, "holds": self.holds, "values": values, "target": self.target}
        return json.dumps(told, ensure_ascii=False)

    def table(self) -> str:
        """The rows as a Markdown table."""
        names = list(self.rows[0])
        lines = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in self.rows)]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)

    def section(self, now: datetime) -> str:
        """This figure's part of the page."""
        where = f"{now:%-d %B %Y}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
        verdict = "holds" if self.holds else "**does not hold**"
        notes = "".join(f"\n- {note}" for note in self.notes)
        return (
            f"## {self.figure} · {self.title}\n\nTarget: {self.target}. "
            f"In this run it {verdict} ({where}).\n\n{self.table()}\n{notes}"
        ).rstrip()


def _cell(value: Cell) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def write(result: Result, page: Path = PAGE) -> None:
    """Put the section into the page, in the order of the figures, in place of the one of an earlier run."""
    old = page.read_text() if page.exists() else HEAD
    parts = re.split(r"(?m)^(?=## F\d+ )", old)
    sections = {_number(part): part.rstrip() for part in parts[1:]}
    sections[_number(f"## {result.figure} ")] = result.section(datetime.now(UTC))
    page.write_text("\n\n".join([HEAD.rstrip(), *(sections[number] for number in sorted(sections))]) + "\n")


def rows(figure: str, page: str) -> list[dict[str, str]]:
    """The table of a figure as the page has it, each cell as it stands there; nothing if it has none."""
    for section in re.split(r"(?m)^(?=## F\d+ )", page)[1:]:
        if section.startswith(f"## {figure} "):
            lines = [line for line in section.splitlines() if line.startswith("| ")]
            cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
            return [dict(zip(cells[0], each, strict=False)) for each in cells[2:]]
    return []


def _number(section: str) -> int:
    found = re.match(r"## F(\d+) ", section)
    if found is None:
        raise ValueError(f"not a figure's section: {section[:40]!r}")
    return int(found[1])


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def line(xs: list[float], ys: list[float]) -> tuple[float, float]:
    """The straight line nearest to these points (least squares): where it begins, and how it rises."""
    middle, level = sum(xs) / len(xs), sum(ys) / len(ys)
    rises = sum((x - middle) * (y - level) for x, y in zip(xs, ys, strict=True))
    rises /= sum((x - middle) ** 2 for x in xs)
    return level - rises * middle, rises
