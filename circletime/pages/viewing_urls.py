"""The addresses of redacted films, viewings and copies; `/see/` and `/take/` need a personal link."""

from django.urls import path

from circletime.pages.views import redaction, see, supervised

_FILM = "requests/<str:case_id>/films/<str:recording_id>/"
_VIEWING = "requests/viewings/<str:public_id>/"

urlpatterns = [
    path(_VIEWING, supervised.supervised, name="supervised"),
    path(f"{_VIEWING}here", supervised.here, name="supervised-here"),
    path(f"{_VIEWING}link", supervised.link, name="supervised-link"),
    path(f"{_VIEWING}film/<str:recording_id>", supervised.film, name="supervised-film"),
    *(
        path(f"{_VIEWING}{verb}", supervised.change, {"verb": verb}, name=f"supervised-{verb}")
        for verb in supervised.VERBS
    ),
    path(_FILM, redaction.redaction, name="redaction"),
    path(f"{_FILM}film", redaction.film, name="redaction-film"),
    path(f"{_FILM}sign-off", redaction.sign_off, name="redaction-sign-off"),
    path("see/<str:secret>", see.see, name="see"),
    path("see/<str:secret>/state", see.state, name="see-state"),
    path("see/<str:secret>/<str:film_id>/<int:number>", see.piece, name="see-piece"),
    path("take/<str:secret>", see.take, name="take"),
    *(
        path(f"{_FILM}{verb}", redaction.change, {"verb": verb}, name=f"redaction-{verb}")
        for verb in redaction.VERBS
    ),
]
