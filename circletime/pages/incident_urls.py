"""The addresses of incidents and of what is looked at by lot."""

from django.urls import path

from circletime.pages.views import incident, incidents, monitoring

urlpatterns = [
    path("incidents/", incidents.index, name="incidents"),
    path("incidents/new", incidents.new, name="incident-new"),
    path("incidents/<str:public_id>/", incident.show, name="incident"),
    path("monitoring/", monitoring.index, name="monitoring"),
    path("monitoring/<str:public_id>/", monitoring.show, name="monitored"),
]
