"""Staff sign-in: accounts are made by the school, never by sign-up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffAdapter(DefaultAccountAdapter):
    """allauth, with the front door for new accounts closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
