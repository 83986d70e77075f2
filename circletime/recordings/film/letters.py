"""Words as pictures, set by Typst, which the register needs anyway and which brings its own font."""

import io
import json

import av
import numpy as np
import numpy.typing as npt
import typst

Ink = npt.NDArray[np.float32]
"""How much of the words covers each pixel, 0 to 1."""

_SHEET = b"""
#set page(width: auto, height: auto, margin: (x: 1pt, y: 2pt), fill: none)
#let word = json(bytes(sys.inputs.words))
#set text(
  size: float(sys.inputs.size) * 1pt, fill: white, weight: "medium",
  top-edge: "ascender", bottom-edge: "descender",
  font: (if sys.inputs.clock == "yes" { ("DejaVu Sans Mono",) }
         else { ("DejaVu Sans", "Noto Sans", "DejaVu Sans Mono") }),
)
#for w in word { page(text(w)) }
"""


def draw(words: list[str], size: int, *, clock: bool = False) -> list[Ink]:
    """Each of `words` in letters of `size` pixels; `clock` sets them all of one width.

    The words travel as data, so nothing in a name is taken for a command.
    """
    if not words:
        return []
    inputs = {
        "words": json.dumps([word or " " for word in words]),
        "size": str(size),
        "clock": "yes" if clock else "no",
    }
    made = typst.compile(_SHEET, format="png", ppi=72.0, sys_inputs=inputs)
    pages = made if isinstance(made, list) else [made]
    return [_ink(page) for page in pages if page is not None]


def _ink(png: bytes) -> Ink:
    with av.open(io.BytesIO(png), "r") as container:
        frame = next(container.decode(video=0))
    alpha = frame.to_ndarray(format="rgba")[..., 3].astype(np.float32) / 255
    # 4:2:0 wants even sides.
    return np.pad(alpha, ((0, alpha.shape[0] % 2), (0, alpha.shape[1] % 2)))
