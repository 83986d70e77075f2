"""Where time goes, as OpenTelemetry's spans, for whoever has a collector (`CIRCLETIME_OTLP`). Names nobody.

A span says what kind of work it was, how long it took and how it ended: the route of a page as it stands in
the code, never the address that was asked for, and of an error its kind, never its words. Without a collector
nothing is loaded and nothing is done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from django.conf import settings

from circletime import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

TIMEOUT = 2
"""Seconds for the collector to take what it is sent. What it does not take is lost; nobody waits for it."""


class Span(Protocol):
    """What is told of one piece of work while it is done."""

    def set_attribute(self, key: str, value: str | int) -> None:
        """Tell something that is known by now, under a name of OpenTelemetry's conventions."""


class _Nowhere:
    def set_attribute(self, key: str, value: str | int) -> None:
        pass


class _Tracing:
    provider: "TracerProvider | None" = None
    tracer: "Tracer | None" = None


_NOWHERE = _Nowhere()


def begin(part: str, number: int) -> None:
    """From here on this process tells the collector, if there is one, as this part of this school.

    What else OpenTelemetry is told by its own variables (headers, a certificate, how much is sampled) counts.
    """
    if not settings.COLLECTOR:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    who = Resource.create(
        {
            "service.name": f"circletime-{part}",
            "service.namespace": urlsplit(settings.PUBLIC_URL).hostname or "",
            "service.instance.id": str(number),
            "service.version": VERSION,
        }
    )
    exporter = OTLPSpanExporter(endpoint=f"{settings.COLLECTOR}/v1/traces", timeout=TIMEOUT)
    _Tracing.provider = TracerProvider(resource=who)
    _Tracing.provider.add_span_processor(BatchSpanProcessor(exporter))
    _Tracing.tracer = _Tracing.provider.get_tracer("circletime", VERSION)


@contextmanager
def span(name: str, *, asks: bool = False, answers: bool = False) -> Iterator[Span]:
    """What is done inside is one span; spans inside it are its children.

    `asks` is for what another program does for us, `answers` for what somebody asked of us.
    """
    if _Tracing.tracer is None:
        yield _NOWHERE
        return
    from opentelemetry.trace import SpanKind, StatusCode

    kind = SpanKind.CLIENT if asks else SpanKind.SERVER if answers else SpanKind.INTERNAL
    with _Tracing.tracer.start_as_current_span(
        name, kind=kind, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as trouble:
            current.set_attribute("error.type", type(trouble).__name__)
            current.set_status(StatusCode.ERROR)
            raise
