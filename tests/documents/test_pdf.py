"""What is uploaded as a policy: taken when it is a PDF to be read, refused with a sentence otherwise."""

import io
from collections.abc import Callable

import pytest
import typst
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    TextStringObject,
)

from circletime.core.errors import Refused
from circletime.documents import pdf
from circletime.documents.pdf import check_pdf

WORDS = "We listen to each other"


@pytest.fixture(scope="module")
def good() -> bytes:
    """A PDF as a word processor makes it, with a heading, a list and a link."""
    source = f'= Our policy\n{WORDS}.\n- Kind words\n#link("https://larkfield.example")[The school]'
    return bytes(typst.compile(source.encode(), format="pdf"))


def spoiled(good: bytes, spoil: Callable[[PdfWriter], None], *, packed: bool = False) -> bytes:
    """The same, with something in it."""
    writer = PdfWriter(io.BytesIO(good), full=True)
    spoil(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def said(content: bytes) -> str:
    with pytest.raises(Refused) as refusal:
        check_pdf(content)
    assert refusal.value.field == "file" and refusal.value.status == 400
    return str(refusal.value)


def test_a_policy_is_taken_with_its_words(good: bytes) -> None:
    found = check_pdf(good)
    assert found.pages == 1 and WORDS in found.text and found.content == good


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"PK\x03\x04 a word processor's own file",
        b"\x89PNG\r\n\x1a\n",
        b"%!PS-Adobe-3.0",
        b"MZ\x90\x00",
        b"\xef\xbb\xbf%PDF-1.7 not at the start",
    ],
)
def test_what_is_no_pdf_by_its_content_is_refused_whatever_it_is_called(content: bytes) -> None:
    assert "no PDF" in said(content)


def test_a_pdf_that_is_also_a_page_is_refused_or_never_a_page(good: bytes) -> None:
    """HTML behind a PDF's head: no reader can open it, so it is not taken."""
    assert "damaged" in said(b"%PDF-1.7\n<html><script>alert(1)</script></html>")


def test_nothing_and_too_much(good: bytes) -> None:
    assert "empty" in said(b"")
    assert "larger than 5 MB" in said(good + b"\0" * pdf.LARGEST)


@pytest.mark.parametrize("cut", [10, 200, 0.5, 0.9])
def test_half_a_file_is_refused(good: bytes, cut: float) -> None:
    content = good[: int(cut if cut > 1 else len(good) * cut)]
    assert "damaged" in said(content) or "no PDF" in said(content) or "pages" in said(content)


def script() -> DictionaryObject:
    return DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("1")}
    )


def at_opening(writer: PdfWriter) -> None:
    writer.root_object[NameObject("/OpenAction")] = script()


def test_scripts_of_every_kind_are_refused(good: bytes) -> None:
    def on_a_page(writer: PdfWriter) -> None:
        writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): script()})

    def a_program(writer: PdfWriter) -> None:
        act = DictionaryObject(
            {NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("calc")}
        )
        writer.root_object[NameObject("/OpenAction")] = act

    def a_form_that_sends(writer: PdfWriter) -> None:
        act = DictionaryObject({NameObject("/S"): NameObject("/SubmitForm")})
        writer.pages[0][NameObject("/Annots")] = ArrayObject([DictionaryObject({NameObject("/A"): act})])

    def a_link_that_is_a_script(writer: PdfWriter) -> None:
        act = DictionaryObject(
            {NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject(" JavaScript:a()")}
        )
        writer.pages[0][NameObject("/Annots")] = ArrayObject([DictionaryObject({NameObject("/A"): act})])

    def nobody_leads_to(writer: PdfWriter) -> None:
        writer._add_object(DictionaryObject({NameObject("/JS"): TextStringObject("1")}))

    for spoil in (
        at_opening,
        on_a_page,
        a_program,
        a_form_that_sends,
        a_link_that_is_a_script,
        nobody_leads_to,
    ):
        assert "scripts, files or actions" in said(spoiled(good, spoil)), spoil.__name__


def test_a_name_in_disguise_is_known(good: bytes) -> None:
    """/JavaScript may be written as /J#61vaScript; every reader takes it for the same."""
    content = spoiled(good, at_opening)
    hidden = content.replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/#4AS")
    assert hidden != content
    assert "scripts, files or actions" in said(hidden)


def test_a_file_within_is_refused(good: bytes) -> None:
    content = spoiled(good, lambda writer: writer.add_attachment("notes.exe", b"MZ"))
    assert "scripts, files or actions" in said(content)


def test_a_locked_one_is_refused(good: bytes) -> None:
    assert "locked" in said(spoiled(good, lambda writer: writer.encrypt("secret", algorithm="RC4-128")))


def test_the_scanners_test_string_is_refused_also_packed(good: bytes) -> None:
    def pack(writer: PdfWriter) -> None:
        stream = DecodedStreamObject()
        stream.set_data(b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + pdf.TEST_VIRUS + b"!$H+H*")
        writer._add_object(stream.flate_encode())

    packed = spoiled(good, pack)
    assert pdf.TEST_VIRUS not in packed
    assert "test string" in said(packed)
    assert "test string" in said(b"%PDF-1.7\n" + pdf.TEST_VIRUS)


def test_one_that_grows_without_end_is_refused(good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_BYTES", 3_000_000)

    def grow(writer: PdfWriter) -> None:
        for _ in range(4):
            stream = DecodedStreamObject()
            stream.set_data(b"\0" * 1_500_000)
            writer._add_object(stream.flate_encode())

    bomb = spoiled(good, grow)
    assert len(bomb) < 100_000
    assert "too many parts" in said(bomb)


def test_two_hundred_pages_and_no_more(good: bytes) -> None:
    def many(writer: PdfWriter) -> None:
        for _ in range(200):
            writer.add_blank_page(100, 100)

    assert "1 to 200 pages" in said(spoiled(good, many))
