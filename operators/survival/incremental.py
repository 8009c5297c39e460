"""Who survives when one at a time joins: ranks, sorted objectives and distances kept up to date.

The arrays belong to the caller, have room for more rows than there are, and are changed in place:
``F`` (capacity, n_obj) minimized and finite, ``violation`` (capacity,), ``rank`` (capacity,) int64,
``crowding`` (capacity,), and ``order`` (n_obj, capacity) int64, the rows by ascending objective.
Only the first ``n`` rows count. The cost of each call is O(n_obj n) but for rows that are pushed
back from front to front, see ``cext.incremental``.
"""

from __future__ import annotations

import numpy as np

from ...cext import incremental
from ...typing import FloatArray, IntArray


def insert(
    F: FloatArray,
    violation: FloatArray,
    rank: IntArray,
    crowding: FloatArray,
    order: IntArray,
    n: int,
    rng: np.random.Generator,
) -> None:
    """Row ``n``, whose ``F`` and ``violation`` are there, joins the ``n`` rows before it.

    ``rng`` orders it among rows that it ties with in an objective.
    Source: Li, Deb, Zhang, Zhang 2017, algorithms 1 to 3.
    """
    incremental.insert(F, violation, rank, order, n, rng.bit_generator)
    incremental.crowding_within_fronts(F, rank, order, n + 1, crowding)


def most_crowded(rank: IntArray, crowding: FloatArray, n: int, rng: np.random.Generator) -> int:
    """The row that goes first: of least distance in the last front, one of several at random."""
    return incremental.most_crowded(rank, crowding, n, rng.bit_generator)


def remove(
    F: FloatArray, rank: IntArray, crowding: FloatArray, order: IntArray, n: int, row: int
) -> None:
    """One of ``n`` rows leaves, the last row takes its place; no rank changes but by that.

    ``row`` must be of the last front. The caller moves what else belongs to the last row.
    """
    incremental.remove(order, n, row)
    F[row], rank[row] = F[n - 1], rank[n - 1]
    incremental.crowding_within_fronts(F, rank, order, n - 1, crowding)
