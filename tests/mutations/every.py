"""All mutations, clause by clause in the order of the policy."""

from circletime.policy.clauses import CLAUSES
from tests.mutations.change import Mutation
from tests.mutations.children import CHILDREN
from tests.mutations.families import FAMILIES
from tests.mutations.meetings import MEETING
from tests.mutations.recordings import RECORDED
from tests.mutations.school import SCHOOL

_ORDER = [clause.number for clause in CLAUSES]

EVERY: tuple[Mutation, ...] = tuple(
    sorted(
        (*SCHOOL, *MEETING, *RECORDED, *FAMILIES, *CHILDREN),
        key=lambda one: _ORDER.index(one.clauses[0]),
    )
)
