"""Valid files, spoiled: bytes turned, cut out, put in, doubled, and replaced by what breaks readers."""

from collections.abc import Callable

from hypothesis import strategies as st

Spoil = Callable[[bytes], bytes]

BREAKS = (
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b'"',
    b"\r\n",
    b"\r",
    b",;\t|",
    b"-1",
    b"9" * 25,
    b"1e999",
    b"PK\x03\x04",
    b"PK\x05\x06" + b"\xff" * 18,
    b"endobj",
    b"1 0 R",
    b"/Length 99999999999",
    b"stream",
    b"[" * 3000,
    b"<<" * 500,
    b"=cmd|' /C calc'!A0",
    b"../../x",
    b"A" * 3000,
)


@st.composite
def spoils(draw: st.DrawFn) -> Spoil:
    """A few ways in which a file is not as it was, at places that are parts of its length."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["turn", "cut", "put", "double", "replace", "end"]),
                st.floats(0, 1, exclude_max=True),
                st.integers(1, 200),
                st.one_of(st.sampled_from(BREAKS), st.binary(max_size=20)),
            ),
            min_size=1,
            max_size=5,
        )
    )

    def spoil(whole: bytes) -> bytes:
        for how, part, length, data in steps:
            at = int(part * len(whole))
            before, piece, after = whole[:at], whole[at : at + length], whole[at + length :]
            whole = {
                "turn": before + bytes(each ^ (1 << length % 8) for each in piece[:1]) + piece[1:] + after,
                "cut": before + after,
                "put": before + data + piece + after,
                "double": before + piece + piece + after,
                "replace": before + data + after,
                "end": before,
            }[how]
        return whole

    return spoil
