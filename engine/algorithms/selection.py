"""Who survives of parents and children: one call of a survival part, checked if it is a stranger's."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...errors import PartError
from ...operators.arrays import gather, stack
from ...operators.parts import Survival
from ...operators.survival import RankAndCrowding, Survivors
from ...typing import Candidates, FloatArray, IntArray
from ..constants import constants
from ..population import Population
from .part_memory import PartMemory


class Parents(NamedTuple):
    """Those that may become parents; ``F`` is minimized whatever the user's directions are."""

    ids: IntArray  # (n,)
    X: Candidates  # (n, n_var)
    rank: IntArray  # (n,)
    score: FloatArray  # (n,), larger is better
    F: FloatArray  # (n, n_obj)
    violation: FloatArray  # (n,), 0 where feasible


class Selected(NamedTuple):
    """A population, of which everybody may become a parent."""

    size: int  # the target it was chosen for
    population: Population
    parents: Parents


def select(
    parents: Population,
    ids: IntArray,
    X: Candidates,
    F: FloatArray,
    G: FloatArray,
    size: int,
    survival: Survival,
    rng: np.random.Generator,
    memory: PartMemory,
) -> Selected:
    """The ``size`` survivors of parents and their evaluated children, in this order.

    Of (k,) children: ids, X (k, n_var), and in the user's units F (k, n_obj), G (k, n_con).
    Raises PartError for a survival that breaks its contract.
    """
    definition = parents.definition
    everyone = definition.minimized(stack(parents.F, F))
    pairs = [(parents.ids, ids), (parents.X, X), (parents.F, F)]
    violation: FloatArray = constants[len(everyone), 0.0, float]
    if definition.constraints:
        theirs = definition.violation(G)
        violation = stack(parents.violation, theirs)
        pairs += [(parents.G, G), (parents.violation, theirs)]
    rows, rank, score = surviving(survival, everyone, violation, size, rng, memory)
    ids, X, F, *of_constraints = gather(rows, *pairs)
    n = len(rows)
    G, violation = of_constraints or (constants[(n, 0), 0.0, float], constants[n, 0.0, float])
    population = Population.made(ids, X, F, G, violation, definition)
    return Selected(
        size, population, Parents(ids, X, rank, score, definition.minimized(F), violation)
    )


def surviving(
    survival: Survival,
    F: FloatArray,
    violation: FloatArray,
    size: int,
    rng: np.random.Generator,
    memory: PartMemory,
) -> Survivors:
    """The survivors of (n, n_obj) minimized ``F`` and (n,) ``violation``: ``size``, or all rows.

    Raises PartError, saying what came, unless they are so many different rows with their
    (r,) ranks and scores.
    """
    if type(survival) is RankAndCrowding:
        return survival(F, violation, size, rng, memory)
    return checked(survival, survival(F, violation, size, rng, memory), len(F), size)


def checked(survival: Any, found: Any, n: int, size: int) -> Survivors:
    """What a survival part returned for ``n`` rows, or PartError."""
    if not isinstance(found, tuple) or len(found) != 3:
        raise PartError(
            f"{survival!r} must return pt.Survivors(rows, rank, score), got {found!r:.200}"
        )
    rows, rank, score = (np.asarray(part) for part in found)
    expected = min(n, size)
    if rows.ndim != 1 or (rows.dtype.kind not in "iu" and rows.size):
        raise PartError(
            f"{survival!r} must return row numbers, (r,) whole numbers, as rows; got an array of "
            f"shape {rows.shape} and {rows.dtype}"
        )
    if len(rows) != expected:
        raise PartError(
            f"{survival!r} must keep {expected} of {n} rows, size={size}; it kept {len(rows)}"
        )
    wrong = rows[(rows < 0) | (rows >= n)]
    if wrong.size:
        raise PartError(f"{survival!r} kept row {wrong[0]} of {n}")
    twice, times = np.unique(rows, return_counts=True)
    if (times > 1).any():
        raise PartError(f"{survival!r} kept row {twice[times > 1][0]} twice")
    if rank.shape != rows.shape or rank.dtype.kind not in "iu" or (rank.size and rank.min() < 0):
        raise PartError(
            f"{survival!r} must return the ranks of the rows it kept, ({expected},) whole numbers "
            f"from 0; got {rank!r:.200}"
        )
    if score.shape != rows.shape or score.dtype.kind not in "iufb" or np.isnan(score).any():
        raise PartError(
            f"{survival!r} must return the scores of the rows it kept, ({expected},) numbers and "
            f"no NaN, the larger the better; got {score!r:.200}"
        )
    return Survivors(
        rows.astype(np.int64), rank.astype(np.int64), np.ascontiguousarray(score, dtype=np.float64)
    )
