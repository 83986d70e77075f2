"""Words, days and times in the language that is spoken at this moment: a page's, or a letter's reader's.

Whatever a family reads is marked where it is written: `_("…")` in Python, `{% translate %}` and
`{% blocktranslate trimmed %}` in templates, with named places such as %(day)s. `N_("…")` marks a sentence
that is looked up later, by `_`. Staff pages speak English, so a rule's sentence may be marked for both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from babel import Locale
from babel.dates import format_date
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop, ngettext

from circletime.core.languages import ENGLISH, LANGUAGES, Language, known

__all__ = ["N_", "_", "clock", "day", "day_and_year", "ngettext", "speaking", "spoken"]

_, N_ = gettext, gettext_noop
AS_DJANGO_HAS_IT = {ENGLISH.code: "en-gb"}


def spoken() -> Language:
    """The language that is spoken now."""
    return LANGUAGES.get(known(translation.get_language() or ""), ENGLISH)


@contextmanager
def speaking(code: str) -> Iterator[Language]:
    """Speak this language inside the block; English where it is none of ours."""
    one = LANGUAGES.get(known(code), ENGLISH)
    with translation.override(AS_DJANGO_HAS_IT.get(one.code, one.code)):
        yield one


def day(when: date) -> str:
    """Thursday 3 December, as the language says it; a moment is taken in the school's time.

    Digits are the Western ones in every language, as on the class's card and on every clock here.
    """
    if spoken() is ENGLISH:
        return f"{_local(when):%A} {_local(when).day} {_local(when):%B}"
    return _full(when)


def day_and_year(when: date) -> str:
    """Thursday 3 December 2026, as the language says it."""
    return f"{day(when)} {_local(when).year}" if spoken() is ENGLISH else _full(when)


def clock(when: datetime) -> str:
    """13:45, in the school's time and in every language."""
    return f"{timezone.localtime(when):%H:%M}"


def _local(when: date) -> date:
    return timezone.localtime(when) if isinstance(when, datetime) and timezone.is_aware(when) else when


def _full(when: date) -> str:
    return format_date(_local(when), "full", locale=Locale.parse(spoken().territory))
