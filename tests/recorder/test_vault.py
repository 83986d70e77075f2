"""The vault's file format: the shared vectors, and everything that may happen to a file on a disk."""

import hashlib
import io
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circletime.recordings import vault
from circletime.recordings.vault import CHUNK, HEADER, TAG, VaultDamaged, VaultReader, VaultWriter

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors" / "ctv1.json").read_text())
KEY = bytes(range(32))
NAME = "rec-1/s1-TR_a.ctv"


class Kept(io.BytesIO):
    """A file whose bytes can still be looked at when it is closed."""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


def sealed(chunks: list[bytes], *, ends: bool = True, name: str = NAME, key: bytes = KEY) -> bytes:
    """A file with these chunks, each flushed, and perhaps its end."""
    out = Kept()
    writer = VaultWriter(out, name, key)
    for chunk in chunks:
        writer.write(chunk)
        writer.flush()
    if not ends:
        return out.getvalue()
    writer.close()
    return out.kept


def opened(data: bytes, name: str = NAME, key: bytes = KEY) -> VaultReader:
    return VaultReader(io.BytesIO(data), name, key)


def written(vector: dict[str, Any]) -> bytes:
    """What a vector's writes say."""
    return b"".join(
        bytes.fromhex(one["hex"]) if "hex" in one else bytes(i * 7 % 251 for i in range(one["pattern"]))
        for one in vector["writes"]
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["title"])
def test_both_languages_write_and_read_the_vectors(vector: dict[str, Any]):
    out = Kept()
    salt, prefix, key = (bytes.fromhex(vector[name]) for name in ("salt", "prefix", "key"))
    writer = VaultWriter(out, vector["name"], key, salt=salt, prefix=prefix)
    for one in vector["writes"]:
        writer.write(written({"writes": [one]}))
        writer.flush()
    if vector["ends"]:
        writer.close()
    data = out.kept if vector["ends"] else out.getvalue()
    assert hashlib.sha256(data).hexdigest() == vector["file_sha256"]
    assert data.hex() == vector.get("file", data.hex())
    reader = opened(data, vector["name"], key)
    assert reader.read() == written(vector)
    assert reader.complete is vector["ends"]
    assert reader.check() == []


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 3 * CHUNK), max_size=5),
    reads=st.lists(st.tuples(st.integers(0, 9 * CHUNK), st.integers(0, 2 * CHUNK)), max_size=12),
)
def test_any_place_can_be_read_in_any_order(sizes: list[int], reads: list[tuple[int, int]]):
    plain = [random.Random(size).randbytes(size) for size in sizes]
    whole = b"".join(plain)
    reader = opened(sealed(plain))
    assert reader.size == len(whole) and reader.complete
    for offset, length in reads:
        assert reader.seek(offset) == offset
        assert reader.read(length) == whole[offset : offset + length]
    assert reader.seek(-min(10, len(whole)), os.SEEK_END) == max(0, len(whole) - 10)
    assert reader.read() == whole[-10:]


@settings(max_examples=150, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_flipped_bit_is_ever_taken_for_the_recording(where: float, bit: int):
    chunks = [b"a" * 50, b"b" * 70, b"c" * 30]
    data = bytearray(sealed(chunks))
    data[int(where * len(data))] ^= 1 << bit
    whole = b"".join(chunks)
    try:
        reader = opened(bytes(data))
        damage = reader.check()
        assert damage or not reader.complete
        got = reader.read()
    except VaultDamaged:
        return
    # Only a file that says of itself that it is not whole can be read, and then as far as it is right.
    assert not reader.complete and whole.startswith(got)


@pytest.mark.parametrize("cut", range(0, 258, 7))
def test_a_file_cut_anywhere_is_read_up_to_its_last_whole_chunk(cut: int):
    chunks = [b"a" * 50, b"b" * 70, b"c" * 30]
    data = sealed(chunks)[:cut]
    if cut < HEADER:
        with pytest.raises(VaultDamaged):
            opened(data)
        return
    reader = opened(data)
    assert not reader.complete and reader.check() == []
    kept, at = b"", HEADER
    for chunk in chunks:
        at += 4 + len(chunk) + TAG
        if at <= cut:
            kept += chunk
    assert reader.read() == kept


def test_the_end_cannot_be_cut_off_unseen_nor_put_on():
    whole = sealed([b"one", b"two"])
    assert not opened(whole[: -(4 + TAG)]).complete
    # A last chunk that claims to be the end does not decrypt: the nonce says what it is.
    forged = bytearray(sealed([b"one", b"two"], ends=False))
    forged[-(4 + 3 + TAG)] |= 0x80
    with pytest.raises(VaultDamaged, match="chunk 1"):
        opened(bytes(forged)).read()


@pytest.mark.parametrize(
    ("name", "key"),
    [(NAME, bytes(32)), ("rec-2/s1-TR_a.ctv", KEY), ("rec-1/s1-TR_b.ctv", KEY)],
    ids=["another key", "another recording", "another track"],
)
def test_a_file_opens_only_in_its_own_place_with_its_own_key(name: str, key: bytes):
    with pytest.raises(VaultDamaged) as caught:
        opened(sealed([b"secret"]), name, key).read()
    assert caught.value.file == name and caught.value.chunk == 0 and name in str(caught.value)


def test_chunks_cannot_change_places_nor_files():
    size = 4 + 100 + TAG
    first, second = sealed([b"a" * 100, b"b" * 100]), sealed([b"x" * 100, b"y" * 100])
    head, one, two, end = first[:HEADER], first[HEADER:][:size], first[HEADER + size :][:size], first[-20:]
    assert opened(head + one + two + end).read() == b"a" * 100 + b"b" * 100
    stranger = second[HEADER + size :][:size]
    for parts, chunk in ((head + two + one + end, 0), (head + one + stranger + end, 1)):
        reader = opened(parts)
        assert reader.check()[0].chunk == chunk
        with pytest.raises(VaultDamaged, match=f"chunk {chunk}"):
            reader.read()
    early = opened(head + one + end)  # the end of the file, put behind a shorter one
    assert not early.complete and [damage.chunk for damage in early.check()] == [1]
    assert early.read() == b"a" * 100


def test_only_the_damaged_chunk_is_lost():
    data = bytearray(sealed([b"a" * 100, b"b" * 100, b"c" * 100]))
    data[HEADER + 130] ^= 1
    reader = opened(bytes(data))
    assert [damage.chunk for damage in reader.check()] == [1]
    assert reader.read(100) == b"a" * 100
    reader.seek(200)
    assert reader.read() == b"c" * 100


def test_a_file_is_made_for_this_account_only_and_never_over_another(tmp_path: Path):
    path = tmp_path / "film.ctv"
    with vault.create(path, NAME, KEY) as out:
        out.write(b"first")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        vault.create(path, NAME, KEY)
    with vault.read(path, NAME, KEY) as back:
        assert back.read() == b"first" and back.complete


def test_what_is_no_vault_file_says_so():
    for data in (b"", b"CTV1", b"x" * 100):
        with pytest.raises(VaultDamaged, match="no recording of ours"):
            opened(data)


def test_the_plain_bytes_are_nowhere_in_the_file():
    text = b"Amara said hello to the whole circle. " * 200
    data = sealed([text])
    assert all(text[i : i + 8] not in data for i in range(0, len(text) - 8, 3))


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, 9 * CHUNK + 77])
def test_a_file_of_full_chunks_is_found_at_one_look(length: int):
    """As a film is: its chunks are not hopped through, which a store would charge a request each for."""
    plain = random.Random(length).randbytes(length)
    out = Kept()
    with VaultWriter(out, NAME, KEY) as writer:
        writer.write(plain)
    source = Looked(out.kept)
    reader = VaultReader(source, NAME, KEY)
    assert reader.complete and reader.size == length and source.looks == 3  # header, last length, last chunk
    assert reader.read() == plain and reader.check() == []
    # Cut off or changed, it is read as any other: as far as it is right.
    for data in (out.kept[:-1], out.kept[: max(HEADER, len(out.kept) - 21)], out.kept + b"more"):
        cut = opened(data)
        assert plain.startswith(cut.read()) and (cut.complete is (data[:-4] == out.kept))


class Looked(io.BytesIO):
    """Counts how often it is read."""

    looks = 0

    def readinto(self, buffer: Any, /) -> int:
        self.looks += 1
        return super().readinto(buffer)


def test_a_forged_length_does_not_move_the_chunks_of_a_full_file():
    out = Kept()
    with VaultWriter(out, NAME, KEY) as writer:
        writer.write(b"a" * CHUNK * 3)
    forged = bytearray(out.kept)
    forged[HEADER : HEADER + 4] = (99).to_bytes(4, "big")  # hopping would be led astray by it
    reader = opened(bytes(forged))
    assert reader.complete and reader.read() == b"a" * CHUNK * 3
