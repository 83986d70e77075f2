"""The report: every clause of the policy with its figure, and the picture a governor sees first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module

from circletime.audit.queries import head
from circletime.oversight.evidence.facts import Facts
from circletime.oversight.evidence.figure import Figure, Verdict
from circletime.oversight.evidence.period import Period
from circletime.people.queries import get_school
from circletime.policy.clauses import CLAUSES, Clause

TITLE = "How the video policy was kept"


@dataclass(frozen=True)
class Finding:
    """One clause and what it came to."""

    clause: Clause
    figure: Figure

    @property
    def verdict(self) -> Verdict:
        return self.figure.verdict

    @property
    def strength(self) -> str:
        return ", ".join(self.clause.strengths)


@dataclass(frozen=True)
class Report:
    """What was counted, when, and where the log ended at that moment."""

    school: str
    period: Period
    at: datetime
    row: int
    digest: str
    findings: tuple[Finding, ...]

    def count(self, verdict: Verdict) -> int:
        """How many clauses came to this."""
        return sum(each.verdict == verdict for each in self.findings)

    @property
    def headline(self) -> str:
        """The report in one sentence."""
        kept, exceptions = self.count(Verdict.KEPT), self.count(Verdict.EXCEPTIONS)
        counted = kept + exceptions
        if not counted:
            return "Nothing happened in this period that could be counted."
        less = f", {exceptions} with exceptions" if exceptions else ""
        return f"{kept} of {counted} clauses that could be counted were kept each time{less}."

    @property
    def groups(self) -> list[tuple[str, list[Finding]]]:
        """The findings by whose clauses they are."""
        found: dict[str, list[Finding]] = {}
        for each in self.findings:
            found.setdefault(each.clause.who, []).append(each)
        return list(found.items())


def make_report(period: Period, now: datetime, only: str = "") -> Report:
    """Count everything now, or one clause only. Nothing is kept of it."""
    row, digest = head()
    facts = Facts(period, now)
    wanted = [clause for clause in CLAUSES if not only or clause.number == only]
    findings = tuple(Finding(clause, figure_of(clause, facts)) for clause in wanted)
    return Report(get_school().name, period, now, row, digest, findings)


def figure_of(clause: Clause, facts: Facts) -> Figure:
    """What a clause comes to."""
    return counter(clause.evidence)(facts)


@cache
def counter(evidence: str) -> Callable[[Facts], Figure]:
    """What counts a clause, by the name that the register of clauses has for it."""
    module, name = evidence.split(":")
    found: Callable[[Facts], Figure] = getattr(import_module(f"circletime.{module}"), name)
    return found
