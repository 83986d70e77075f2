"""The addresses of incidents, of what is looked at by lot, and of exceptions."""

from django.urls import path

from circletime.pages.views import exceptions, incident, incidents, monitoring

urlpatterns = [
    path("incidents/", incidents.index, name="incidents"),
    path("incidents/new", incidents.new, name="incident-new"),
    path("incidents/<str:public_id>/", incident.show, name="incident"),
    path("exceptions/", exceptions.index, name="exceptions"),
    path("exceptions/<str:public_id>/", exceptions.show, name="exception"),
    path("monitoring/", monitoring.index, name="monitoring"),
    path("monitoring/<str:public_id>/", monitoring.show, name="monitored"),
]
