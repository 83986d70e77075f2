"""What a film leaves out: other people, and stretches of somebody's picture or sound. Plain values (T10).

Leaving out begins before anything is read: a track that may not be shown is not in the script at all, so
nothing that comes after can show it by mistake.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from circletime.recordings.film.script import FPS, Blank, Script, Track, Veil

SOUND_MARGIN = 0.05
"""Seconds: a sound is cut so much earlier and later, as a codec smears it a little over its edges."""


@dataclass(frozen=True)
class Stretch:
    """A piece of the film, in seconds from its start, in which somebody is not seen or not heard.

    `identity` is a seat's public id; empty stands for everybody.
    """

    begins: float
    ends: float
    identity: str = ""
    picture: bool = True
    sound: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.ends) and 0 <= self.begins <= self.ends):
            raise ValueError("A stretch begins in the film and ends after it began.")


@dataclass(frozen=True)
class Cut:
    """What a film leaves out. `keep` are seats' public ids; None keeps everybody."""

    keep: frozenset[str] | None = None
    others: str = "Another child"
    stretches: tuple[Stretch, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As the database keeps it; an empty object when all is shown."""
        if self == Cut():
            return {}
        return {
            "keep": None if self.keep is None else sorted(self.keep),
            "others": self.others,
            "stretches": [asdict(stretch) for stretch in self.stretches],
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Cut":
        """Back from the database. Raises `ValueError`, `TypeError` or `KeyError` for what is no cut."""
        if not told:
            return cls()
        keep = None if told["keep"] is None else frozenset(str(each) for each in told["keep"])
        return cls(keep, str(told["others"]), tuple(Stretch(**each) for each in told["stretches"]))


def redact(script: Script, cut: Cut) -> Script:
    """The script of the film that leaves out what `cut` says.

    Who is not kept becomes a plain tile under the label `others`; their tracks, names and turns are gone.
    """
    kept = script if cut.keep is None else _without_others(script, cut.keep, cut.others)
    veils = tuple(_veil(kept, stretch) for stretch in cut.stretches)
    return replace(kept, veils=kept.veils + veils)


def alone(script: Script, cut: Cut) -> Script:
    """The script of one person's film: their picture and no other, and everybody's sound."""
    keep = cut.keep or frozenset()
    seen = tuple(track for track in script.tracks if not track.is_picture or track.identity in keep)
    return redact(replace(script, tracks=seen, tiles=keep), replace(cut, keep=None))


def _without_others(script: Script, keep: frozenset[str], label: str) -> Script:
    others = [track for track in script.tracks if track.identity not in keep]
    blanks = tuple(_blanks(others))
    labels = {identity: words for identity, words in script.labels.items() if identity in keep}
    return replace(
        script,
        tracks=tuple(track for track in script.tracks if track.identity in keep),
        labels=labels | {blank.identity: label for blank in blanks},
        hosts=script.hosts & keep,
        turns=tuple(turn for turn in script.turns if turn.identity in keep),
        blanks=script.blanks + blanks,
    )


def _blanks(tracks: list[Track]) -> Iterable[Blank]:
    """When each of these people was there, under names that say nothing."""
    names = {identity: f"other-{number}" for number, identity in enumerate(_by_coming(tracks))}
    for identity, name in names.items():
        stay: tuple[float, float] | None = None
        for track in sorted((t for t in tracks if t.identity == identity), key=lambda t: t.begins):
            if stay is not None and track.begins > stay[1]:
                yield Blank(name, *stay)
                stay = None
            stay = (track.begins, track.ends) if stay is None else (stay[0], max(stay[1], track.ends))
        if stay is not None:
            yield Blank(name, *stay)


def _by_coming(tracks: list[Track]) -> list[str]:
    return list(dict.fromkeys(track.identity for track in sorted(tracks, key=lambda t: t.begins)))


def _veil(script: Script, stretch: Stretch) -> Veil:
    """A stretch on the clock, widened to whole pictures and past what a codec smears."""
    first, last = math.floor(stretch.begins * FPS), math.floor(stretch.ends * FPS) + 1
    return Veil(
        identity=stretch.identity,
        unseen=(script.begins + first / FPS, script.begins + last / FPS) if stretch.picture else None,
        unheard=(
            (script.begins + stretch.begins - SOUND_MARGIN, script.begins + stretch.ends + SOUND_MARGIN)
            if stretch.sound
            else None
        ),
    )
