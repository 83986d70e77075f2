"""Who is signed in, as the domain knows them."""

from django.http import HttpRequest

from circletime.core.errors import NotAllowed
from circletime.people.models import User


def staff_of(request: HttpRequest) -> User:
    """The signed-in member of staff. Views behind `login_required` always have one."""
    if not isinstance(request.user, User):
        raise NotAllowed
    return request.user
