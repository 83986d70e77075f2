"""Addresses of a household's own pages, below /family/."""

from django.urls import path

from circletime.pages.views import family, family_sign_in

urlpatterns = [
    path("", family.home, name="family-home"),
    path("sign-in", family_sign_in.sign_in, name="family-sign-in"),
    path("code", family_sign_in.code, name="family-code"),
    path("sign-out", family_sign_in.sign_out, name="family-sign-out"),
    path("over", family_sign_in.over, name="family-over"),
    path("test", family.test, name="family-test"),
    path("ask", family.ask, name="family-ask"),
    path("documents/<str:public_id>/", family.document, name="family-document"),
    path("meetings/<str:public_id>.ics", family.entry, name="family-entry"),
]
