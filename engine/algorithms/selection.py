"""Who survives of parents and children, and may become a parent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...operators.arrays import gather, stack
from ...operators.parts import Survival, Survivors
from ...operators.survival import RankAndCrowding, survive
from ...typing import Candidates, FloatArray, IntArray
from ..breeding import Mates
from ..checked import check_memory, check_survivors
from ..constants import constants
from ..population import Population
from .part_memory import PartMemory

NOBODY = constants[0, 0, np.int64]


class Selected(NamedTuple):
    """A population, of which everybody may become a parent."""

    size: int  # the target it was chosen for
    population: Population
    mates: Mates


def select(
    parents: Population,
    ids: IntArray,
    X: Candidates,
    F: FloatArray,
    G: FloatArray,
    size: int,
    rng: np.random.Generator,
    survival: Survival,
    memory: PartMemory,
) -> Selected:
    """The ``size`` survivors of parents and their evaluated children, in this order.

    Of (k,) children: ids, X (k, n_var), and in the user's units F (k, n_obj), G (k, n_con).
    ``survival`` may change ``memory``. Raises ShapeError for survivors that are none.
    """
    definition = parents.definition
    everyone = stack(parents.F, F)
    pairs = [(parents.ids, ids), (parents.X, X), (parents.F, F)]
    total: FloatArray | None = None
    if definition.constraints:
        theirs = definition.violation(G)
        total = stack(parents.violation, theirs)
        pairs += [(parents.G, G), (parents.violation, theirs)]
    minimized = definition.minimized(everyone)
    rows, rank, score = survivors(survival, minimized, total, size, rng, memory)
    ids, X, F, *of_constraints = gather(rows, *pairs)
    n = len(rows)
    G, violation = of_constraints or (constants[(n, 0), 0.0, float], constants[n, 0.0, float])
    population = Population.made(ids, X, F, G, violation, definition)
    mates = Mates(ids, X, rank, score, definition.minimized(F), violation, memory)
    return Selected(size, population, mates)


def survivors(
    survival: Survival,
    F: FloatArray,
    violation: FloatArray | None,
    size: int,
    rng: np.random.Generator,
    memory: PartMemory,
) -> Survivors:
    """The survivors of (n, n_obj) minimized ``F`` and (n,) ``violation``: ``size``, or all rows.

    None is that nobody violates anything.

    ``survival`` may change ``memory``. Raises ShapeError for survivors that are none.
    """
    if type(survival) is RankAndCrowding:
        return survive(F, violation, size, rng, survival.crowding, survival.ties)
    if not len(F):  # nobody has succeeded: nothing to ask a part
        return Survivors(NOBODY, NOBODY, np.empty(0))
    if violation is None:
        violation = constants[len(F), 0.0, float]
    found = survival(F, violation, size, rng, memory)
    check_memory(survival, memory)
    return check_survivors(survival, found, len(F), size)
