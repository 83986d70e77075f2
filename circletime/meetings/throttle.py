"""Guessing at the door is slowed per address and per class, and no class is ever locked out.

An address that was wrong often has to wait. Where a whole class is being guessed at, only addresses
that were wrong before have to wait; a family that types it right the first time never does.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db.models import Count, Min, Q

from circletime.core.errors import Refused
from circletime.core.words import ngettext
from circletime.meetings.models import DoorTry

WINDOW = timedelta(minutes=10)
PER_ADDRESS = 8
PER_CLASS = 60


def must_wait(*, from_address: int, at_class: int) -> bool:
    """Whether one more try has to wait, from the wrong tries of the last ten minutes."""
    return from_address >= PER_ADDRESS or (at_class >= PER_CLASS and from_address > 0)


def check_door(address: str, class_id: str, now: datetime) -> None:
    """Raise `Refused` (429) when this address has to wait before it tries again."""
    own, there = Q(address=place_of(address)), Q(class_id=_hashed(class_id))
    lately = DoorTry.objects.filter(own | there, at__gt=now - WINDOW)
    # One question for both: every household of a morning asks it twice (F5).
    tries = lately.aggregate(
        own=Count("pk", filter=own), there=Count("pk", filter=there), first=Min("at", filter=own)
    )
    if must_wait(from_address=tries["own"], at_class=tries["there"]):
        oldest = tries["first"] or now
        minutes = max(1, round((oldest + WINDOW - now).total_seconds() / 60))
        raise Refused(
            "slow_down",
            ngettext(
                "That was wrong too often. Please wait %(count)s minute, or ask the school office.",
                "That was wrong too often. Please wait %(count)s minutes, or ask the school office.",
                minutes,
            )
            % {"count": minutes},
            status=429,
        )


def wrong_try(address: str, class_id: str, now: datetime) -> None:
    """Remember a wrong try. Address and ID are kept only as keyed hashes, for an hour."""
    DoorTry.objects.create(at=now, address=place_of(address), class_id=_hashed(class_id))


def place_of(address: str) -> str:
    """Where somebody is, as a keyed hash of their network."""
    return _hashed(_network(address))


def _network(address: str) -> str:
    # One home has 2 to the power of 64 IPv6 addresses to try from; its network is what counts.
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))


def _hashed(text: str) -> str:
    # Spacing and case are forgiven at the door, so an ID typed another way is the same ID.
    plain = "".join(text.split()).lower()
    return hmac.new(settings.SECRET_KEY.encode(), plain.encode(), hashlib.sha256).hexdigest()
