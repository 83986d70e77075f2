"""Requests to see a recording (T10): fields and constraints only."""

from circletime.access.models.case import Case, CaseRecording, Letter, Step
from circletime.access.models.invitation import Invitation

__all__ = ["Case", "CaseRecording", "Invitation", "Letter", "Step"]
