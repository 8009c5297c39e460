"""One generation, from survivors to children, in the order of the paper of NSGA-II.

Each part is called once, on whole arrays: a survival says who stays; mating selects parents,
crossover makes two children of each mating (rows 2i and 2i + 1; an odd number drops the last),
mutation changes them, repair makes them keep a rule; and those that repeat others are drawn again.
What a part returns is checked at once.

So it goes where a part or the space is a user's own. Built-in parts in a built-in space take the
kernels of ``fused.py`` in the place of ``bred``.

Source: K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A fast and elitist multiobjective genetic
algorithm: NSGA-II", IEEE Trans. Evol. Comput. 6(2), 2002, section III.C.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ...operators.duplicates import Seen
from ...operators.parts import Survival, Survivors, named_of
from ...operators.survival import RankAndCrowding
from ...typing import Candidates, FloatArray, IntArray
from ..records.fast import constants
from .checked import check_candidates, check_mates, check_memory, check_rows, check_survivors
from .fused import Mates
from .part_memory import PartMemory

if TYPE_CHECKING:
    from .breeding import Breeding

REDRAWS = 20
"""How often candidates are drawn that turn out to be duplicates, the first time included."""

NOBODY = Survivors(constants[0, 0, np.int64], constants[0, 0, np.int64], constants[0, 0.0, float])

Bred: TypeAlias = tuple[Candidates, IntArray]
"""(k, n_var) children, and the (k, parents) ids of those that each descends from."""

Mated: TypeAlias = list[Candidates]
"""Of each mating the first parent, the second, and so on: (m, n_var) each."""


def survivors(
    survival: Survival, F: FloatArray, violation: FloatArray, size: int,
    rng: np.random.Generator, memory: PartMemory,
) -> Survivors:  # fmt: skip
    """The survivors of (n, n_obj) minimized ``F`` and (n,) ``violation``: ``size``, or all rows.

    ``survival`` may change ``memory``. Raises ShapeError for survivors that are none.
    """
    if type(survival) is RankAndCrowding:
        return survival(F, violation, size, rng, memory)
    if not len(F):  # nobody has succeeded: nothing to ask a part
        return NOBODY
    found = survival(F, violation, size, rng, memory)
    check_memory(survival, memory)
    return check_survivors(survival, found, len(F), size)


def bred(parts: Breeding, mates: Mates, k: int, rng: np.random.Generator) -> Bred:
    """``k`` children of ``mates``, k >= 1; without a crossover, each of one parent."""
    mating, crossover = parts.mating, parts.crossover
    p, matings = (1, k) if crossover is None else (crossover.parents, (k + 1) // 2)
    also = {name: getattr(mates, name) for name in named_of(mating)}
    rows = mating(mates.rank, mates.score, matings, p, rng, **also)
    rows = check_mates(mating, rows, (matings, p), len(mates.ids))
    X = varied(parts, [mates.X[parents] for parents in rows.T], k, rng)
    return X, mates.ids[rows if crossover is None else np.repeat(rows, 2, axis=0)[:k]]


def varied(parts: Breeding, mated: Mated, k: int, rng: np.random.Generator) -> Candidates:
    """``k`` children of matings in which row i of each of the ``mated`` (m, n_var) takes part.

    Without a crossover, one child of each mating; otherwise two, 2i and 2i + 1.
    """
    X, space, crossover = mated[0], parts.space, parts.crossover
    check = check_candidates if parts.repair is None else check_rows  # what is to be repaired
    if crossover is not None:
        X = check(crossover, crossover(*mated, space, rng), 2 * len(X), space)[:k]
    if parts.mutation is not None:
        X = check(parts.mutation, parts.mutation(X, space, rng), k, space)
    if parts.repair is not None:
        X = check_candidates(parts.repair, parts.repair(X, space), k, space)
    return X


def distinct(draw: Callable[[int], Bred], k: int, seen: Seen | None) -> Bred:
    """``k`` that are not in ``seen`` nor equal, and are in it then; fewer if there are no more."""
    X, parents = draw(k)
    if seen is None or not len(repeated := seen.add(X)):
        return X, parents
    for _ in range(REDRAWS - 1):
        fresh, their_parents = draw(len(repeated))
        X[repeated], parents[repeated] = fresh, their_parents
        repeated = repeated[seen.add(fresh)]
        if not len(repeated):
            return X, parents
    return np.delete(X, repeated, axis=0), np.delete(parents, repeated, axis=0)
