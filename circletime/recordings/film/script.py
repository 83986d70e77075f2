"""What a film is made from, as plain values: who was on which track when, and who had the floor.

All times are seconds since 1970, on the recorder's clock, which is the server's.
"""

from dataclasses import dataclass, field
from pathlib import Path

FPS = 15
"""Pictures a second of the film."""
Span = tuple[float, float]


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
class Blank:
    """Somebody was there and is only shown as a plain tile. There is no track of theirs in the script."""

    identity: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Veil:
    """When somebody is neither seen nor heard, or one of the two. The identity "" is everybody."""

    identity: str
    unseen: Span | None
    unheard: Span | None

    def covers(self, identity: str) -> bool:
        return self.identity in ("", identity)


@dataclass(frozen=True)
class Script:
    """Everything a film needs to know. `labels` go under the tiles; `heading` stands above them.

    `tiles` are those who have a tile at all; None is everybody.
    """

    begins: float
    ends: float
    heading: str
    zone: str
    tracks: tuple[Track, ...]
    labels: dict[str, str] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()
    turns: tuple[Turn, ...] = ()
    blanks: tuple[Blank, ...] = ()
    veils: tuple[Veil, ...] = ()
    tiles: frozenset[str] | None = None

    @property
    def seconds(self) -> float:
        return max(0.0, self.ends - self.begins)

    def unseen(self, identity: str) -> tuple[Span, ...]:
        """When this person's picture is not shown."""
        return tuple(veil.unseen for veil in self.veils if veil.unseen and veil.covers(identity))

    def unheard(self, identity: str) -> tuple[Span, ...]:
        """When this person is silent."""
        return tuple(veil.unheard for veil in self.veils if veil.unheard and veil.covers(identity))


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
    for blank in script.blanks:
        cuts |= {blank.begins, blank.ends}
    for veil in script.veils:
        cuts |= set(veil.unseen or ())
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
    blank = {stay.identity for stay in script.blanks if stay.begins <= moment < stay.ends}
    here = {track.identity for track in alive} | blank
    if script.tiles is not None:
        here &= script.tiles

    def place(identity: str) -> tuple[bool, str, str]:
        return identity not in script.hosts, script.labels.get(identity, "").casefold(), identity

    people = tuple(sorted(here, key=place))
    floor = next((t.identity for t in script.turns if t.begins <= moment < t.ends), None)
    seen = [who for who in people if who not in blank and not _in_any(script.unseen(who), moment)]
    sharing = next(
        (track.identity for track in alive if track.source == "screen" and track.identity in seen), None
    )
    hosting = next((who for who in seen if who in script.hosts), None)
    large = sharing or (floor if floor in seen else None) or hosting
    return Scene(moment, people, large, floor, alive)


def _in_any(spans: tuple[Span, ...], moment: float) -> bool:
    return any(begins <= moment < ends for begins, ends in spans)
