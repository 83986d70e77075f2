"""Which children and adults make a household, as guardians come and go.

Children who share the same adults are one household, until the office makes it otherwise. What it made
stays: only an adult whom the school's own system added to a child or took away from it is moved.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

Home = int
"""A household's key; those below zero have yet to be made."""


@dataclass
class Homes:
    """Who lives where: pupils and adults by their keys, as it stands and then as it will be.

    Not the whole school: whoever is to be moved, and everybody in the households that this touches.
    """

    pupils: dict[Home, set[int]] = field(default_factory=lambda: defaultdict(set))
    adults: dict[Home, set[int]] = field(default_factory=lambda: defaultdict(set))
    of_pupil: dict[int, set[Home]] = field(default_factory=lambda: defaultdict(set))
    of_adult: dict[int, set[Home]] = field(default_factory=lambda: defaultdict(set))
    shut: set[Home] = field(default_factory=set)
    """Households somebody was taken out of: they may know its link."""
    made: int = 0

    def put_pupil(self, pupil: int, home: Home) -> None:
        self.pupils[home].add(pupil)
        self.of_pupil[pupil].add(home)

    def put_adult(self, adult: int, home: Home) -> None:
        self.adults[home].add(adult)
        self.of_adult[adult].add(home)

    def take_pupil(self, pupil: int, home: Home) -> None:
        self.pupils[home].discard(pupil)
        self.of_pupil[pupil].discard(home)

    def take_adult(self, adult: int, home: Home) -> None:
        self.adults[home].discard(adult)
        self.of_adult[adult].discard(home)
        self.shut.add(home)

    def home_for(self, adults: set[int]) -> Home:
        """The household of exactly these adults, made where there is none."""
        if adults:
            candidates = set.intersection(*(self.of_adult[each] for each in adults))
            found = [home for home in sorted(candidates) if self.adults[home] == adults]
            if found:
                return found[0]
        self.made += 1
        for each in adults:
            self.put_adult(each, -self.made)
        return -self.made


Changes = dict[int, tuple[set[int], set[int]]]
"""By pupil, the adults before and after."""


def arrange(homes: Homes, whom: Iterable[int], changes: Changes) -> None:
    """Move these pupils, whose adults changed; `changes` has also those of whoever lives with them."""
    for pupil in whom:
        before, after = changes[pupil]
        together = {
            home
            for home in homes.of_pupil[pupil]
            if all(each in changes and changes[each][1] == after for each in homes.pupils[home])
        }
        _take_out(homes, pupil, before - after, after, together)
        new = after - _adults_of(homes, pupil)
        own = sorted(homes.of_pupil[pupil])
        if not own:
            homes.put_pupil(pupil, homes.home_for(after))
        elif new and len(own) == 1 and own[0] in together:
            for adult in new:
                homes.put_adult(adult, own[0])
        elif new and len(own) == 1 and homes.adults[own[0]] <= before:
            homes.take_pupil(pupil, own[0])
            homes.put_pupil(pupil, homes.home_for(after))
        elif new:
            homes.put_pupil(pupil, homes.home_for(new))


def _take_out(homes: Homes, pupil: int, gone: set[int], after: set[int], together: set[Home]) -> None:
    """End what a child has to do with adults who are gone. Brothers and sisters whose adults change in the
    same way keep the household together; otherwise the child leaves it."""
    for home in sorted(homes.of_pupil[pupil]):
        if not gone & homes.adults[home]:
            continue
        if home in together:
            for adult in gone & homes.adults[home]:
                homes.take_adult(adult, home)
        if home not in together or (not homes.adults[home] and after):
            homes.take_pupil(pupil, home)


def _adults_of(homes: Homes, pupil: int) -> set[int]:
    return {adult for home in homes.of_pupil[pupil] for adult in homes.adults[home]}
