"""The addresses of redacted films, viewings and copies; `/see/` and `/take/` need a personal link."""

from django.urls import path

from circletime.pages.views import redaction, see, supervised

_FILM = "requests/<str:case_id>/films/<str:recording_id>/"
_VIEWING = "requests/viewings/<str:public_id>/"

urlpatterns = [
    path(_VIEWING, supervised.supervised, name="supervised"),
    path(f"{_VIEWING}open", supervised.open_viewing, name="supervised-open"),
    path(f"{_VIEWING}here", supervised.here, name="supervised-here"),
    path(f"{_VIEWING}beside", supervised.beside, name="supervised-beside"),
    path(f"{_VIEWING}longer", supervised.longer, name="supervised-longer"),
    path(f"{_VIEWING}close", supervised.close, name="supervised-close"),
    path(f"{_VIEWING}link", supervised.link, name="supervised-link"),
    path(f"{_VIEWING}burn", supervised.burn, name="supervised-burn"),
    path(f"{_VIEWING}film/<str:recording_id>", supervised.film, name="supervised-film"),
    path(_FILM, redaction.redaction, name="redaction"),
    path(f"{_FILM}film", redaction.film, name="redaction-film"),
    path(f"{_FILM}mark", redaction.mark, name="redaction-mark"),
    path(f"{_FILM}unmark", redaction.unmark, name="redaction-unmark"),
    path(f"{_FILM}approve", redaction.approve, name="redaction-approve"),
    path(f"{_FILM}compare", redaction.compare, name="redaction-compare"),
    path(f"{_FILM}sign-off", redaction.sign_off, name="redaction-sign-off"),
    path(f"{_FILM}call-back", redaction.call_back, name="redaction-call-back"),
    path("see/<str:secret>", see.see, name="see"),
    path("see/<str:secret>/state", see.state, name="see-state"),
    path("see/<str:secret>/<str:film_id>/<int:number>", see.piece, name="see-piece"),
    path("take/<str:secret>", see.take, name="take"),
    path(f"{_FILM}make", redaction.make, name="redaction-make"),
]
