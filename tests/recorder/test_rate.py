"""What a recording really takes on the disk, against what a meeting must find free before it starts."""

import time
from pathlib import Path

import pytest

from circletime.media import livekit
from circletime.recordings import room
from tests.recorder import studio as real
from tests.recorder.studio import Member, Studio, Vault

pytestmark = [pytest.mark.media, pytest.mark.timeout(180)]


def test_what_is_written_stays_below_what_is_counted_with(studio: Studio, kept: Vault, tmp_path: Path):
    """Four who send all they may, all the time: as bytes a second for each, over the whole time."""
    film = real.film(tmp_path / "one.ivf", "testsrc2=duration=60", 12, kbits=room.CAMERA // 1000)
    voice = real.voice(tmp_path / "one.ogg", "anoisesrc=r=48000", 12)
    livekit.create_room("rate")
    began = time.monotonic()
    studio.record(kept.recording, kept.folder, kept.key, room="rate")
    try:
        with studio.crowd(*[Member(f"p{n}", film, voice) for n in range(4)], room="rate"):
            time.sleep(15)
    finally:
        studio.client.stop(kept.recording)
    lasted = time.monotonic() - began
    size = sum(path.stat().st_size for path in kept.folder.iterdir())
    counted = 4 * (room.CAMERA + room.MICROPHONE) * room.AROUND / 8
    print(f"{size / lasted / 4:.0f} bytes a second for each, {counted / 4:.0f} counted with")
    assert 0.4 * counted < size / lasted < counted
