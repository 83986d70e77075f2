"""What the school watches over itself: fields and constraints only."""

from circletime.oversight.models.exceptions import RuleException
from circletime.oversight.models.incidents import Incident, IncidentStep
from circletime.oversight.models.leaks import Leak, Sighting
from circletime.oversight.models.monitoring import Draw, DrawnMeeting

__all__ = ["Draw", "DrawnMeeting", "Incident", "IncidentStep", "Leak", "RuleException", "Sighting"]
