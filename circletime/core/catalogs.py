"""The catalogs of translations: collected from the source, checked, and compiled. Needs no gettext installed.

What is collected: marked strings of `circletime/**/*.py` and of its templates, and every sentence of
`room/src/words.json`, which the room client shows (context "room").
"""

import io
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import normalize, read_po

from circletime.core.languages import ENGLISH, LANGUAGES, TRANSLATED

PACKAGE = Path(__file__).resolve().parent.parent
LOCALE = PACKAGE / "locale"
ROOM_WORDS = PACKAGE.parent / "room" / "src" / "words.json"
LONG_AGO = datetime(1980, 1, 1, tzinfo=UTC)
"""What compiled catalogs say of their making: the same text gives the same file."""
ROOM = "room"
"""The context of what the room client shows."""
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
MARKS = re.compile(r"core\.words import|gettext|\{% (?:blocktranslate|translate)")
PLACE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
FORMS = re.compile(r"nplurals=(\d)")

Key = tuple[str, str]
"""A context ("" for none) and a sentence in English."""


def path_of(code: str) -> Path:
    """Where a language's catalog is kept."""
    return LOCALE / code / "LC_MESSAGES" / "django.po"


def read(code: str) -> Catalog:
    """A language's catalog; an empty one where there is none yet."""
    path = path_of(code)
    if not path.exists():
        return Catalog(locale=code)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def entries(catalog: Catalog) -> dict[Key, Message]:
    """What is in a catalog, its header aside."""
    return {(one.context or "", _english(one)): one for one in catalog if one.id}


def _english(one: Message) -> str:
    return one.id if isinstance(one.id, str) else one.id[0]


def texts(said: object) -> tuple[str, ...]:
    """A sentence, or all its forms of number."""
    return (said,) if isinstance(said, str) else tuple(str(each) for each in said)  # type: ignore[attr-defined]


@cache
def collect() -> dict[Key, Message]:
    """Every marked string of the source, with the files it stands in."""
    found: dict[Key, Message] = {}
    for file, context, sentence in _marked():
        english = sentence if isinstance(sentence, str) else sentence[0]
        key = (context, english)
        one = found.get(key)
        if one is None or (isinstance(one.id, str) and not isinstance(sentence, str)):
            files = list(one.locations) if one else []
            one = found[key] = Message(sentence, context=context or None, locations=files)
        if (file, 0) not in one.locations:
            one.locations.append((file, 0))
    return found


def _marked() -> Iterator[tuple[str, str, str | tuple[str, ...]]]:
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix not in (".py", ".html", ".txt") or "migrations" in path.parts:
            continue
        source = path.read_text()
        if not MARKS.search(source):
            continue
        if path.suffix != ".py":
            source = _as_python(source)
        name = str(path.relative_to(PACKAGE.parent))
        for _line, sentence, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
            yield name, context or "", sentence
    for sentence in json.loads(ROOM_WORDS.read_text()).values():
        yield "room/src/words.json", ROOM, sentence


def _as_python(source: str) -> str:
    from django.utils.translation.template import templatize

    # What stands around the marked strings is blanked out; without its indents Python's tokenizer reads it.
    return "\n".join(line.lstrip() for line in templatize(source).splitlines())


def update(code: str) -> str:
    """A language's catalog as it should be written: every string of the source, with what is translated."""
    have = entries(read(code))
    lines = [
        'msgid ""',
        'msgstr ""',
        f'"Language: {code}\\n"',
        '"Content-Type: text/plain; charset=UTF-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
        f'"Plural-Forms: {LANGUAGES[code].plurals}\\n"',
    ]
    for key, one in sorted(collect().items()):
        old = have.get(key)
        lines += ["", *(f"#: {file}" for file, _ in sorted(one.locations))]
        if one.context:
            lines.append(f"msgctxt {normalize(one.context, width=0)}")
        if isinstance(one.id, str):
            said = old.string if old and isinstance(old.string, str) else ""
            lines += [f"msgid {_quoted(one.id)}", f"msgstr {_quoted(said)}"]
            continue
        forms = texts(old.string) if old and not isinstance(old.string, str) else ()
        lines += [f"msgid {_quoted(one.id[0])}", f"msgid_plural {_quoted(one.id[1])}"]
        lines += [
            f"msgstr[{number}] {_quoted(forms[number] if number < len(forms) else '')}"
            for number in range(count_of_forms(code))
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return str(normalize(text, width=0))


def count_of_forms(code: str) -> int:
    """How many forms of number a language has."""
    found = FORMS.search(LANGUAGES[code].plurals)
    return int(found[1]) if found else 2


def places(text: str) -> set[str]:
    """The named places in a sentence, such as %(day)s, which a translation has to keep."""
    return {match[0] for match in PLACE.finditer(text)}


def faults(code: str) -> list[str]:
    """What is wrong in a language's catalog: named places that differ, forms of number that are missing."""
    wrong = []
    for (_context, english), one in entries(read(code)).items():
        forms = [text for text in texts(one.string) if text]
        source = set().union(*(places(text) for text in texts(one.id)))
        counted = not isinstance(one.id, str)
        if forms and counted and len(forms) != count_of_forms(code):
            wrong.append(f"{code}: {len(forms)} forms of number: {english}")
        for text in forms:
            missing = source - places(text)
            # "One minute" and its like may leave the number itself away.
            if places(text) - source or (missing and not (counted and len(missing) == 1)):
                wrong.append(f"{code}: the places differ: {english}")
    return wrong


def untranslated(code: str) -> list[str]:
    """The sentences of the source that a language has no words for yet."""
    have = entries(read(code))
    empty = [key for key in collect() if not all(texts(have[key].string) if key in have else ("",))]
    return [english for _context, english in sorted(empty)]


def check() -> list[str]:
    """What keeps the catalogs from being good: strings of the source that are not in them, and faults."""
    wrong = []
    for one in TRANSLATED:
        if collect().keys() - entries(read(one.code)).keys():
            wrong.append(f"{one.english_name}: strings of the source are not collected. Run `make messages`.")
        wrong += faults(one.code)
    return wrong


@cache
def room_words(code: str) -> dict[str, str]:
    """What the room client shows: each English sentence, and what it is in this language."""
    have = entries(read(code)) if code != ENGLISH.code else {}
    return {english: str(one.string) for (context, english), one in have.items() if context == ROOM}


def write() -> dict[str, int]:
    """Bring every catalog up to date; answers how many sentences wait for words, by language."""
    for one in TRANSLATED:
        path, text = path_of(one.code), update(one.code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {one.english_name: len(untranslated(one.code)) for one in TRANSLATED}


def compile_all() -> None:
    """Make the files gettext reads, beside the catalogs, where they are older than these or not there."""
    for one in TRANSLATED:
        source = path_of(one.code)
        target = source.with_suffix(".mo")
        if not source.exists() or (target.exists() and target.stat().st_mtime >= source.stat().st_mtime):
            continue
        catalog = read(one.code)
        catalog.creation_date = LONG_AGO
        beside = target.with_suffix(f".{os.getpid()}")
        with beside.open("wb") as file:
            write_mo(file, catalog)
        beside.replace(target)


if __name__ == "__main__":
    compile_all()
