"""The addresses of incidents."""

from django.urls import path

from circletime.pages.views import incident, incidents

urlpatterns = [
    path("incidents/", incidents.index, name="incidents"),
    path("incidents/new", incidents.new, name="incident-new"),
    path("incidents/<str:public_id>/", incident.show, name="incident"),
]
