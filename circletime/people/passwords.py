"""Whether a password is easily guessed. No rule asks for a digit or a capital: those make worse ones."""

from typing import Any

from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

from circletime.people.queries import get_school

LEAST = 3
"""Of zxcvbn's 0 to 4: about 10^8 guesses by somebody who knows words, names, keyboards and years."""
LOOKED_AT = 72
"""Characters. What is longer is judged by its beginning, because judging takes longer the longer it is."""
EASY = (
    "This password is easily guessed. Take three or four words that do not belong together, and none of the "
    "school's or of your name."
)


class Guessed:
    """Refuses what somebody tries who has a list of used passwords, and knows the school and its owner."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise `ValidationError` where the password is too easy."""
        owner = [getattr(user, "name", ""), getattr(user, "email", "")]
        known = " ".join(["circletime", get_school().name, *owner]).replace("@", " ").replace(".", " ")
        words = [word for word in known.lower().split() if len(word) > 2]
        judged: Any = zxcvbn(password[:LOOKED_AT], user_inputs=words)
        if judged["score"] < LEAST:
            raise ValidationError(EASY, code="password_easy")

    def get_help_text(self) -> str:
        return EASY
