"""Handing one message to SchoolPing's webhook, signed so that it knows who sends it."""

import hashlib
import hmac
import json

import httpx
from django.conf import settings

from circletime.notices.models import Letter
from circletime.notices.trouble import Refusal, Trouble

SECONDS = 10
"""For each part of the exchange: reaching it, sending, and its answer."""


def body_of(letter: Letter, *, sent_at: str) -> bytes:
    """The message, the same at each try but for the time. It names no child and holds no link."""
    told = {"id": letter.public_id, "about": letter.about, "to": letter.to, "sent_at": sent_at}
    return json.dumps(told | {"subject": letter.subject, "text": letter.text}, ensure_ascii=False).encode()


def signature(body: bytes) -> str:
    """HMAC-SHA256 of the body under the secret both sides have."""
    return "sha256=" + hmac.new(settings.SCHOOLPING_SECRET.encode(), body, hashlib.sha256).hexdigest()


def send(letter: Letter, *, sent_at: str) -> Refusal | None:
    """Hand over one message. Answers why it was not taken, or None."""
    body = body_of(letter, sent_at=sent_at)
    heads = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": letter.public_id,
        "X-Circletime-Signature": signature(body),
    }
    if not settings.SCHOOLPING.startswith("http"):
        return Refusal(Trouble.PING_REFUSED)
    try:
        answer = httpx.post(settings.SCHOOLPING, content=body, headers=heads, timeout=SECONDS)
    except (httpx.ConnectError, httpx.ConnectTimeout):
        return Refusal(Trouble.PING_AWAY)
    except httpx.HTTPError:
        return Refusal(Trouble.PING_AWAY, unsure=True)
    return read_answer(answer.status_code)


def read_answer(code: int) -> Refusal | None:
    """What an HTTP status means for this message and the others."""
    if 200 <= code < 300:
        return None
    if code in (401, 403):
        return Refusal(Trouble.PING_UNSIGNED, code)
    if code >= 500 or code in (408, 425, 429):
        return Refusal(Trouble.PING_AWAY, code)
    return Refusal(Trouble.PING_REFUSED, code)
