"""A film's bytes for one reader. Nothing is kept on the way: not by us, not by the browser."""

from collections.abc import AsyncIterator, Callable

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from circletime.recordings.film.playback import FilmReader
from circletime.recordings.rules import BadRange, Span, read_range
from circletime.recordings.vault import VaultDamaged

LONGEST_ANSWER = 2 * 1024 * 1024
"""Bytes of one answer to a range; a player asks for the next. So each piece is authorised anew."""


Noted = Callable[[Span], None]


def answer_with(
    request: HttpRequest, opened: FilmReader, noted: Noted = lambda part: None
) -> HttpResponseBase:
    """The film, or the part of it that was asked for. The caller has checked who asks; closes the film.

    `noted` is told which bytes are handed out, before they are: what cannot be noted is not handed out.
    """
    answer = _bytes(request, opened, noted)
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "no-store"
    answer["Content-Disposition"] = 'inline; filename="recording.mp4"'
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _bytes(request: HttpRequest, opened: FilmReader, noted: Noted) -> HttpResponseBase:
    # A film has no validator, so If-Range never fits: then all of it is sent, as RFC 9110 asks.
    wanted = "" if "If-Range" in request.headers else request.headers.get("Range", "")
    try:
        span = read_range(wanted, opened.size)
    except BadRange:
        opened.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{opened.size}"})
    if request.method == "HEAD":
        opened.close()
        return HttpResponse(content_type="video/mp4", headers={"Content-Length": str(opened.size)})
    if span is None:
        noted(Span(0, opened.size - 1))
        headers = {"Content-Length": str(opened.size)}
        return StreamingHttpResponse(_all(opened), content_type="video/mp4", headers=headers)
    part = Span(span.first, min(span.last, span.first + LONGEST_ANSWER - 1))
    with opened:
        try:
            body = opened.read(part)
        except VaultDamaged:
            return HttpResponse(status=500)
        noted(part)
    headers = {"Content-Range": f"bytes {part.first}-{part.last}/{opened.size}"}
    return HttpResponse(body, status=206, content_type="video/mp4", headers=headers)


async def _all(opened: FilmReader) -> AsyncIterator[bytes]:
    pieces = opened.pieces()
    following = sync_to_async(lambda: next(pieces, None))
    try:
        while (piece := await following()) is not None:
            yield piece
    finally:
        opened.close()
