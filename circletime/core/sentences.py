"""Every sentence families read, beside what it is in a language, under names that follow its words."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property

from circletime.core.catalogs import ROOM, entries, read, texts


@dataclass(frozen=True)
class Sentence:
    """One sentence in English and in another language, each in all its forms of number."""

    context: str
    english: tuple[str, ...]
    translation: tuple[str, ...]

    @cached_property
    def key(self) -> str:
        """The name of the English sentence: another one when its words change."""
        return _hash(self.context, self.english)

    @cached_property
    def said(self) -> str:
        """The name of the sentence with this translation: another one when either changes."""
        return _hash(self.context, self.english, self.translation)

    @property
    def where(self) -> str:
        """Where families read it, in words for staff."""
        return "In the room" if self.context == ROOM else "Pages and letters"


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


@cache
def sentences(code: str) -> tuple[Sentence, ...]:
    """Every sentence of a language's catalog, by its English. It changes only with the program."""
    found = [
        Sentence(context, texts(one.id), tuple(text for text in texts(one.string) if text))
        for (context, _english), one in entries(read(code)).items()
    ]
    return tuple(sorted((one for one in found if one.translation), key=lambda one: one.english[0].lower()))
