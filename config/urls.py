"""Every address of the program."""

from django.urls import include, path
from django.views.generic import RedirectView

from circletime.pages.accounts import SHUT, shut

handler500 = "circletime.pages.troubles.server_trouble"
urlpatterns = [
    path("accounts/", RedirectView.as_view(pattern_name="home")),
    *(path(f"accounts/{address}", shut) for address in SHUT),
    path("accounts/", include("allauth.urls")),
    path("", include("circletime.pages.urls")),
]
