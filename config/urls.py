"""Every address of the program."""

from django.urls import include, path

handler500 = "circletime.pages.troubles.server_trouble"
urlpatterns = [
    path("accounts/", include("circletime.pages.account_urls")),
    path("", include("circletime.pages.urls")),
]
