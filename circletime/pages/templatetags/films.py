"""How spans of a film are written and drawn."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from circletime.recordings.spans import Seconds
from circletime.recordings.watching import Watched

register = template.Library()
WIDE = 1000
"""The bar is so many parts wide, however long the film is."""


@register.filter
def clocks(spans: Iterable[Seconds]) -> str:
    """Spans in minutes and seconds: 0:00 to 1:20, 3:00 to 3:30."""
    return ", ".join(f"{_clock(begins)} to {_clock(ends)}" for begins, ends in spans) or "nothing"


@register.simple_tag
def watched_bar(one: Watched, lasts: float) -> SafeString:
    """The film from left to right: what was given, and over it what the browser says it played.

    A picture of what the words beside it say, so it is not read out.
    """
    return format_html(
        '<svg class="watched-bar" viewBox="0 0 {} 10" preserveAspectRatio="none" aria-hidden="true">'
        "{}{}</svg>",
        WIDE,
        _rects("given", one.sent, lasts),
        _rects("played", one.played, lasts),
    )


def _rects(kind: str, spans: list[Seconds], lasts: float) -> SafeString:
    def place(span: Seconds) -> tuple[Any, ...]:
        begins, ends = (min(WIDE, round(moment / lasts * WIDE)) for moment in span)
        return kind, begins, max(2, ends - begins)

    shape = '<rect class="{}" x="{}" y="0" width="{}" height="10"></rect>'
    return format_html_join("", shape, map(place, spans))


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"
