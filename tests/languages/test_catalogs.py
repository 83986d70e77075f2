"""The catalogs: whole, with the places of the source, in the right script, counting as the language does."""

import json
import re
import unicodedata
from typing import Any

import pytest
from django.utils.translation import ngettext

from circletime.core import catalogs
from circletime.core.catalogs import ROOM_WORDS, entries, faults, read, room_words, texts, untranslated
from circletime.core.languages import TRANSLATED
from circletime.core.words import _, speaking

CODES = [one.code for one in TRANSLATED]
SCRIPTS = {
    "ur": "ARABIC",
    "pa": "GURMUKHI",
    "bn": "BENGALI",
    "ar": "ARABIC",
    "gu": "GUJARATI",
    "ta": "TAMIL",
}
AS_IT_IS = set(
    "strong JavaScript Circletime Android iPhone iPad aA Permissions Website Settings Camera Microphone "
    "Allow SchoolPing J e name home example bdi recording html Chrome Edge Firefox Safari ico org uk".split()
)
"""What a phone or another program calls itself, and names of files."""


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_is_translated(code: str):
    assert untranslated(code) == []


@pytest.mark.parametrize("code", CODES)
def test_places_and_forms_of_number_are_the_source_s(code: str):
    assert faults(code) == []


def test_a_catalog_with_faults_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any):
    """Or the two tests above could not fail."""
    path = tmp_path / "pl.po"
    good = catalogs.path_of("pl").read_text()
    bad = good.replace("kolejce: %(place)s", "kolejce: %(plaze)s").replace('msgstr "Dalej"', 'msgstr ""')
    bad = bad.replace('msgid "Class ID"', 'msgid "Klass ID"')
    assert bad != good
    path.write_text(bad)
    monkeypatch.setattr(catalogs, "path_of", lambda code: path)
    assert any("You are number" in fault for fault in faults("pl"))
    assert "Next" in untranslated("pl")
    assert any("make messages" in line for line in catalogs.check())


@pytest.mark.parametrize("code", CODES)
def test_it_is_in_the_language_s_script(code: str):
    wrong = []
    for (_context, english), one in entries(read(code)).items():
        for text in texts(one.string):
            plain = re.sub(r"%\(\w+\)[sd]", "", text)
            latin = set(re.findall(r"[A-Za-z]{2,}", plain)) - AS_IT_IS
            if text == english or (code in SCRIPTS and latin):
                wrong.append(text)
            elif code in SCRIPTS and re.search(r"\w", plain.replace("strong", "")):
                if not any(SCRIPTS[code] in unicodedata.name(c, "") for c in plain):
                    wrong.append(text)
    assert set(wrong) <= SAME.get(code, set())


SAME = {
    "ro": {"Camera", "Accept", "%(minutes)s minute", "%(minutes)d minute"},
    "fr": {
        "%(pages)s page",
        "%(pages)s pages",
        "%(minutes)s minute",
        "%(minutes)s minutes",
        "%(minutes)d minute",
        "%(minutes)d minutes",
    },
}
"""What is the same word in English."""


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("pl", {1: 0, 2: 1, 5: 2, 12: 2, 22: 1, 25: 2}),
        ("ro", {1: 0, 0: 1, 2: 1, 19: 1, 20: 2, 101: 1}),
        ("ar", {0: 0, 1: 1, 2: 2, 3: 3, 10: 3, 11: 4, 99: 4, 100: 5}),
        ("fr", {0: 0, 1: 0, 2: 1}),
        ("pt", {0: 1, 1: 0, 2: 1}),
        ("bn", {0: 0, 1: 0, 2: 1}),
        ("gu", {0: 0, 1: 0, 2: 1}),
        ("pa", {0: 0, 1: 0, 2: 1}),
        ("so", {1: 0, 2: 1}),
        ("ta", {1: 0, 2: 1}),
        ("ur", {1: 0, 2: 1}),
    ],
)
def test_it_counts_as_the_language_does(code: str, forms: dict[int, int]):
    one = "That was wrong too often. Please wait %(count)s minute, or ask the school office."
    more = one.replace("minute,", "minutes,")
    said = texts(entries(read(code))[("", one)].string)
    with speaking(code):
        assert {number: ngettext(one, more, number) for number in forms} == {
            number: said[form] for number, form in forms.items()
        }


def test_what_is_compiled_is_what_is_spoken():
    for code in CODES:
        with speaking(code):
            assert _("Class ID") == entries(read(code))[("", "Class ID")].string != "Class ID"


def test_the_room_client_is_brought_its_words():
    english = set(json.loads(ROOM_WORDS.read_text()).values())
    assert room_words("en") == {}
    for code in CODES:
        assert set(room_words(code)) == english and all(room_words(code).values())
