"""Who survives: constrained non-dominated ranks, then crowding in the front that is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ..cext import crowding as _crowding
from ..cext import dominance
from ..errors import ShapeError
from ..typing import FloatArray, IntArray

Crowding = Literal["current", "once"]


def _objectives(F: ArrayLike) -> FloatArray:
    try:
        raw = np.asarray(F)
        if raw.dtype.kind not in "fiubO":
            raise TypeError(f"got {raw.dtype}")
        values = np.ascontiguousarray(raw, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ShapeError(f"F must hold numbers: {error}") from None
    if values.ndim != 2 or values.shape[1] < 1:
        raise ShapeError(f"F must have shape (n, n_obj) with n_obj >= 1, got {values.shape}")
    if not np.isfinite(values).all():
        rows = np.flatnonzero(~np.isfinite(values).all(axis=1))
        raise ShapeError(
            f"F must be finite; row {rows[0]} is {values[rows[0]].tolist()} "
            f"({rows.size} such rows); leave failed evaluations out before ranking"
        )
    return values


def nondominated_rank(F: ArrayLike) -> IntArray:
    """Non-dominated rank of every row, 0 for the best front.

    Args:
        F: (n, n_obj) objective values, minimized, finite. Equal rows have equal ranks.

    Returns:
        (n,) int64.

    Raises:
        ShapeError: If ``F`` is not two-dimensional or not finite.

    O(n log n) for two objectives, at worst O(n_obj n^2) for more.
    Source: Deb, Pratap, Agarwal, Meyarivan 2002, section III.A (the definition).
    """
    return dominance.nondominated_rank(_objectives(F))


def crowding_distance(F: ArrayLike) -> FloatArray:
    """Crowding distance of every row, all rows taken as one front.

    Args:
        F: (n, n_obj) objective values, finite. Rows tied in an objective stand in the order given.

    Returns:
        (n,) float64: the sum over objectives of the distance between the two neighbours, divided by
        the objective's range. Extremes are inf; an objective without range contributes 0.

    Raises:
        ShapeError: If ``F`` is not two-dimensional or not finite.

    O(n_obj n log n). Source: Deb, Pratap, Agarwal, Meyarivan 2002, section III.B.
    """
    values = _objectives(F)
    return _crowding.crowding_distance(values, _crowding.sort_objectives(values))


def constrained_rank(F: FloatArray, violation: FloatArray) -> IntArray:
    """(n,) int64 ranks under constrained domination, 0 for the best.

    ``violation`` (n,) float64, 0 where feasible. Feasible rows are ranked by ``F`` (minimized) and
    precede infeasible ones, which are ranked by their violation alone.
    Source: Deb et al. 2002, definition 1.
    """
    infeasible = violation > 0
    if not infeasible.any():
        return dominance.nondominated_rank(F)
    rank = np.empty(len(F), dtype=np.int64)
    feasible_rank = dominance.nondominated_rank(np.ascontiguousarray(F[~infeasible]))
    rank[~infeasible] = feasible_rank
    _, order = np.unique(violation[infeasible], return_inverse=True)
    rank[infeasible] = order + feasible_rank.max(initial=-1) + 1
    return rank


@dataclass(frozen=True)
class Survivors:
    """Rows that survive, ascending, with their rank and crowding distance among each other."""

    rows: IntArray
    rank: IntArray
    crowding: FloatArray


def survive(
    F: FloatArray,
    violation: FloatArray,
    n: int,
    rng: np.random.Generator,
    crowding: Crowding = "current",
) -> Survivors:
    """The ``n`` best rows, or all if there are no more: whole fronts, the last one by crowding.

    Args:
        F: (k, n_obj) objective values, minimized, finite.
        violation: (k,) total constraint violation, 0 where feasible.
        n: How many may survive.
        rng: Orders ties: of values in an objective, and of equal distances.
        crowding: "current": the smallest distance is removed and its neighbours' distances updated,
            again and again (Zheng and Doerr 2022). "once": distances of the whole front are used.

    Returns:
        The survivors. Their ranks are those among all rows, which removal of worse ones never
        changes; their crowding distances are computed among the survivors.
    """
    rank = constrained_rank(F, violation)
    if len(F) <= n:
        kept = np.arange(len(F))
    else:
        sizes = np.cumsum(np.bincount(rank))
        cut = int(np.searchsorted(sizes, n))  # the first front that fills the population
        front = np.flatnonzero(rank == cut)
        room = n - (int(sizes[cut - 1]) if cut else 0)
        chosen = front[_least_crowded(F[front], room, rng, crowding)]
        kept = np.sort(np.concatenate([np.flatnonzero(rank < cut), chosen]))
    kept_rank = rank[kept]
    return Survivors(kept, kept_rank, crowding_by_rank(F[kept], kept_rank, rng))


def _least_crowded(
    F: FloatArray, room: int, rng: np.random.Generator, crowding: Crowding
) -> IntArray:
    if room == len(F):
        return np.arange(room)
    order = _crowding.sort_objectives(F, rng)
    priority = rng.random(len(F))  # breaks ties of equal distances
    if crowding == "current":
        return _crowding.truncate(F, order, priority, room)
    return _crowding.truncate_once(_crowding.crowding_distance(F, order), priority, room)


def crowding_by_rank(F: FloatArray, rank: IntArray, rng: np.random.Generator) -> FloatArray:
    """(n,) crowding distance of every row within its own front; ties ordered at random."""
    distance = np.empty(len(F))
    by_rank = np.argsort(rank, kind="stable")
    for front in np.split(by_rank, np.flatnonzero(np.diff(rank[by_rank])) + 1):
        values = F[front]
        distance[front] = _crowding.crowding_distance(
            values, _crowding.sort_objectives(values, rng)
        )
    return distance
