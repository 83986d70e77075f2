"""How much of a child the recorder wrote: the other witness beside the register (T10)."""

from dataclasses import dataclass

from circletime.recordings.film.manifest import tracks
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Recording
from circletime.recordings.queries import folder_of, key_of, read_segments
from circletime.recordings.vault import VaultDamaged


@dataclass(frozen=True)
class Written:
    """Seconds of picture and of sound."""

    pictured: float
    heard: float


def read_tracks(recording: Recording, seats: list[str]) -> Written | None:
    """What the vault has of these seats; None where it cannot be read."""
    meeting = recording.meeting
    end = meeting.ended_at or recording.stopped_at or recording.made_at
    try:
        segments = read_segments(recording.public_id, key_of(recording))
    except (KeyTrouble, VaultDamaged, OSError):
        return None
    every = tracks(segments, folder_of(recording.public_id), end.timestamp())
    own = [track for track in every if track.identity in seats]
    return Written(
        pictured=sum(track.ends - track.begins for track in own if track.source == "camera"),
        heard=sum(track.ends - track.begins for track in own if track.source == "microphone"),
    )
