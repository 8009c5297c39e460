"""Who survives: constrained non-dominated ranks, then crowding in the front that is cut."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..cext import crowding as _crowding
from ..cext import dominance, survival, truthful
from ..errors import ShapeError
from ..typing import FloatArray, IntArray

Crowding = Literal["current", "once", "truthful"]
Ties = Literal["random", "balanced"]


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

    O(n log n) for two objectives; for more see ``cext/dominance.pyx``.
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
    if not violation.any():  # it is never negative
        return dominance.nondominated_rank(F)
    infeasible = violation > 0
    rank = np.empty(len(F), dtype=np.int64)
    feasible_rank = dominance.nondominated_rank(np.ascontiguousarray(F[~infeasible]))
    rank[~infeasible] = feasible_rank
    _, order = np.unique(violation[infeasible], return_inverse=True)
    rank[infeasible] = order + feasible_rank.max(initial=-1) + 1
    return rank


class Survivors(NamedTuple):
    """Rows that survive, ascending, with their rank and crowding distance among each other."""

    rows: IntArray
    rank: IntArray
    crowding: FloatArray


def survive(
    F: FloatArray,
    violation: FloatArray | None,
    n: int,
    rng: np.random.Generator,
    crowding: Crowding = "current",
    ties: Ties = "random",
) -> Survivors:
    """The ``n`` best rows, or all if there are no more: whole fronts, the last one by crowding.

    Args:
        F: (k, n_obj) objective values, minimized, finite.
        violation: (k,) total constraint violation, 0 where feasible; None if all are.
        n: How many may survive.
        rng: Orders ties: of values in an objective, and of equal distances.
        crowding: "current": the smallest distance is removed and its neighbours' distances updated,
            again and again (Zheng and Doerr 2022). "once": distances of the whole front are used.
            "truthful": as "current", but with truthful distances, O(n_obj k^2), for three and more
            objectives (Zheng, Gao, Doerr 2024).
        ties: "random": rows of equal distance are equal. "balanced": of those the values that have
            more copies lose them first, for discrete objectives; see :func:`balanced_priority`.

    Returns:
        The survivors. Their ranks are those among all rows, which removal of worse ones never
        changes; their crowding distances, truthful ones if asked for, are computed among the
        survivors.
    """
    if violation is not None and not violation.any():  # it is never negative
        violation = None
    if crowding == "current" and ties == "random":
        given = None if violation is None else constrained_rank(F, violation)
        return Survivors(*survival.survive(F, given, min(n, len(F)), rng.bit_generator))
    rank = dominance.nondominated_rank(F) if violation is None else constrained_rank(F, violation)
    if len(F) <= n:
        kept = np.arange(len(F))
    else:
        sizes = np.cumsum(np.bincount(rank))
        cut = int(np.searchsorted(sizes, n))  # the first front that fills the population
        front = np.flatnonzero(rank == cut)
        room = n - (int(sizes[cut - 1]) if cut else 0)
        chosen = front[_least_crowded(F[front], room, rng, crowding, ties)]
        kept = np.sort(np.concatenate([np.flatnonzero(rank < cut), chosen]))
    kept_rank = rank[kept]
    return Survivors(kept, kept_rank, crowding_by_rank(F[kept], kept_rank, rng, crowding))


def _least_crowded(
    F: FloatArray, room: int, rng: np.random.Generator, crowding: Crowding, ties: Ties
) -> IntArray:
    if room == len(F):
        return np.arange(room)
    if crowding == "truthful":
        standing = rng.random(len(F))  # one for all objectives, as its definition demands
        priority = rng.random(len(F))  # breaks ties of equal distances
        if ties == "balanced":
            priority = balanced_priority(F, standing, priority)
        return truthful.truncate_truthful(F, standing, priority, room)
    order = _crowding.sort_objectives(F, rng)
    priority = rng.random(len(F))
    if ties == "balanced":
        priority = balanced_priority(F, -_crowding.crowding_distance(F, order), priority)
    if crowding == "current":
        return _crowding.truncate(F, order, priority, room)
    return _crowding.truncate_once(_crowding.crowding_distance(F, order), priority, room)


def balanced_priority(F: FloatArray, lead: FloatArray, priority: FloatArray) -> FloatArray:
    """Priorities by which equals in distance survive evenly over their objective values.

    The copies of each value are numbered from 0, the last to go first, and the number is subtracted
    from the priority: any value's copy 1 goes before any value's copy 0 that is no less crowded.

    Args:
        F: (n, n_obj) objective values of one front.
        lead: (n,) which copies to number first, those of smaller lead: the negative crowding
            distance, or the standing of truthful distance, where only the first copy has any.
        priority: (n,) in [0, 1), uniform random; equal leads are numbered by the larger.

    Returns:
        (n,) who goes first among equals in distance: the smaller.

    Of ``a`` values whose rows are tied for ``room`` places each keeps floor(room / a) rows at
    least, or all it has; this is what the guarantees of the source rest on.

    Source: Doerr, Ivan, Krejca 2024, "Speeding up the NSGA-II with a simple tie-breaking rule".
    There only the tied rows of a value are counted, and the places left over after floor(room / a)
    for each value are drawn from all tied rows. Here a value's less crowded copies, which survive
    anyway, count too, and the places left over are shared out evenly as well. Where distances are
    updated, a case the paper leaves open, the numbers are given once, before the first removal.
    """
    order = np.lexsort((-priority, lead, *F.T))
    first = np.ones(len(F), dtype=bool)
    first[1:] = (F[order[1:]] != F[order[:-1]]).any(axis=1)
    places = np.arange(len(F))
    balanced = np.empty(len(F))
    balanced[order] = priority[order] - (places - np.maximum.accumulate(places * first))
    return balanced


def crowding_by_rank(
    F: FloatArray, rank: IntArray, rng: np.random.Generator, crowding: Crowding = "current"
) -> FloatArray:
    """(n,) crowding distance of every row within its own front; ties ordered at random.

    Truthful distances for ``crowding`` "truthful", else the usual ones.
    """
    if crowding != "truthful":
        return survival.survive(F, rank, len(F), rng.bit_generator)[2]
    distance = np.empty(len(F))
    by_rank = np.argsort(rank, kind="stable")
    for front in np.split(by_rank, np.flatnonzero(np.diff(rank[by_rank])) + 1):
        values = F[front]
        distance[front] = truthful.truthful_distance(values, rng.random(len(values)))
    return distance
