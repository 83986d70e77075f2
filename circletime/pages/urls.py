"""Every page's address."""

from django.urls import include, path
from django.views.generic import RedirectView

from circletime.pages.views import classes, hooks, join, keeping, mail, meetings, recordings, register, room

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="meetings"), name="home"),
    path("join/", join.join, name="join"),
    path("join/name", join.join_name, name="join-name"),
    path("join/open", join.is_open, name="join-open"),
    path("f/", join.family_wait, name="family-wait"),
    path("f/<str:token>", join.family, name="family"),
    path("meetings/", meetings.index, name="meetings"),
    path("meetings/new", meetings.new, name="meeting-new"),
    path("meetings/week", meetings.week, name="meeting-week"),
    path("meetings/<str:public_id>/", meetings.meeting, name="meeting"),
    path("meetings/<str:public_id>/start", meetings.start, name="meeting-start"),
    path("meetings/<str:public_id>/join", meetings.join_staff, name="meeting-join"),
    path("meetings/<str:public_id>/cancel", meetings.cancel, name="meeting-cancel"),
    path("meetings/<str:public_id>/register", register.show, name="register"),
    path("meetings/<str:public_id>/register.csv", register.as_csv, name="register-csv"),
    path("meetings/<str:public_id>/register.pdf", register.as_pdf, name="register-pdf"),
    path("classes/", classes.index, name="classes"),
    path("classes/<int:pk>/change", classes.change, name="class-change"),
    path("recordings/", recordings.index, name="recordings"),
    path("recordings/holds/new", keeping.hold_new, name="hold-new"),
    path("recordings/holds/<str:public_id>/", keeping.hold, name="hold"),
    path("recordings/holds/<str:public_id>/review", keeping.hold_review, name="hold-review"),
    path("recordings/holds/<str:public_id>/release", keeping.hold_release, name="hold-release"),
    path("recordings/<str:public_id>/", recordings.show, name="recording"),
    path("recordings/<str:public_id>/film", recordings.film, name="recording-film"),
    path("recordings/<str:public_id>/make", recordings.make, name="recording-make"),
    path("recordings/<str:public_id>/early", keeping.delete_early, name="recording-early"),
    path("recordings/<str:public_id>/certificate", keeping.certificate, name="recording-certificate"),
    path(
        "recordings/<str:public_id>/certificate.json",
        keeping.certificate_json,
        name="recording-certificate-json",
    ),
    path("", include("circletime.pages.viewing_urls")),
    path("mail/", mail.index, name="mail"),
    path("room/<str:seat_id>", room.room, name="room"),
    path("room/<str:seat_id>/<str:verb>", room.command, name="room-command"),
    path("hooks/livekit", hooks.livekit_hook, name="hooks-livekit"),
    # livekit-client asks these when its socket was refused, to learn why. It learns nothing.
    path("rtc/validate", hooks.no_pass),
    path("rtc/v1/validate", hooks.no_pass),
]
