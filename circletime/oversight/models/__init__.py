"""What the school watches over itself: fields and constraints only."""

from circletime.oversight.models.leaks import Leak, Sighting

__all__ = ["Leak", "Sighting"]
