"""Every address of the program."""

from django.urls import include, path

from circletime.pages.accounts import SHUT, shut

urlpatterns = [
    *(path(f"accounts/{address}", shut) for address in SHUT),
    path("accounts/", include("allauth.urls")),
    path("", include("circletime.pages.urls")),
]
