"""Addresses of what families are told."""

from django.urls import path

from circletime.pages.views import dispatch

urlpatterns = [
    path("", dispatch.index, name="dispatch"),
    path("progress", dispatch.progress, name="dispatch-progress"),
    path("send", dispatch.send_day, name="dispatch-send-day"),
    path("work", dispatch.work, name="dispatch-work"),
    path("<str:public_id>/send", dispatch.send, name="dispatch-send"),
    path("<str:public_id>/again", dispatch.again, name="dispatch-again"),
    path("<str:public_id>/all-again", dispatch.all_again, name="dispatch-all-again"),
    path("<str:public_id>/tick", dispatch.tick, name="dispatch-tick"),
    path("<str:public_id>/schoolping", dispatch.schoolping, name="dispatch-schoolping"),
    path("<str:public_id>/recipients", dispatch.recipients, name="dispatch-recipients"),
]
