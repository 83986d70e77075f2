"""Spans for a collector: what kind of work took how long, and no name, address or word of an error."""

import time
from collections.abc import Iterator

import pytest
from django.test import Client
from opentelemetry import trace
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from circletime.core import spans
from circletime.media import livekit
from tests import harness
from tests.health.collector import Collector, collector, facts


@pytest.fixture
def told(settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:  # type: ignore[no-untyped-def]
    with collector() as one:
        settings.COLLECTOR, settings.PUBLIC_URL = one.url, "https://meet.larkfield.example"
        monkeypatch.setattr(spans._Tracing, "provider", None)
        monkeypatch.setattr(spans._Tracing, "tracer", None)
        spans.begin("app", 3)
        yield one
        spans._Tracing.provider.shutdown()


def sent(told: Collector) -> list[Span]:
    spans._Tracing.provider.force_flush()
    return told.spans()


def test_a_page_is_told_by_its_route_and_never_by_its_address(
    told: Collector, db: None, client: Client
) -> None:
    client.get("/accounts/login/?next=/pupils/Ben", headers={"User-Agent": "Ben's tablet"})
    client.get("/nowhere/Amara")
    answer = client.get("/f/a-token-of-a-family-link")
    shown, nowhere, link = sent(told)
    assert facts(shown) == {
        "http.request.method": "GET",
        "http.route": "/accounts/login/",
        "http.response.status_code": 200,
        "circletime.request": facts(shown)["circletime.request"],
    }
    assert shown.kind == Span.SPAN_KIND_SERVER
    assert facts(nowhere)["http.response.status_code"] == 404
    assert "<" in str(facts(link)["http.route"])
    assert facts(link)["circletime.request"] == answer.headers["X-Request-ID"]
    for hidden in ("Ben", "Amara", "a-token-of", "next=", "127.0.0.1", "testserver"):
        assert hidden not in told.text()
    of = {one.key: one.value.string_value for one in told.came[0].resource.attributes}
    assert of["service.name"] == "circletime-app" and of["service.instance.id"] == "3"
    assert of["service.namespace"] == "meet.larkfield.example"


def test_a_method_of_a_hostile_browser_is_not_told(told: Collector, db: None, client: Client) -> None:
    client.generic("AMARA", "/accounts/login/")
    assert facts(sent(told)[0])["http.request.method"] == "_OTHER"
    assert "AMARA" not in told.text()


def test_of_an_error_its_kind_is_told_and_not_its_words(told: Collector) -> None:
    with pytest.raises(ValueError), spans.span("something"):
        raise ValueError("Amara O'Dell")
    (span,) = sent(told)
    assert span.status.code == Status.STATUS_CODE_ERROR and facts(span) == {"error.type": "ValueError"}
    assert "Amara" not in told.text() and not span.events


def test_what_the_media_server_is_asked_is_a_child_of_who_asks(told: Collector, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    port = harness.free_ports(1)
    was = livekit.settings() if livekit._settings else None
    livekit.configure(livekit.MediaSettings(f"http://127.0.0.1:{port}", "key", "s" * 32))
    try:
        with spans.span("press end"), pytest.raises(livekit.MediaError):
            livekit.list_participants("room-of-oak")
    finally:
        if was:
            livekit.configure(was)
    asked, press = sent(told)
    assert asked.name == "RoomService/ListParticipants" and asked.kind == Span.SPAN_KIND_CLIENT
    assert asked.parent_span_id == press.span_id and facts(asked) == {"error.type": "MediaError"}
    assert "room-of-oak" not in told.text()


def test_a_collector_that_is_gone_keeps_nobody_waiting(told: Collector, db: None, client: Client) -> None:
    told.server.shutdown()
    told.server.server_close()
    begins = time.monotonic()
    for _ in range(5):
        assert client.get("/accounts/login/").status_code == 200
    assert time.monotonic() - begins < 2


def test_without_a_collector_nothing_is_begun(settings) -> None:  # type: ignore[no-untyped-def]
    settings.COLLECTOR = ""
    spans.begin("app", 1)
    assert spans._Tracing.tracer is None
    with spans.span("something") as one:
        one.set_attribute("a", 1)
    assert not trace.get_current_span().is_recording()
