"""deploy/Caddyfile, read by Caddy itself: the certificate, the live socket, and no link in its log."""

import http.server
import os
import shutil
import signal
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest

from tests.harness import free_ports, wait_for

ROOT = Path(__file__).resolve().parents[2]
LINK = "/f/not-for-any-log"

pytestmark = pytest.mark.deploy


class Circletime(http.server.BaseHTTPRequestHandler):
    """Stands for the program: a page, and a live socket that says one word."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True  # a server that has stopped answers nobody on a line it kept
        if self.headers.get("Upgrade") == "websocket":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(b"live")
            return
        body = f"{self.headers['Host']} over {self.headers['X-Forwarded-Proto']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Strict-Transport-Security", "max-age=31536000")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Front:
    """Caddy with the project's own file, on ports that are free, before a server that can be stopped."""

    def __init__(self, folder: Path) -> None:
        base = free_ports(4)
        self.port, self.log = base + 1, folder / "caddy.log"
        self.behind = http.server.ThreadingHTTPServer(("127.0.0.1", base + 2), Circletime)
        threading.Thread(target=self.behind.serve_forever, daemon=True).start()
        ours = (ROOT / "deploy" / "Caddyfile").read_text()
        # It says all that it can, so that nothing is left out of the log only because it is quiet.
        here = f"admin off\n\tdebug\n\tskip_install_trust\n\thttp_port {base}\n\thttps_port {self.port}"
        file = folder / "Caddyfile"
        file.write_text(ours.replace("admin off", here, 1))
        env = {
            "CIRCLETIME_NAME": "localhost",
            "PORT": str(base + 2),
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
        }
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                ["caddy", "run", "--adapter", "caddyfile", "--config", file], env=env, stdout=out, stderr=out
            )

    def connect(self) -> HTTPSConnection:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        return HTTPSConnection("localhost", self.port, timeout=5, context=trusting)

    def get(self, path: str) -> tuple[HTTPResponse, str]:
        asking = self.connect()
        asking.request("GET", path)
        answer = asking.getresponse()
        return answer, answer.read().decode()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    assert shutil.which("caddy"), "run by make deploy-check, which brings Caddy"
    one = Front(tmp_path)
    try:
        wait_for(lambda: one.get("/")[0].status, 30, "Caddy answers")
        yield one
    finally:
        one.process.send_signal(signal.SIGTERM)
        one.process.wait(20)
        one.behind.shutdown()


def test_pages_go_through_with_the_name_they_were_asked_by(front: Front) -> None:
    answer, body = front.get("/")
    assert (answer.status, body) == (200, f"localhost:{front.port} over https")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Server"] is None


def test_the_live_socket_goes_through(front: Front) -> None:
    asking = front.connect()
    asking.connect()
    asking.sock.sendall(
        f"GET /rtc HTTP/1.1\r\nHost: localhost:{front.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    said = b""
    asking.sock.settimeout(5)
    while b"live" not in said:
        said += asking.sock.recv(4096) or pytest.fail(said.decode())
    assert said.startswith(b"HTTP/1.1 101")
    asking.close()


def test_while_circletime_starts_families_read_a_sentence_and_no_log_their_link(front: Front) -> None:
    front.behind.shutdown()
    front.behind.server_close()
    answer, body = front.get(LINK)
    assert answer.status == 502 and "try again in a minute" in body
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    wait_for(lambda: "connection refused" in front.log.read_text(), 5, "Caddy tells that nobody answers")
    assert "not-for-any-log" not in front.log.read_text()
