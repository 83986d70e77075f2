"""The certificate that browsers are shown, and for how many days it holds."""

import socket
import ssl
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings
from django.utils import timezone

from circletime.health.rules.finding import Finding, Subject, well, wrong

ENDS_WITHIN = 14
"""Days. Programs that renew a certificate by themselves do so a month before its end."""

ANSWERS_WITHIN = 3.0


def certificate(now: datetime) -> Finding:
    """Looked at as a browser would, at the address that families type."""
    if not settings.HTTPS:
        return _without()
    try:
        ends_at = _ends_at()
    except ssl.SSLCertVerificationError as trouble:
        says = f"Browsers refuse the certificate of {settings.PUBLIC_URL} ({trouble.verify_message})."
        return wrong(Subject.CERTIFICATE, says, "Renew it in the program that has it.")
    except (OSError, ValueError):
        # Many networks do not let a machine reach itself by its public name; families still may.
        says = f"Pages are served at {settings.PUBLIC_URL}, which this machine cannot look at itself."
        return well(Subject.CERTIFICATE, says)
    left = int((ends_at - now.timestamp()) // 86_400)
    days = f"{left} day{'' if left == 1 else 's'}"
    if left < ENDS_WITHIN:
        says = f"The certificate of {settings.PUBLIC_URL} ends in {days}; then nobody gets in."
        do = "Look why the program that has it did not renew it."
        return wrong(Subject.CERTIFICATE, says, do, ends_at)
    says = f"Pages are served at {settings.PUBLIC_URL}, with a certificate that holds for {days}."
    return well(Subject.CERTIFICATE, says, ends_at)


def relay(now: datetime) -> Finding:
    """The certificate of the school's own relay, which the media server reads when it starts."""
    turn = settings.TURN
    if turn is None and settings.TURN_DOMAIN:
        says = f"Homes where only web pages come through are sent to the relay {settings.TURN_DOMAIN}."
        return well(Subject.RELAY, says)
    if turn is None:
        says = "Homes where only web pages come through cannot join: no CIRCLETIME_TURN_DOMAIN."
        return well(Subject.RELAY, says)
    try:
        ends_at = load_pem_x509_certificate(turn.cert.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return wrong(Subject.RELAY, f"The certificate of the relay, {turn.cert}, cannot be read.")
    says = f"The certificate of the relay {turn.domain} ends on {timezone.localtime(ends_at):%-d %B %Y}."
    if ends_at < now + timedelta(days=ENDS_WITHIN):
        do = "Renew it, and start the media server again, which reads it only then."
        return wrong(Subject.RELAY, says, do, ends_at.timestamp())
    return well(Subject.RELAY, says, ends_at.timestamp())


def _without() -> Finding:
    if "//localhost" in settings.PUBLIC_URL:
        says = "Only this machine can use it (localhost). Families need https: set CIRCLETIME_URL."
        return well(Subject.CERTIFICATE, says)
    says = f"{settings.PUBLIC_URL} has no certificate."
    return wrong(Subject.CERTIFICATE, says, "Browsers give no camera without https.")


def _ends_at() -> float:
    """When it ends, in seconds since 1970. Raises `OSError`, of which a refused certificate is one."""
    place = urlsplit(settings.PUBLIC_URL)
    host, port = place.hostname or "", place.port or 443
    with (
        socket.create_connection((host, port), timeout=ANSWERS_WITHIN) as line,
        trusting().wrap_socket(line, server_hostname=host) as shown,
    ):
        found = shown.getpeercert() or {}
    return float(ssl.cert_time_to_seconds(str(found["notAfter"])))


def trusting() -> ssl.SSLContext:
    """Whom this machine trusts."""
    return ssl.create_default_context()
