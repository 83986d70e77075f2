"""What an e-mail address is. Plain Python."""

import re

from circletime.core.errors import Refused

# No quotes, no comments and no routes: an address as people have it. Letters of other scripts stand only
# after the @, where they can be written in ASCII; before it most mail servers refuse them.
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE)
# Two standards write these in ASCII in two ways, so a letter might go to somebody else's server.
_TWO_WAYS = frozenset("\u00df\u03c2\u200c\u200d")


def check_address(address: str, *, name: str = "to") -> str:
    """One e-mail address without a name, as it was given. Raises `Refused` with a sentence for the form."""
    mailbox, _, domain = address.strip(" ").rpartition("@")
    if not mailbox or len(address) > 254 or not _MAILBOX.fullmatch(mailbox) or not _is_domain(domain):
        shown = "".join(c if c.isprintable() else " " for c in address)[:254]
        said = f"Circletime cannot write to the address {' '.join(shown.split())!r}." if address else ""
        raise Refused("address", said or "There is no e-mail address.", field=name, status=400)
    return address.strip(" ")


def is_address(address: str) -> bool:
    """Whether a letter can go there."""
    try:
        return bool(check_address(address))
    except Refused:
        return False


def _is_domain(domain: str) -> bool:
    if _TWO_WAYS & set(domain):
        return False
    try:
        labels = domain.encode("idna").decode("ascii").split(".")
    except UnicodeError:
        return False
    return len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
