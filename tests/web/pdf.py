"""The text of a PDF, as a reader of it sees it: enough of the format for what Typst writes."""

import re
import zlib

_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def text_of(pdf: bytes) -> str:
    """Every line of text, in order."""
    objects = {
        int(found[1]): found[2] for found in re.finditer(rb"(?s)\n(\d+) 0 obj\b(.*?)\nendobj", b"\n" + pdf)
    }
    fonts = {
        name.decode(): _letters(_stream(objects[_reference(objects[int(number)], b"ToUnicode")]))
        for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", pdf)
    }
    pages = [body for body in objects.values() if b"/Contents" in body]
    lines: list[str] = []
    for page in pages:
        drawn = _stream(objects[_reference(page, b"Contents")]).decode("latin-1")
        for font, shown in re.findall(r"(?s)/(f\d+) [\d.]+ Tf.*?Tm(.*?)T[Jj]\nET", drawn):
            lines.append("".join(fonts[font].get(code, "?") for code in _codes(shown)))
    return "\n".join(lines)


def _reference(body: bytes, key: bytes) -> int:
    found = re.search(rb"/" + key + rb" (\d+) 0 R", body)
    assert found, key
    return int(found[1])


def _stream(body: bytes) -> bytes:
    found = re.search(rb"(?s)stream\n(.*)\nendstream", body)
    assert found
    return zlib.decompress(found[1])


def _letters(table: bytes) -> dict[int, str]:
    """What each code of a font stands for."""
    found = {}
    for block in re.findall(rb"(?s)beginbfchar(.*?)endbfchar", table):
        for code, letters in re.findall(rb"<(\w+)>\s*<(\w+)>", block):
            found[int(code, 16)] = bytes.fromhex(letters.decode()).decode("utf-16-be")
    return found


def _codes(shown: str) -> list[int]:
    """The two-byte codes inside the strings of one line."""
    # Brackets inside a string need no escape while they pair.
    raw, depth, at = "", 0, 0
    while at < len(shown):
        letter = shown[at]
        escape = re.compile(r"(?s)\\([0-7]{1,3}|.)").match(shown, at)
        if escape and depth:
            raw += _unescaped(escape[1])
            at = escape.end()
            continue
        depth -= letter == ")"
        raw += letter if depth else ""
        depth += letter == "("
        at += 1
    return [int.from_bytes(raw[at : at + 2].encode("latin-1")) for at in range(0, len(raw), 2)]


def _unescaped(word: str) -> str:
    return chr(int(word, 8)) if word[0] in "01234567" else _ESCAPED.get(word, word)
