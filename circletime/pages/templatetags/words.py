"""Days and times as the page's language says them, `{{ moment|day }}`; and what the room client is to say."""

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from circletime.core import words
from circletime.core.catalogs import room_words as table

register = template.Library()
register.filter("day", words.day)
register.filter("day_and_year", words.day_and_year)
register.filter("clock", words.clock)


@register.simple_tag
def room_words() -> SafeString:
    """The page's language for the scripts of the room client; they look for it under the name `words`."""
    return json_script(table(words.spoken().code), "words")
