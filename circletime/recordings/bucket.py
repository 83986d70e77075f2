"""The bucket that recordings are moved to, S3-compatible, as `store` asks for it (ADR 10).

Only what is set in the settings is loaded: a school with a folder never loads this file.
"""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import urllib3.exceptions
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

from circletime.recordings.store import StoreTrouble

_NOT_THERE = {"NoSuchKey", "404", "NotFound"}


class Bucket(S3Storage):
    """A bucket of the vault's own. Every method raises `StoreTrouble` when it does not answer or refuses."""

    def open_source(self, public_id: str, name: str) -> "Ranged":
        """A file to be read anywhere. Raises `FileNotFoundError`."""
        return Ranged(self.bucket.Object(f"{public_id}/{name}"))

    def sizes(self, public_id: str) -> dict[str, int]:
        """Every file of a recording and its bytes."""
        with _asking():
            found = list(self.bucket.objects.filter(Prefix=f"{public_id}/"))
        return {one.key.removeprefix(f"{public_id}/"): one.size for one in found}

    def ids(self) -> set[str]:
        """The names of all recordings of which something is here."""
        with _asking():
            folders, files = self.listdir("")  # type: ignore[no-untyped-call]
        return {*folders, *files}

    def put(self, path: Path, public_id: str, name: str) -> None:
        """Copy a file here, whole or not at all. Raises `FileNotFoundError`."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            with _asking():
                self.save(f"{public_id}/{name}", File(file))
                stored = self.size(f"{public_id}/{name}")  # type: ignore[no-untyped-call]
        if stored != size:
            raise StoreTrouble(f"The bucket kept {stored} bytes of {size}.")

    def remove(self, public_id: str, name: str = "") -> None:
        """Remove a file, or all there is of a recording, with what a bucket keeps of older versions."""
        versions = self.keeps_versions()
        with _asking():
            files = (self.bucket.object_versions if versions else self.bucket.objects).filter(
                Prefix=f"{public_id}/{name}"
            )
            files.delete()
            left = list(files.limit(1))
        if left:
            raise StoreTrouble("The bucket did not remove what it was asked to.")

    def keeps_versions(self) -> bool:
        """Whether what is removed stays as an older version."""
        with _asking():
            return self.bucket.Versioning().status is not None


class Ranged(io.RawIOBase):
    """A file in the bucket, of which only what is read is fetched, in pieces that grow as one reads on.

    Raises `FileNotFoundError` and `StoreTrouble`.
    """

    LEAST, MOST = 128 * 1024, 2 * 1024 * 1024

    def __init__(self, file: Any) -> None:
        super().__init__()
        self._file = file
        self._at, self._begins, self._ahead = 0, 0, self.LEAST
        self._data, self._size = b"", 0
        self._fetch()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        if self._at >= self._size:
            return 0
        if not self._begins <= self._at < self._begins + len(self._data):
            follows = self._at == self._begins + len(self._data)
            self._ahead = min(self.MOST, 2 * self._ahead) if follows else self.LEAST
            self._fetch()
        room = memoryview(buffer)
        start = self._at - self._begins
        part = memoryview(self._data)[start : start + len(room)]
        room[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _fetch(self) -> None:
        wanted = f"bytes={self._at}-{self._at + self._ahead - 1}"
        try:
            with _asking():
                answer = self._file.get(Range=wanted)
                self._data = answer["Body"].read()
        except _Empty:
            return
        self._size = int(answer["ContentRange"].rpartition("/")[2])
        self._begins = self._at
        if not self._data:
            raise StoreTrouble("The bucket sent nothing.")


class _Empty(Exception):
    """There is not one byte in the file."""


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    """The bucket's own troubles become ours."""
    try:
        yield
    except ClientError as trouble:
        code = str(trouble.response.get("Error", {}).get("Code", ""))
        if code in _NOT_THERE:
            raise FileNotFoundError(code) from None
        if code in ("InvalidRange", "416"):
            raise _Empty from None
        raise StoreTrouble(f"The bucket refused: {code or 'no reason given'}.") from trouble
    except (BotoCoreError, Boto3Error, urllib3.exceptions.HTTPError) as trouble:
        raise StoreTrouble(f"The bucket does not answer: {type(trouble).__name__}.") from trouble
