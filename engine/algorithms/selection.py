"""Who survives of parents and children, and may become a parent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...operators.arrays import gather, stack
from ...operators.parts import Survival
from ...operators.survival import RankAndCrowding
from ...typing import Candidates, FloatArray, IntArray
from ..records.fast import constants
from ..records.population import Population
from .breeding import Mates
from .generation import survivors
from .part_memory import PartMemory


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
    total: FloatArray = constants[len(everyone), 0.0, float]
    if definition.constraints:
        theirs = definition.violation(G)
        total = stack(parents.violation, theirs)
        pairs += [(parents.G, G), (parents.violation, theirs)]
    minimized = definition.minimized(everyone)
    if type(survival) is RankAndCrowding and not definition.constraints:  # no zeros to look at
        rows, rank, score = survival(minimized, None, size, rng, memory)
    else:
        rows, rank, score = survivors(survival, minimized, total, size, rng, memory)
    ids, X, F, *of_constraints = gather(rows, *pairs)
    n = len(rows)
    G, violation = of_constraints or (constants[(n, 0), 0.0, float], constants[n, 0.0, float])
    population = Population.made(ids, X, F, G, violation, definition)
    mates = Mates(ids, X, rank, score, definition.minimized(F), violation, memory)
    return Selected(size, population, mates)
