#!/usr/bin/env python3
"""Checks an export of Circletime's log, or a signed report, with nothing but Python's standard library.

    python3 verify_log.py log.jsonl                         the export holds together
    python3 verify_log.py log.jsonl --checkpoint mail.txt   and has the row that this letter tells of
    python3 verify_log.py report.pdf                        a report (PDF or CSV) is as it was signed
    ... --key HEX                                           signed with the key you noted, and no other

The file may be compressed (.gz). The exit status is 0 only when everything holds. What the format is, and
what this shows, is told in docs/log-format.md. You need not trust who wrote the file: read this program.
"""

import argparse
import base64
import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterable
from typing import Any

FORMAT = "circletime-log/1"
BEGIN, END = "-----BEGIN CIRCLETIME CHECKPOINT-----", "-----END CIRCLETIME CHECKPOINT-----"
SIGNED = re.compile(rb'(?:%|")circletime-signature(?: |",")([A-Za-z0-9+/=]+)"?\r?\n\Z')


_compact = json.JSONEncoder(separators=(",", ":")).encode


class Broken(Exception):
    """What is checked does not hold; `row` is the first bad row of a log, where there is one."""

    def __init__(self, text: str, row: int | None = None) -> None:
        super().__init__(text)
        self.row = row


class Export:
    """An export as it is read, line by line, in constant memory."""

    def __init__(self, key: str = "", mailed: dict[str, Any] | None = None) -> None:
        self.key, self.mailed = key, mailed
        self.number, self.digest = 0, "0" * 64
        self.signed, self.begun, self.ended = 0, False, False

    def take(self, line: str) -> None:
        """One more line. Raises `Broken`."""
        try:
            one = json.loads(line)
            if self.ended:
                raise Broken("something stands behind the end of the export")
            if not self.begun:
                self._head(one)
            elif "row" in one:
                self._row(one)
            elif "checkpoint" in one:
                self._checkpoint(read_checkpoint(one["checkpoint"], one["signature"]))
            else:
                self._end(one)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Broken(f"what follows row {self.number} cannot be read", self.number + 1) from None

    def _head(self, one: dict[str, Any]) -> None:
        if one["format"] != FORMAT:
            raise Broken("this is no export of Circletime's log")
        if self.key and one["public_key"] != self.key:
            raise Broken("the export names another key than the one you gave")
        self.key, self.begun = one["public_key"], True

    def _row(self, one: dict[str, Any]) -> None:
        number, expected = one["row"], self.number + 1
        if number != expected:
            raise Broken(f"row {expected} is missing", expected)
        if one["previous"] != self.digest:
            raise Broken(f"row {number} does not follow the row before it", number)
        parts = [number, *(one[name] for name in ("at", "kind", "by", "subject", "data", "previous"))]
        text = _compact(parts)
        if hashlib.sha256(text.encode()).hexdigest() != one["digest"]:
            raise Broken(f"row {number} was changed", number)
        self.number, self.digest = number, one["digest"]
        if self.mailed is not None and self.mailed["row"] == number:
            self._checkpoint(self.mailed)
            self.mailed = None

    def _checkpoint(self, said: dict[str, Any]) -> None:
        if said["public_key"] != self.key:
            raise Broken(f"a checkpoint of {said['school']!r} is signed with another key than this log's")
        if said["row"] > self.number:
            raise self._short(said)
        if (said["row"], said["digest"]) != (self.number, self.digest):
            first, last = self.signed + 1, said["row"]
            raise Broken(
                f"of rows {first} to {last} at least one was rewritten: the checkpoint that was signed at "
                f"row {last} has another digest",
                first,
            )
        self.signed = self.number

    def _end(self, one: dict[str, Any]) -> None:
        if one["end"] != self.number:
            ends = f"the log ends at row {self.number}, but {one['end']} rows were written"
            raise Broken(ends, min(self.number, one["end"]) + 1)
        if one["digest"] != self.digest:
            raise Broken(f"row {self.number} is not the one that was written last", self.number)
        self.ended = True

    def _short(self, said: dict[str, Any]) -> Broken:
        ends = f"the log ends at row {self.number}, but a checkpoint was signed at row {said['row']}"
        return Broken(ends, self.number + 1)

    def close(self) -> str:
        """Nothing more comes: a sentence of what was found. Raises `Broken`."""
        if not self.ended:
            raise Broken(f"the export breaks off after row {self.number}", self.number + 1)
        if self.mailed is not None:
            raise self._short(self.mailed)
        up_to = f"Signed up to row {self.signed}." if self.signed else "No checkpoint was signed yet."
        return f"{self.number} rows, none changed, dropped or reordered. {up_to}"


def check_export(lines: Iterable[str], *, key: str = "", mailed: dict[str, Any] | None = None) -> str:
    """Read a whole export; answers a sentence. Raises `Broken`."""
    export = Export(key, mailed)
    for line in lines:
        export.take(line)
    return export.close()


def read_checkpoint(text: str, signature: str) -> dict[str, Any]:
    """What a checkpoint says, its signature checked. Raises `Broken`."""
    said: dict[str, Any] = json.loads(text)
    if not is_signed(text.encode(), signature, said["public_key"]):
        raise Broken(
            f"the checkpoint at row {said['row']} was changed: its signature does not fit", said["row"]
        )
    return said


def read_letter(text: str) -> dict[str, Any]:
    """The checkpoint in a letter, quoted or folded as it may be. Raises `Broken`."""
    begun, ended = text.find(BEGIN), text.find(END)
    if begun < 0 or ended < begun:
        raise Broken(f"there is no checkpoint in this letter, from {BEGIN!r} to {END!r}")
    packed = re.sub(r"[^A-Za-z0-9+/=]", "", text[begun + len(BEGIN) : ended])
    try:
        found = json.loads(base64.b64decode(packed))
        return read_checkpoint(found["text"], found["signature"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Broken("the checkpoint in this letter cannot be read") from None


def check_report(data: bytes, *, key: str = "") -> dict[str, Any]:
    """What the signature of a report says, once it fits. Raises `Broken`."""
    found = SIGNED.search(data, max(0, len(data) - 16_384))
    if found is None:
        raise Broken("this file has no signature at its end; it is no signed report, or was saved anew")
    try:
        kept = json.loads(base64.b64decode(found[1]))
        text, signature = kept["text"], kept["signature"]
        said: dict[str, Any] = json.loads(text)
        if not is_signed(text.encode(), signature, said["public_key"]):
            raise Broken("the signature does not fit")
        if key and said["public_key"] != key:
            raise Broken("it is signed with another key than the one you gave")
        if hashlib.sha256(data[: found.start()]).hexdigest() != said["sha256"]:
            raise Broken("this report was changed after it was signed")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Broken("the signature cannot be read") from None
    return said


# Ed25519 (RFC 8032), checking only. Slow, plain, and with nothing secret in it.
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def _add(a: _Point, b: _Point) -> _Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    g, h = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    x, y, z, w = f - e, h - g, h + g, f + e
    return (x * y % _P, z * w % _P, y * z % _P, x * w % _P)


def _times(factor: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _add(result, point)
        point, factor = _add(point, point), factor >> 1
    return result


def _x_of(y: int, sign: int) -> int:
    if y >= _P:
        raise ValueError("no point")
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        raise ValueError("no point")
    return _P - x if x & 1 != sign else x


def _point(raw: bytes) -> _Point:
    y = int.from_bytes(raw, "little")
    y, sign = y & (1 << 255) - 1, y >> 255
    x = _x_of(y, sign)
    return (x, y, 1, x * y % _P)


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def is_signed(data: bytes, signature: str, key: str) -> bool:
    """Whether the signature (hex) is the one of `data` by the public key (hex)."""
    try:
        raw, public = bytes.fromhex(signature), bytes.fromhex(key)
        if len(raw) != 64 or len(public) != 32:
            return False
        a, r = _point(public), _point(raw[:32])
    except (ValueError, TypeError):
        return False
    s = int.from_bytes(raw[32:], "little")
    if s >= _L:
        return False
    h = int.from_bytes(hashlib.sha512(raw[:32] + public + data).digest(), "little") % _L
    left, right = _times(s, _BASE), _add(r, _times(h, a))
    return (
        (left[0] * right[2] - right[0] * left[2]) % _P == 0 == (left[1] * right[2] - right[1] * left[2]) % _P
    )


def check_file(path: str, *, key: str = "", letter: str = "") -> str:
    """Check what the file is, an export or a report; answers a sentence. Raises `Broken` and `OSError`."""
    mailed = read_letter(letter) if letter else None
    with open(path, "rb") as file:
        begins = file.read(5)
    if begins[:1] == b"{" or begins[:2] == b"\x1f\x8b":
        opened = gzip.open if begins[:2] == b"\x1f\x8b" else open
        try:
            with opened(path, "rt", encoding="utf-8") as lines:
                return check_export(lines, key=key, mailed=mailed)
        except (EOFError, UnicodeDecodeError):
            raise Broken("the file breaks off, or is damaged") from None
    with open(path, "rb") as file:
        said = check_report(file.read(), key=key)
    return (
        f"{said['title']} of {said['school']}, {said['from']} to {said['to']}, signed {said['at']} at row "
        f"{said['row']} of the log ({said['digest'][:16]}): unchanged. Key: {said['public_key']}"
    )


def main() -> int:
    """The command. Exit status 0: holds; 1: does not; 2: cannot be read."""
    told = argparse.ArgumentParser(description="Checks an export of Circletime's log, or a signed report.")
    told.add_argument("file")
    told.add_argument("--checkpoint", metavar="LETTER", help="a file with the letter's text")
    told.add_argument("--key", default="", metavar="HEX", help="the public key that you noted")
    wanted = told.parse_args()
    try:
        letter = open(wanted.checkpoint, encoding="utf-8").read() if wanted.checkpoint else ""
        sys.stdout.write(check_file(wanted.file, key=wanted.key, letter=letter) + "\n")
    except Broken as broken:
        sys.stdout.write(f"It does not hold: {broken}.\n")
        return 1
    except (OSError, UnicodeDecodeError) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
