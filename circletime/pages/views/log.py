"""The log: looked through, held against a letter, and taken away to be checked elsewhere (C5)."""

import zlib
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from circletime.audit import queries, verify_log
from circletime.audit.rules import Signed, Verdict, read_block
from circletime.core import time
from circletime.core.errors import Refused
from circletime.core.keyfiles import KeyTrouble
from circletime.oversight.actions.reports import note_export
from circletime.pages.who import staff_of
from circletime.people.models import User
from circletime.people.queries import get_school

ROWS = 50
LINES_AT_ONCE = 2000
LONGEST_LETTER = 50_000


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Rows, newest first; the checkpoints; and whether a pasted letter fits."""
    reader(request)
    verdict, letter, error = None, None, ""
    pasted = request.POST.get("checkpoint", "")[:LONGEST_LETTER]
    if request.method == "POST":
        try:
            letter = read_block(pasted)
            verdict = _check(letter)
        except Refused as refusal:
            error = str(refusal)
    text = request.GET.get("find", "").strip()[:80]
    before = request.GET.get("before", "")
    upto = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    rows = list(queries.find(text=text, before=upto)[: ROWS + 1])
    count, _ = queries.head()
    context = {
        "count": count,
        "rows": rows[:ROWS],
        "older": rows[ROWS - 1].number if len(rows) > ROWS else None,
        "find": text,
        "checkpoints": queries.checkpoints()[:60],
        "key": _key(),
        "broken_on": queries.last_done("audit.log.broken"),
        "pasted": pasted if error else "",
        "error": error,
        "letter": letter,
        "verdict": verdict,
    }
    return render(request, "pages/report/log.html", context, status=400 if error else 200)


def _check(letter: Signed) -> Verdict:
    try:
        return queries.check_letter(letter)
    except KeyTrouble as trouble:
        raise Refused("key", str(trouble)) from trouble


def _key() -> str:
    try:
        return queries.log_key()
    except KeyTrouble:
        return ""


@login_required
@never_cache
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """The whole log, compressed, as it is read: memory stays the same however long it is."""
    user = reader(request)
    now = time.now()
    note_export(by=user, now=now)
    lines = queries.export(school=get_school().name, at=now)
    answer = StreamingHttpResponse(_compressed(lines), content_type="application/gzip")
    name = f"circletime-log-{timezone.localtime(now):%Y-%m-%d}.jsonl.gz"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


async def _compressed(lines: Iterator[str]) -> AsyncIterator[bytes]:
    pack = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: with the head and the foot of a .gz file
    take = sync_to_async(lambda: "".join(islice(lines, LINES_AT_ONCE)).encode())
    while text := await take():
        if piece := pack.compress(text):
            yield piece
    yield pack.flush()


@login_required
@never_cache
@require_GET
def script(request: HttpRequest) -> HttpResponse:
    """The program that checks an export and needs nothing of this one."""
    reader(request)
    answer = HttpResponse(Path(verify_log.__file__).read_bytes(), content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="verify_log.py"'
    return answer


def reader(request: HttpRequest) -> User:
    """Whoever asks, if they may take the log away."""
    user = staff_of(request)
    if not user.sees_log:
        raise PermissionDenied
    return user
