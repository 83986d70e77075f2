"""What the school watches over itself: fields and constraints only."""

from circletime.oversight.models.incidents import Incident, IncidentStep
from circletime.oversight.models.leaks import Leak, Sighting

__all__ = ["Incident", "IncidentStep", "Leak", "Sighting"]
