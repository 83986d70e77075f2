"""A real mail server on this machine, slow, broken or refusing when told so."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

OK = "250 OK"


@dataclass
class PostOffice:
    """What came, and what is answered from now on."""

    port: int
    came: list[EmailMessage] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)
    at_sender: str = OK
    at_recipient: str = OK
    at_data: str = OK
    boxes: dict[str, str] = field(default_factory=dict)
    greylists: bool = False
    hangs_up_after: int = 0
    seconds: float = 0.0
    when_taken: Callable[[], None] | None = None
    """Called when a letter is taken and its sender does not know it yet."""

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        if self.at_sender == OK:
            envelope.mail_from = address
        return self.at_sender

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.boxes.get(address, self.at_recipient)
        if self.greylists and address not in self.asked_for:
            said = "450 4.2.0 Greylisted, come back later"
        self.asked_for.append(address)
        if said == OK:
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        await asyncio.sleep(self.seconds)
        if self.at_data == OK:
            made = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
            self.came.append(made)  # type: ignore[arg-type]
            if self.when_taken is not None:
                self.when_taken()
            session.taken = getattr(session, "taken", 0) + 1
            if session.taken == self.hangs_up_after:
                server.transport.close()
        return self.at_data

    def sign_in(self, server: Any, session: Any, envelope: Any, mechanism: str, words: Any) -> AuthResult:
        assert isinstance(words, LoginPassword)
        right = words == LoginPassword(b"circletime", b"secret")
        self.signed_in.append(mechanism if right else "refused")
        return AuthResult(success=right, handled=False)  # the server says so itself


@contextmanager
def open_office(port: int = 0, **how: Any) -> Iterator[PostOffice]:
    """A server on this port, or on a free one, as long as the block lasts."""
    with socket.create_server(("127.0.0.1", port)) as probe:
        office = PostOffice(probe.getsockname()[1])
    server = Controller(office, "127.0.0.1", office.port, authenticator=office.sign_in, **how)
    server.start()
    try:
        yield office
    finally:
        server.stop()


def lead_to(settings: Any, port: int) -> None:
    """Our settings, as a school's whose mail server is at this port."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A certificate for 127.0.0.1 that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "mail.crt", folder / "mail.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    return context, public
