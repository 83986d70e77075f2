"""What an address names, or the page that says there is nothing."""

from typing import TypeVar

from django.http import Http404

T = TypeVar("T")


def or_404(found: T | None) -> T:
    """What a query found. Raises `Http404` when it found nothing."""
    if found is None:
        raise Http404
    return found
