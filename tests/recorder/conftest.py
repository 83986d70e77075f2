"""One media server for all of these tests; the tests that kill a part have a studio of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recorder import studio as real
from tests.recorder.studio import Studio, Vault


@pytest.fixture(scope="session")
def binaries() -> None:
    real.build("server", "recorder", "crowd")


@pytest.fixture(scope="module")
def shared(binaries: None) -> Iterator[Studio]:
    with real.studio() as one:
        yield one


@pytest.fixture
def studio(binaries: None) -> Iterator[Studio]:
    with real.studio() as one:
        yield one


@pytest.fixture
def kept(tmp_path: Path) -> Vault:
    """Where a recording goes, and its key."""
    return Vault(tmp_path / "vault" / "rec-1", "rec-1", os.urandom(32))


@pytest.fixture(scope="session")
def reels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films in one colour each, voices at one pitch each, and a pair that flashes and beeps at one moment.

    That is one second after each beginning, for half a second, every four seconds.
    """
    folder = tmp_path_factory.mktemp("reels")
    for name, colour, pitch in (("amara", "red", 400), ("ben", "green", 700), ("chloe", "blue", 1100)):
        real.film(folder / f"{name}.ivf", f"color=c={colour}", 12)
        real.voice(folder / f"{name}.ogg", f"sine=f={pitch}:r=48000", 12)
    flash = "drawbox=t=fill:c=white:enable='between(t,0.99,1.49)'"
    real.film(folder / "flash.ivf", "color=c=black", 4, then=flash)
    real.voice(folder / "beep.ogg", "aevalsrc='between(t,1,1.5)*0.5*sin(2*PI*600*t)':s=48000", 4)
    return folder
