"""What templates ask of the policies: a language's own name, and the reviews that are overdue (C7)."""

from typing import Any

from django import template

from circletime.core import time
from circletime.documents.languages import LANGUAGES
from circletime.documents.queries import Review, list_overdue
from circletime.documents.rules.kinds import audiences_of
from circletime.people.models import User

register = template.Library()


@register.filter
def language_name(code: str) -> str:
    """What a language calls itself."""
    return LANGUAGES.get(code, code)


@register.simple_tag
def overdue_reviews(user: Any) -> list[Review]:
    """The policies whose review is overdue, for every page of staff; none for who has no part here."""
    if not isinstance(user, User) or not audiences_of(user.roles):
        return []
    return list_overdue(time.now())
