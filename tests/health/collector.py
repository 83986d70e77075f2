"""Stands for an OpenTelemetry collector: takes OTLP over HTTP, and reads it by OpenTelemetry's own schema."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span


class Collector:
    """What came. `url` is what CIRCLETIME_OTLP is told."""

    def __init__(self) -> None:
        self.came: list[ResourceSpans] = []
        collector = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    sent = gzip.decompress(sent)
                if self.path == "/v1/traces":
                    collector.came += ExportTraceServiceRequest.FromString(sent).resource_spans
                self.send_response(200 if self.path == "/v1/traces" else 404)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(ExportTraceServiceResponse().SerializeToString())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[Span]:
        """All spans, in the order in which they came."""
        return [span for one in self.came for scope in one.scope_spans for span in scope.spans]

    def text(self) -> str:
        """All that was told, as text."""
        return "\n".join(map(str, self.came))


def facts(span: Span) -> dict[str, str | int]:
    """What is told of a span besides its name and its times."""
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


@contextmanager
def collector() -> Iterator[Collector]:
    """One that listens as long as the block runs."""
    one = Collector()
    threading.Thread(target=one.server.serve_forever, daemon=True).start()
    try:
        yield one
    finally:
        one.server.shutdown()
        one.server.server_close()
