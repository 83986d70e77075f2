"""Requests to see a recording (T10): fields and constraints only."""

from circletime.access.models.case import Case, CaseRecording, Letter, Step
from circletime.access.models.invitation import Invitation
from circletime.access.models.redaction import Mark, Redaction
from circletime.access.models.viewing import Attendance, Copy, Shown, ViewingSession

__all__ = [
    "Attendance",
    "Case",
    "CaseRecording",
    "Copy",
    "Invitation",
    "Letter",
    "Mark",
    "Redaction",
    "Shown",
    "Step",
    "ViewingSession",
]
