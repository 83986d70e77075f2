"""A document's words: headings, lists and paragraphs, and nothing else. No HTML is ever taken from them."""

import re
from dataclasses import dataclass

from circletime.core.errors import Refused

LONGEST = 60_000
"""Characters of one document; the longest school policy that is read is a fraction of that."""

SHORTEST = 40
"""Fewer characters are no document."""


@dataclass(frozen=True)
class Block:
    """One piece: `h2`, `h3`, `p`, or `ul` and `ol` with several lines."""

    tag: str
    lines: tuple[str, ...]


_HEADING = re.compile(r"(#{1,3})\s+(.*)")
_ITEM = re.compile(r"(?:([-*•])|(\d{1,3})[.)])\s+(.*)")


def blocks(text: str) -> list[Block]:
    """`text` in pieces. A line that begins with # is a heading, with - or 1. an item of a list."""
    found: list[tuple[str, list[str]]] = []
    joined = False
    for raw in text.splitlines():
        line = " ".join(raw.split())
        if not line:
            joined = False
            continue
        tag, words, continues = _read(line)
        last = found[-1] if found else None
        if tag in ("ul", "ol"):
            if last is not None and last[0] == tag:
                last[1].append(words)
            else:
                found.append((tag, [words]))
        elif tag == "p" and joined and continues and last is not None and last[0] in ("p", "ul", "ol"):
            last[1][-1] = f"{last[1][-1]} {words}"
        else:
            found.append((tag, [words]))
        joined = tag not in ("h2", "h3")
    return [Block(tag, tuple(lines)) for tag, lines in found]


def _read(line: str) -> tuple[str, str, bool]:
    heading = _HEADING.fullmatch(line)
    if heading and heading[2]:
        return ("h2" if len(heading[1]) == 1 else "h3"), heading[2], False
    item = _ITEM.fullmatch(line)
    if item:
        return ("ul" if item[1] else "ol"), item[3], False
    return "p", line, True


# Overrides and isolates turn the reading order about, so that a page shows other words than it says.
_HIDDEN = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def tidy(text: str) -> str:
    """`text` with one kind of line end, without what cannot be seen or turns the reading order about."""
    lines = _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def check_text(text: str) -> str:
    """A document's words, tidied; raises `Refused` beside the field when they are none or too many."""
    found = tidy(text)
    if len(found) < SHORTEST:
        raise Refused("text", "Write the document, or upload it.", field="text", status=400)
    if len(found) > LONGEST:
        raise Refused("text", f"Write at most {LONGEST:,} characters.", field="text", status=400)
    return found
