"""The certificate that stays when a recording is gone: to read, as a PDF to file, as JSON to check (T9)."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import typst
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from circletime.audit.rules import canonical
from circletime.core import time
from circletime.pages.found import or_404
from circletime.pages.views.recordings import watcher
from circletime.people.queries import get_school
from circletime.recordings import keys, queries
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Certificate
from circletime.recordings.rules import Rule

SHEET = Path(__file__).resolve().parent.parent / "sheets" / "certificate.typ"
FITS = "The signature fits: this is what was signed, with this school's key."
FITS_NOT = "The signature does not fit. The certificate was changed, or the key is another."


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    """What was destroyed, when, and by which rule; whether the signature fits."""
    found = _certificate(request, public_id)
    context = {
        "recording": public_id,
        "title": json.loads(found.text)["title"],
        "said": _said(found),
        "proof": _proof(found),
        "fits": _fits(found),
        "words": FITS if _fits(found) else FITS_NOT,
    }
    return render(request, "pages/recordings/certificate.html", context)


@login_required
@never_cache
@require_GET
def as_pdf(request: HttpRequest, public_id: str) -> HttpResponse:
    """The certificate as PDF. The values go in as data, so no name can be taken for markup."""
    found = _certificate(request, public_id)
    facts = {
        "school": get_school().name,
        "title": json.loads(found.text)["title"],
        "said": _said(found),
        "proof": _proof(found),
        "fits": FITS if _fits(found) else FITS_NOT,
        "printed": f"{timezone.localtime(time.now()):%-d %B %Y, %H:%M}",
    }
    pdf = typst.compile(str(SHEET), format="pdf", sys_inputs={"facts": json.dumps(facts)})
    return _file(found, pdf, "application/pdf", "pdf")


@login_required
@never_cache
@require_GET
def as_json(request: HttpRequest, public_id: str) -> HttpResponse:
    """The certificate as a file, with its signature."""
    found = _certificate(request, public_id)
    text = canonical({"certificate": json.loads(found.text), "signature": found.signature})
    return _file(found, f"{text}\n".encode(), "application/json", "json")


def _certificate(request: HttpRequest, public_id: str) -> Certificate:
    watcher(request)
    return or_404(queries.certificate_of(public_id))


def _file(found: Certificate, body: bytes, kind: str, end: str) -> HttpResponse:
    answer = HttpResponse(body, content_type=kind)
    name = f"destroyed-{timezone.localtime(found.made_at):%Y-%m-%d}.{end}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _fits(found: Certificate) -> bool:
    try:
        return keys.is_signed(found.text, found.signature, keys.public_key())
    except KeyTrouble:
        return False


def _said(found: Certificate) -> list[tuple[str, str]]:
    """What people read, line by line."""
    facts = json.loads(found.text)
    held = ", and it was kept longer for a time" if facts["was_held"] else ""
    ground = f" {facts['ground']}." if facts.get("ground") else ""
    destroyed = parse_datetime(facts["destroyed_at"])
    when = f"{timezone.localtime(destroyed):%-d %B %Y, %H:%M}" if destroyed else facts["destroyed_at"]
    return [
        ("Meeting", facts["meeting"]),
        ("Held on", f"{_day(facts['day'])}, {facts['minutes']} min"),
        ("Destroyed", when),
        ("Why", Rule(facts["rule"]).words + ground),
        ("Its day", _day(facts["kept_until"]) + held),
    ]


def _proof(found: Certificate) -> list[tuple[str, str]]:
    """What a program checks, line by line."""
    facts: dict[str, Any] = json.loads(found.text)
    parts = []
    if facts.get("sha256"):
        parts = [
            ("Parts", f"{facts['parts']}, together {facts['bytes']} bytes"),
            ("Their names and sizes", f"SHA-256 {facts['sha256']}"),
        ]
    return [
        *parts,
        ("Recording", facts["recording"]),
        ("Follows row", f"{facts['log_row']} of the log, {facts['log_digest']}"),
        ("Public key", facts["public_key"]),
        ("Signature", found.signature),
    ]


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%-d %B %Y}"
