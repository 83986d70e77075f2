"""Every address of the program."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("circletime.pages.urls")),
]
