"""The program's own log names no link, no room and nobody's address, whatever goes wrong."""

import asyncio
import io
import json
import logging
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import IntegrityError
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path

from circletime.core.logs import AsJson
from circletime.pages import urls
from circletime.pages.numbered import numbered
from circletime.pages.worker import Worker


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


@pytest.fixture
def lines(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, str]]]:
    """The same, where CIRCLETIME_LOG says json."""
    monkeypatch.setattr(logging._handlers["stderr"], "formatter", AsJson())
    return lambda: [json.loads(line) for line in log.getvalue().splitlines()]


Lines = Callable[[], list[dict[str, str]]]
FIELDS = {"at", "level", "logger", "about", "message"}


@pytest.mark.django_db
def test_a_line_of_json_has_these_fields_and_no_others(client: Client, lines: Lines) -> None:
    answer = client.get(f"/f/{TOKEN}")
    told = {"request": answer.wsgi_request, "name_of_a_child": "Zebedee"}
    logging.getLogger("django.request").warning("%s: %s", "Looked", f"/f/{TOKEN}", extra=told)
    *_, last = lines()
    assert set(last) == FIELDS and last["message"] == "Looked: /f/<str:token>"
    assert (last["level"], last["logger"]) == ("WARNING", "django.request")
    assert datetime.fromisoformat(last["at"]).tzinfo is not None
    assert TOKEN not in str(lines()) and "Zebedee" not in str(lines())


@pytest.mark.django_db
@override_settings(ROOT_URLCONF="tests.web.test_logs")
def test_an_error_is_one_line_too_under_the_number_that_the_browser_was_told(lines: Lines) -> None:
    answer = Client(raise_request_exception=False).get(f"/f/{TOKEN}")
    (line,) = (one for one in lines() if "error" in one)
    assert "broken on purpose" in line["error"] and TOKEN not in str(line)
    assert line["about"] == answer["X-Request-ID"] != "-"
    assert Client(raise_request_exception=False).get("/quotes").status_code == 500
    assert "Zebedee" not in str(lines())


@pytest.mark.django_db
def test_the_number_is_ours_and_another_each_time(client: Client, log: io.StringIO) -> None:
    first, second = (client.get("/nowhere", headers={"X-Request-ID": "from-outside"}) for _ in "ab")
    numbers = [answer["X-Request-ID"] for answer in (first, second)]
    assert len(set(numbers)) == 2 and "from-outside" not in numbers
    assert all(f"[{number}]" in log.getvalue() for number in numbers)


def test_a_chore_of_the_workers_is_named(lines: Lines) -> None:
    def tidies(now: datetime) -> None:
        worker.stopping.set()
        raise RuntimeError("broken on purpose")

    worker = Worker()
    worker._every(0, tidies)
    (line,) = lines()
    assert line["about"] == line["message"] == "tidies" and "broken on purpose" in line["error"]


def test_whatever_a_socket_begins_has_its_number(lines: Lines) -> None:
    async def socket(scope: object, receive: object, send: object) -> None:
        async def later() -> None:
            logging.getLogger("circletime").warning("a frame came")

        await asyncio.create_task(later())

    async def two() -> None:
        await asyncio.gather(*(numbered(socket)({}, None, None) for _ in "ab"))

    asyncio.run(two())
    assert len({line["about"] for line in lines()} - {"-"}) == 2


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
