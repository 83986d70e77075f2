"""Tables out of a zip file, a folder or one CSV file, however it was written; nothing is unpacked to disk.

Sizes are in bytes. What cannot be read is refused whole, with a sentence.
"""

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from circletime.core.errors import Refused

LARGEST_FILE = 64 * 1024 * 1024
LARGEST_WHOLE = 256 * 1024 * 1024
MOST_FILES = 200
MOST_ROWS = 1_000_000
LONGEST_CELL = 20_000
DELIMITERS = ",;\t|"
_PIECE = 1 << 16
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def refused(words: str) -> Refused:
    """The file cannot be used, and why."""
    return Refused("roster", words, field="file", status=400)


@dataclass(frozen=True)
class File:
    """One CSV file: its name without folders, and where its bytes are."""

    name: str
    path: Path
    entry: str = ""
    """Its name in the zip file `path`, if it is in one."""

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Its bytes; raises `Refused` when there are more than its size promised."""
        try:
            if not self.entry:
                with self.path.open("rb") as plain:
                    yield plain
            else:
                with zipfile.ZipFile(self.path) as whole, whole.open(self.entry) as inside:
                    yield inside
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
            raise refused(
                f"{self.name} in this zip file is damaged or locked. Export it once more."
            ) from None


def list_files(path: Path, name: str = "") -> list[File]:
    """The CSV files of a zip file, a folder, or the one file that `path` is, which came as `name`."""
    if path.is_dir():
        every = sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
        found = [File(p.name, p) for p in every[: MOST_FILES + 1] if _wanted(p.relative_to(path).as_posix())]
        sizes = [each.path.stat().st_size for each in found]
    elif not path.is_file():
        raise refused("There is no such file.")
    elif zipfile.is_zipfile(path):
        found, sizes = _in_zip(path)
    else:
        with path.open("rb") as plain:
            start = plain.read(4)
        if start.startswith((b"PK", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"Rar!", b"7z")):
            raise refused("This is no CSV file and no zip file of CSV files. Save it as CSV first.")
        found, sizes = [File(name or path.name, path)], [path.stat().st_size]
    if not found:
        raise refused("There is no CSV file in it.")
    if len(found) > MOST_FILES:
        raise refused(f"There are more than {MOST_FILES} files in it. Export the roster alone.")
    _check_sizes(found, sizes)
    return found


def _in_zip(path: Path) -> tuple[list[File], list[int]]:
    found, sizes = [], []
    try:
        with zipfile.ZipFile(path) as whole:
            for entry in whole.infolist():
                if entry.is_dir() or not _wanted(entry.filename):
                    continue
                if entry.flag_bits & 1:
                    raise refused("This zip file is locked with a password. Save it without one.")
                name = PurePosixPath(entry.filename.replace("\\", "/")).name
                found.append(File(name, path, entry.filename))
                sizes.append(entry.file_size)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise refused("This zip file is damaged. Export it once more.") from None
    return found, sizes


def _check_sizes(found: list[File], sizes: list[int]) -> None:
    for each, size in zip(found, sizes, strict=True):
        if size > LARGEST_FILE:
            raise refused(
                f"{each.name} is larger than {LARGEST_FILE >> 20} MB. That is no roster of a school."
            )
    if sum(sizes) > LARGEST_WHOLE:
        raise refused(f"Unpacked, it is larger than {LARGEST_WHOLE >> 20} MB. That is no roster of a school.")


def _wanted(name: str) -> bool:
    # What programs leave beside the files: folders of a Mac, hidden files, lists of Office.
    parts = PurePosixPath(name.replace("\\", "/")).parts
    hidden = any(part.startswith((".", "__MACOSX", "~$")) for part in parts if part not in ("..", "."))
    return not hidden and name.lower().endswith((".csv", ".txt", ".tsv"))


def encoding_of(file: File) -> tuple[str, bool]:
    """How its text is written, and whether that had to be guessed. Raises `Refused` for what is no text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, size, guess = True, 0, ""
    with file.open() as raw:
        while piece := raw.read(_PIECE):
            if not size:
                guess = _by_first_bytes(piece)
            size += len(piece)
            if size > LARGEST_FILE:
                raise refused(f"{file.name} is larger than it says it is. It was not read.")
            if not guess and b"\0" in piece:
                raise refused(f"{file.name} is no text file. Save it as CSV, in UTF-8.")
            if utf8 and not guess:
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError:
                    utf8 = False
    if guess:
        return guess, False
    return ("utf-8-sig", False) if utf8 else ("cp1252", True)


def _by_first_bytes(piece: bytes) -> str:
    for mark, name in _UTF16.items():
        if piece.startswith(mark):
            return name
    pairs = piece[:200]
    if len(pairs) >= 4 and not any(pairs[1::2]) and all(pairs[0::2]):
        return "utf-16-le"
    if len(pairs) >= 4 and not any(pairs[0::2]) and all(pairs[1::2]):
        return "utf-16-be"
    return ""


Line = tuple[int, list[str]]
"""The line on which a row begins, and its cells."""


def read_lines(file: File, encoding: str) -> Iterator[Line]:
    """The rows of a file, the head first, without empty ones. Raises `Refused` where it is not readable."""
    with file.open() as raw:
        text = io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
        head = text.readline(_PIECE)
        while head and not head.strip("\ufeff \t\r\n,;|"):
            head = text.readline(_PIECE)
        delimiter = max(DELIMITERS, key=head.count)
        try:
            first = next(csv.reader([head], delimiter=delimiter), [])
            yield 1, [_cell(each) for each in first]
            reader = csv.reader(text, delimiter=delimiter)
            begins = 2
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield begins, [_cell(each) for each in cells]
                begins = reader.line_num + 2
                if begins > MOST_ROWS:
                    raise refused(
                        f"{file.name} has more than {MOST_ROWS:,} lines. That is no roster of a school."
                    )
        except csv.Error:
            raise refused(
                f"{file.name} cannot be read from line {begins} on: a field there has no end. "
                "Look for a quotation mark that is not closed."
            ) from None
        except UnicodeError:
            raise refused(
                f"{file.name} is not written in a way that can be read. Save it as UTF-8."
            ) from None


def _cell(text: str) -> str:
    tidy = " ".join(text.replace("\0", "").replace("\ufeff", "").split())
    return tidy[:LONGEST_CELL]
