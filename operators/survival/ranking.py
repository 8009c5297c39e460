"""Non-dominated ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...cext import dominance
from ...errors import ShapeError
from ...typing import FloatArray, IntArray


def read_objectives(F: ArrayLike) -> FloatArray:
    """``F`` as (n, n_obj) finite float64; raises ShapeError."""
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
    return dominance.nondominated_rank(read_objectives(F))


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
