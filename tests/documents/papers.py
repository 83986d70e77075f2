"""Documents in a world: written, published, accepted."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from circletime.documents.actions.accept import accept
from circletime.documents.actions.publish import Written, publish, write
from circletime.documents.models import Acceptance, Version
from circletime.documents.queries import draft
from circletime.documents.rules.kinds import Asks, Audience, Gate, Kind, Way
from circletime.people.models import Household, User
from tests.world import World

TEXT = (
    "# How we meet\n\nWe listen to each other, and one of us speaks at a time.\n\n- Kind words\n- No photos\n"
)


@dataclass
class Papers:
    """What the office does with documents."""

    world: World

    @property
    def office(self) -> User:
        return self.world.staff["office"]

    def write(self, kind: Kind = Kind.CONDUCT, text: str = TEXT, **how: Any) -> Version:
        found = draft(kind)
        how = {"by": self.office, "revision": found.revision if found else 0} | how
        return write(kind=kind, written=Written(text), now=self.world.now, **how)

    def publish(
        self,
        kind: Kind = Kind.CONDUCT,
        *,
        text: str = TEXT,
        of: tuple[Audience, ...] | None = None,
        gates: tuple[Gate, ...] | None = None,
        due_on: date | None = None,
        changes: str = "As the board wished",
        by: User | None = None,
        asks_again: bool = True,
    ) -> Version:
        """Written and published, asking whom it usually asks."""
        usual = kind.usual
        asks = Asks(
            usual.of if of is None else frozenset(of), usual.gates if gates is None else frozenset(gates)
        )
        written = self.write(kind, text)
        return publish(
            kind=kind,
            revision=written.revision,
            asks=asks,
            due_on=due_on,
            changes=changes,
            by=by or self.office,
            now=self.world.now,
            asks_again=asks_again,
        )

    def home(self, name: str) -> Household:
        """The one household of a child of Oak."""
        return self.world.pupil(name).households.get()

    def accept(self, version: Version, *, way: Way = Way.PAGE, **who: Any) -> Acceptance:
        return accept(version=version, way=way, now=self.world.now, **who)
