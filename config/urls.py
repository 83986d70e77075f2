"""Every address of the program."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("circletime.pages.account_urls")),
    path("", include("circletime.pages.urls")),
]
