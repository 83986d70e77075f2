"""The program's own log names no link, no room and nobody's address, whatever goes wrong."""

import io
import logging

import pytest
from django.db import IntegrityError
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path

from circletime.pages import urls


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the handler that settings name writes."""
    handler = logging._handlers["stderr"]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    monkeypatch.setattr(handler, "stream", written)
    return written


TOKEN = "an-invented-token-that-opens-nothing"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", [f"/f/{TOKEN}", f"/room/{TOKEN}", f"/nowhere/{TOKEN}", f"/join/{TOKEN}/{TOKEN}"]
)
def test_a_refused_page_is_told_by_its_pattern(client: Client, log: io.StringIO, address: str) -> None:
    answer = client.get(address)
    logging.getLogger("django.request").warning(
        "%s: %s", "Looked", address, extra={"request": answer.wsgi_request}
    )
    told = log.getvalue()
    assert "Looked" in told and TOKEN not in told, told


def breaks(request: HttpRequest, token: str) -> None:
    raise RuntimeError("broken on purpose")


QUOTED = """duplicate key value violates unique constraint "labels"
DETAIL:  Key (first_name)=(Zebedee) already exists.
LINE 1: INSERT INTO people_pupil VALUES ('Zebedee')"""


def quotes(request: HttpRequest) -> None:
    raise IntegrityError(QUOTED)


urlpatterns = [path("f/<str:token>", breaks), path("quotes", quotes), *urls.urlpatterns]


@pytest.mark.django_db
@override_settings(ROOT_URLCONF="tests.web.test_logs")
def test_an_error_of_ours_is_told_without_the_address(log: io.StringIO) -> None:
    answer = Client(raise_request_exception=False).get(f"/f/{TOKEN}")
    assert answer.status_code == 500
    told = log.getvalue()
    assert "broken on purpose" in told and "/f/<str:token>" in told
    assert TOKEN not in told


@pytest.mark.django_db
@override_settings(ROOT_URLCONF="tests.web.test_logs")
def test_what_a_database_quotes_is_not_told(log: io.StringIO) -> None:
    assert Client(raise_request_exception=False).get("/quotes").status_code == 500
    told = log.getvalue()
    assert 'constraint "labels"' in told and "Zebedee" not in told, told
