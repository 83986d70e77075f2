"""Where the program is, in a clone and as a wheel, and where it keeps its data.

A wheel has a folder `circletime/built`, laid out as a clone is: `var/bin` with the media server and the
recorder, `room/dist` with the room client. `hatch_build.py` puts it there.
"""

import os
from pathlib import Path

CLONE = Path(__file__).resolve().parent.parent
"""The folder that has this package: a clone, or where wheels are installed."""
PACKAGE = CLONE / "circletime"
BUILT = PACKAGE / "built"
INSTALLED = BUILT.is_dir()
"""Whether this is a wheel, which has everything in it and nothing to build anew."""
BASE = BUILT if INSTALLED else CLONE


def data() -> Path:
    """Where the data is when CIRCLETIME_VAR says nothing: in the clone, or with the account."""
    if not INSTALLED:
        return CLONE / "var"
    given = os.environ.get("XDG_DATA_HOME", "")
    shared = Path(given) if given.startswith("/") else Path.home() / ".local" / "share"
    return shared / "circletime"
