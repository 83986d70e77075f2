"""Random names for things that are seen outside the database."""

import secrets

# No vowels and no look-alikes: nothing rude by chance, nothing misread from a card on the fridge.
_ALPHABET = "bcdfghjkmnpqrstvwxz23456789"
LETTERS = len(_ALPHABET)
BYTES = 16


def public_id() -> str:
    """An unguessable name of 22 characters (128 bits) for a meeting, a seat or a recording."""
    return secrets.token_urlsafe(BYTES)


def readable(length: int) -> str:
    """A random word of `length` characters that can be read aloud and typed on a phone."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def room_name() -> str:
    """A fresh LiveKit room (T6): never reused, never derived from a person or a class."""
    return f"r-{secrets.token_hex(16)}"
