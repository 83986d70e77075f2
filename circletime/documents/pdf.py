"""Looking into an uploaded PDF: whether it is one, and whether it does anything but be read.

It is never shown inside a page of ours and never changed; what acts by itself, hides files or was locked is
refused. A virus scanner this is not; the industry's test string is known, and nothing else of the kind.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from circletime.core.errors import Refused
from circletime.documents.rules.words import LONGEST, tidy

LARGEST = 5 * 1024 * 1024
"""Bytes of one upload."""

MOST_PAGES, MOST_OBJECTS, MOST_PARTS = 200, 60_000, 1_000_000
MOST_BYTES = 150_000_000
"""Of all its parts, unpacked."""
LONGEST_PAGE = 500_000
"""Bytes of drawing on one page, beyond which no words are looked for in it."""

VIRUS = "This file holds the test string of virus scanners, so it is not taken."
TOO_MUCH = "This PDF is built of too many parts. Print it as a PDF, and upload that."

ACTS = frozenset(
    {"/JS", "/JavaScript", "/Launch", "/AA", "/EmbeddedFile", "/EmbeddedFiles", "/RichMedia", "/XFA"}
)
"""What a document to be read has no use for: scripts, programs, files in it, forms that are programs."""

ACTIONS = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/SubmitForm",
        "/ImportData",
        "/GoToE",
        "/GoToR",
        "/Rendition",
        "/Movie",
        "/Sound",
    }
)
"""The kinds of action of it that are more than turning a page or following a link."""

SCRIPTS = ("javascript:", "vbscript:", "data:", "file:")
"""How an address begins that is no place to go to."""

# Put together here, or a scanner would take this file for one that carries it.
TEST_VIRUS = b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE"


@dataclass(frozen=True)
class Pdf:
    """A PDF that was looked at."""

    content: bytes
    pages: int
    text: str
    """The words found in it, for searching and comparing; of a scanned page there are none."""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def check_pdf(content: bytes) -> Pdf:
    """What was uploaded, if it is a PDF to be read and nothing more; else raises `Refused` beside `file`."""
    if not content:
        raise _refused("This file is empty.")
    if len(content) > LARGEST:
        raise _refused(
            f"This file is larger than {LARGEST // 1024 // 1024} MB. Save it smaller, and try again."
        )
    if TEST_VIRUS in content:
        raise _refused(VIRUS)
    if not content.startswith(b"%PDF-"):
        raise _refused("This is no PDF. In a word processor, choose Save as PDF, and upload that.")
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise _refused("This PDF is locked with a password. Save it without one, and try again.")
        pages = len(reader.pages)
        if not 1 <= pages <= MOST_PAGES:
            raise _refused(f"A document has 1 to {MOST_PAGES} pages.")
        _check_harmless(reader)
        text = "\n".join(_words(page) for page in reader.pages)
    except Refused:
        raise
    except Exception as trouble:  # of a broken file, pypdf raises whatever it stumbles over
        raise _refused("This PDF is damaged. Print it as a PDF, and upload that.") from trouble
    return Pdf(content, pages, tidy(text)[:LONGEST])


def _words(page: PageObject) -> str:
    contents = page.get_contents()
    return page.extract_text() if contents is not None and len(contents.get_data()) < LONGEST_PAGE else ""


def _check_harmless(reader: PdfReader) -> None:
    """Look at every object of the file, also those that nothing leads to."""
    seen, inflated = 0, 0
    waiting: list[Any] = [reader.trailer]
    for number, generation in _every(reader):
        waiting.append(reader.get_object(IndirectObject(number, generation, reader)))
    while waiting:
        one = waiting.pop()
        seen += 1
        if seen > MOST_PARTS or inflated > MOST_BYTES:
            raise _refused(TOO_MUCH)
        if isinstance(one, DictionaryObject):
            acts = ACTS & {str(key) for key in one} or _kind(one) in ACTIONS or _leads_into_a_script(one)
            if acts or _is_file(one):
                raise _refused(
                    "This PDF carries scripts, files or actions. Print it as a PDF, and upload that."
                )
            if isinstance(one, StreamObject):
                data = _data(one)
                inflated += len(data)
                if TEST_VIRUS in data:
                    raise _refused(VIRUS)
            waiting += [one.raw_get(key) for key in one]
        elif isinstance(one, ArrayObject):
            waiting += list(one)


def _every(reader: PdfReader) -> list[tuple[int, int]]:
    found = [
        (number, generation)
        for generation, numbers in reader.xref.items()
        for number in numbers
        if generation < 65535 and number
    ]
    found += [(number, 0) for number in reader.xref_objStm]
    if len(found) > MOST_OBJECTS:
        raise _refused(TOO_MUCH)
    return found


def _kind(one: DictionaryObject) -> str:
    found = one.raw_get("/S") if "/S" in one else ""
    return str(found)


def _leads_into_a_script(one: DictionaryObject) -> bool:
    """A link to a page or an address is fine; one whose address is a program is none."""
    link = one.get("/URI", "")
    text = link.decode("latin-1") if isinstance(link, bytes) else str(link)
    return text.strip().lower().startswith(SCRIPTS)


def _is_file(one: DictionaryObject) -> bool:
    return str(one.raw_get("/Type") if "/Type" in one else "") in ("/EmbeddedFile", "/Filespec")


def _data(one: StreamObject) -> bytes:
    try:
        return one.get_data()
    except Exception:  # a filter of pictures that is not ours to know
        return b""


def _refused(words: str) -> Refused:
    return Refused("file", words, field="file", status=400)
