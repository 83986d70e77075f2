"""What a film is made from, as plain values: who was on which track when, and who had the floor.

All times are seconds since 1970, on the recorder's clock, which is the server's.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Track:
    """One recorded track. `begins` is the moment of its timestamp 0."""

    identity: str
    source: str
    path: Path
    begins: float
    ends: float

    @property
    def is_picture(self) -> bool:
        return self.source in ("camera", "screen")


@dataclass(frozen=True)
class Turn:
    """A stretch in which somebody held the floor."""

    identity: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Script:
    """Everything a film needs to know. `labels` go under the tiles; `heading` stands above them."""

    begins: float
    ends: float
    heading: str
    zone: str
    tracks: tuple[Track, ...]
    labels: dict[str, str] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()
    turns: tuple[Turn, ...] = ()

    @property
    def seconds(self) -> float:
        return max(0.0, self.ends - self.begins)


@dataclass(frozen=True)
class Scene:
    """Who is shown between two changes: the tracks alive, by person, and who is shown large."""

    begins: float
    people: tuple[str, ...]
    large: str | None
    floor: str | None
    tracks: tuple[Track, ...]


def scenes(script: Script) -> list[Scene]:
    """The film cut where somebody comes, goes, shares a screen, or is given or loses the floor."""
    cuts = {script.begins}
    for track in script.tracks:
        cuts |= {track.begins, track.ends}
    for turn in script.turns:
        cuts |= {turn.begins, turn.ends}
    inside = sorted(moment for moment in cuts if script.begins <= moment < script.ends)
    found: list[Scene] = []
    for moment in inside:
        scene = _scene(script, moment)
        if not found or _looks(scene) != _looks(found[-1]):
            found.append(scene)
    return found


def _looks(scene: Scene) -> tuple[object, ...]:
    return scene.people, scene.large, scene.floor, scene.tracks


def _scene(script: Script, moment: float) -> Scene:
    alive = tuple(track for track in script.tracks if track.begins <= moment < track.ends)
    here = {track.identity for track in alive}

    def place(identity: str) -> tuple[bool, str, str]:
        return identity not in script.hosts, script.labels.get(identity, "").casefold(), identity

    people = tuple(sorted(here, key=place))
    floor = next((t.identity for t in script.turns if t.begins <= moment < t.ends), None)
    sharing = next((track.identity for track in alive if track.source == "screen"), None)
    hosting = next((identity for identity in people if identity in script.hosts), None)
    large = sharing or (floor if floor in here else None) or hosting
    return Scene(moment, people, large, floor, alive)
