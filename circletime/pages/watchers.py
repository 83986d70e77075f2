"""Who is told more than strangers about how Circletime stands: a program that watches it from outside."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def is_watcher(request: HttpRequest) -> bool:
    """Whether the request has the token, or comes from this machine while no proxy stands before us.

    Behind a proxy each request comes from this machine, or may: there the token alone counts.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer" and hmac.compare_digest(token.strip().encode(), settings.WATCH_TOKEN.encode()):
        return True
    return not settings.HTTPS and _is_loopback(str(request.META.get("REMOTE_ADDR", "")))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
