"""A roster on its way in: its rows lie in the database, and a few hundred of them in memory at a time.

Whatever asks something of a whole file asks the database; whatever has to look at rows one by one takes a
batch of them, in the order in which they were read, and looks up at once what belongs to that batch.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from circletime.people.roster.bulk import insert, overwrite
from circletime.people.roster.models import RosterImport, RosterOdd, RosterStaged, RosterTie
from circletime.people.roster.odd import LONGEST, Oddities
from circletime.people.roster.rules import Kind, Tie, Verb

LONGEST_ID = 255
LONGEST_LABEL = 130

Place = tuple[str, int]
"""File and line."""


def key_of(*parts: str) -> str:
    """Words to find somebody by, as they are kept in `RosterStaged.match`."""
    whole = "/".join(parts)
    return whole if len(whole) < 200 else hashlib.sha256(whole.encode()).hexdigest()


class Stage:
    """The rows of one import."""

    def __init__(self, made: RosterImport) -> None:
        self.made = made
        self.source = ""
        """Leavers are looked for among those who came from here before."""
        self.delta = False
        """It says only what changed."""
        self.says_adults = False
        """Whether it says anything of families at all; otherwise they are left alone."""
        self.says_staff = False
        self.clear()
        RosterOdd.objects.filter(roster_import=made).delete()
        self.odd = Oddities(made)
        self._rows: list[RosterStaged] = []
        self._ties: list[RosterTie] = []

    def clear(self) -> None:
        """Nothing that was read of it is left, but what was odd."""
        forget(self.made)

    def every(self, *kinds: Kind) -> QuerySet[RosterStaged]:
        """Rows of these kinds, those that are left out as well."""
        return RosterStaged.objects.filter(roster_import=self.made, kind__in=kinds)

    def used(self, *kinds: Kind) -> QuerySet[RosterStaged]:
        """Rows of these kinds that are not left out."""
        return self.every(*kinds).exclude(verb=Verb.LEFT_OUT)

    def ties(self, *sorts: Tie) -> QuerySet[RosterTie]:
        return RosterTie.objects.filter(roster_import=self.made, sort__in=sorts)

    def put(self, kind: Kind, key: str, at: Place, label: str = "", **more: Any) -> RosterStaged:
        """One more row; written with the batch it belongs to, by `flush`."""
        row = RosterStaged(
            roster_import_id=self.made.pk,
            kind=kind,
            source_id=key,
            file=at[0][:LONGEST],
            line=at[1],
            label=label[:LONGEST_LABEL],
            **more,
        )
        self._rows.append(row)
        return row

    def tie(
        self, sort: Tie, one: str, other: str, at: Place, column: str, *, worth: int = 0, role: str = ""
    ) -> None:
        """One more tie; an ID that is too long for anybody's is told of instead."""
        if len(one) > LONGEST_ID or len(other) > LONGEST_ID:
            self.odd.refuse(*at, column, f"This ID is longer than {LONGEST_ID} characters.")
            return
        where = {"file": at[0][:LONGEST], "line": at[1]}
        self._ties.append(
            RosterTie(
                roster_import_id=self.made.pk,
                sort=sort,
                one=one,
                other=other,
                worth=worth,
                role=role,
                **where,
            )
        )

    def flush(self) -> None:
        """Everything that was put is written."""
        insert(RosterStaged, self._rows)
        insert(RosterTie, self._ties)
        self._rows, self._ties = [], []

    def leave_out(self, rows: Iterable[RosterStaged]) -> None:
        """These rows are not used."""
        keys = [row.pk for row in rows]
        RosterStaged.objects.filter(pk__in=keys).update(verb=Verb.LEFT_OUT)

    def save(self, rows: list[RosterStaged]) -> None:
        """What was found out about rows that are there already."""
        overwrite(RosterStaged, rows, ["label", "said", "match", "about", "verb", "write", "details"])


def forget(made: RosterImport) -> None:
    """Nothing that was read of an import is left, but what was odd."""
    RosterStaged.objects.filter(roster_import=made).delete()
    RosterTie.objects.filter(roster_import=made).delete()
