"""The report on paper and for a spreadsheet. The values go in as data, so nothing can be taken for markup."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst
from django.utils import timezone

from circletime.oversight.evidence.figure import Verdict
from circletime.oversight.evidence.plot import plot
from circletime.oversight.evidence.report import TITLE, Finding, Report
from circletime.pages.csvs import csv_text

SHEET = Path(__file__).resolve().parent / "sheets" / "report.typ"
HEADS = (
    "Clause",
    "Who",
    "The policy asks",
    "How it is kept",
    "Result",
    "Figure",
    "Exceptions",
    "What this cannot show",
)


def as_pdf(report: Report) -> bytes:
    """The report as PDF: the picture first, then every clause with its figure and its trend."""
    pdf: bytes = typst.compile(str(SHEET), format="pdf", sys_inputs={"facts": json.dumps(_facts(report))})
    return pdf


def as_csv(report: Report) -> bytes:
    """The report as CSV, which no spreadsheet takes for formulas: a row for each clause, then its trend."""
    parts = report.period.parts()
    trend = [f"{part.label}: {what}" for part in parts for what in ("counted", "exceptions")]
    rows: list[Sequence[str]] = [
        (TITLE, report.school, report.period.words, _made(report)),
        (*HEADS, *trend),
    ]
    for each in report.findings:
        points = each.figure.trend(report.period)
        numbers = [each.figure.number(count) for point in points for count in (point.of, point.bad)]
        rows.append([*_cells(each), *numbers])
    return csv_text(rows).encode()


def as_text(report: Report) -> str:
    """The report for a terminal."""
    lines = [TITLE, f"{report.school}. {report.period.words}.", report.headline, ""]
    for each in report.findings:
        lines.append(f"{each.clause.number:<4} {each.verdict.words:<18} {each.figure.sentence}")
    return "\n".join(
        [*lines, "", f"{_made(report)}, when the log ended at row {report.row} ({report.digest})."]
    )


def _cells(finding: Finding) -> list[str]:
    clause, figure = finding.clause, finding.figure
    return [
        clause.number,
        clause.who,
        clause.asks,
        finding.strength,
        finding.verdict.words,
        figure.sentence,
        figure.exceptions,
        figure.cannot,
    ]


def _facts(report: Report) -> dict[str, Any]:
    return {
        "title": TITLE,
        "school": report.school,
        "period": report.period.words,
        "made": _made(report),
        "headline": report.headline,
        "row": report.row,
        "digest": report.digest,
        "each": report.period.each,
        "legend": [
            [verdict.value, verdict.words, report.count(verdict)]
            for verdict in Verdict
            if report.count(verdict)
        ],
        "groups": [
            {"who": who, "findings": [_finding(each, report) for each in found]}
            for who, found in report.groups
        ],
    }


def _finding(each: Finding, report: Report) -> dict[str, Any]:
    drawn = plot(each.figure, report.period)
    return {
        "number": each.clause.number,
        "asks": each.clause.asks,
        "strength": each.strength,
        "verdict": each.verdict.value,
        "words": each.verdict.words,
        "sentence": each.figure.sentence,
        "exceptions": each.figure.exceptions,
        "cannot": each.figure.cannot,
        "lacks": each.clause.lacks,
        "bars": [[bar.height / 150, bar.bad_height / 150] for bar in drawn.bars] if drawn else [],
        "ends": [drawn.bars[0].label, drawn.bars[-1].label] if drawn else [],
    }


def _made(report: Report) -> str:
    return f"Counted on {timezone.localtime(report.at):%-d %B %Y, %H:%M}"
