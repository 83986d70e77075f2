"""Families' links, of which nothing is kept but a hash and a name. Every one of them is made here.

A letter waits in the outbox, is read by staff and is part of backups; so where a family's link comes it
holds only a place, which is filled at the moment of sending. What fills it is made of the link's name and a
key that is in no database: whoever has the rows, or a backup of them, has no link.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from circletime.audit.actions import record
from circletime.core.ids import public_id
from circletime.people.models import FamilyLink, Household
from circletime.people.queries import token_hash

FAMILY_LINK_LASTS = timedelta(days=120)
"""One that the office prints or shows. Those in letters are of a shorter term."""

TOKEN_BYTES = hashlib.sha256().digest_size

_PLACE = re.compile(r"\{family-link:([A-Za-z0-9_-]{22})\}")


def token_of(name: str) -> str:
    """The token of the link of this name: 256 bits that only this installation's key can make."""
    made = hmac.new(settings.FAMILY_LINK_KEY.encode(), f"family link {name}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made.digest()).decode().rstrip("=")


@transaction.atomic
def make_links(
    households: Sequence[Household], *, until: datetime, about: str, by: str, now: datetime
) -> list[FamilyLink]:
    """A new link for each of these households, one as often as it stands there. `about` is what the log names
    them under."""
    made = []
    for household in households:
        name = public_id()
        hashed = token_hash(token_of(name))
        made.append(
            FamilyLink(id=name, household=household, token_hash=hashed, made_at=now, expires_at=until)
        )
    FamilyLink.objects.bulk_create(made)
    if made:
        record("people.family_links.made", by=by, subject=about, now=now, number=len(made))
    return made


def place_of(link: FamilyLink) -> str:
    """What stands in a letter where this link comes."""
    return f"{{family-link:{link.pk}}}"


def names_in(text: str) -> list[str]:
    """The names of the links that have a place in `text`."""
    return _PLACE.findall(text)


def address_of(name: str) -> str:
    """The address that opens the link of this name."""
    return f"{settings.PUBLIC_URL}/f/{token_of(name)}"


def fill(text: str) -> str:
    """`text` with the link itself at each of its places."""
    return _each(text, address_of)


def hide(text: str, words: str = "[the family's own link]") -> str:
    """`text` with `words` at each place, for staff."""
    return _each(text, lambda name: words)


def _each(text: str, made: Callable[[str], str]) -> str:
    return _PLACE.sub(lambda found: made(found[1]), text)
