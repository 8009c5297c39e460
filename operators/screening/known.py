"""What of everything known a model is fitted to: so much that its cost is bounded."""

from __future__ import annotations

import numpy as np

from ...typing import BoolArray, FloatArray, IntArray
from ..parts import KnownOutcomes
from ..survival import nondominated_rank


def evaluated(known: KnownOutcomes) -> BoolArray:
    """(n,) True where a candidate did not fail."""
    finite = np.isfinite(known.F).all(axis=1)
    return np.asarray(finite & ~np.isnan(known.margins).any(axis=1))


def non_dominated(F: FloatArray, kept: BoolArray) -> BoolArray:
    """(n,) of those of ``kept`` (n,), whom none of them dominates."""
    best = np.zeros(len(F), dtype=np.bool_)
    if kept.any():
        best[kept] = nondominated_rank(F[kept]) == 0
    return best


def violations(margins: FloatArray) -> FloatArray:
    """(n,) sum of what is over the limits, each in units of its largest; 0 where feasible."""
    over = np.maximum(margins, 0.0)
    largest = over.max(axis=0, initial=0.0)
    return np.asarray((over / np.where(largest > 0, largest, 1.0)).sum(axis=1))


def most_telling(F: FloatArray, violation: FloatArray, most: int) -> IntArray:
    """At most ``most`` rows, in order: half of them the best, half evenly from the others.

    Feasible ones come first, by their fronts and then the later first; then the others by
    ``violation`` (n,). All rows if there are no more.
    """
    n = len(F)
    if n <= most:
        return np.arange(n)
    rank = np.full(n, n)
    kept = violation == 0
    rank[kept] = nondominated_rank(F[kept])
    by_worth = np.lexsort((-np.arange(n), violation, rank))
    best, others = by_worth[: most // 2], np.sort(by_worth[most // 2 :])
    even = np.linspace(0, len(others) - 1, most - most // 2).astype(np.int64)
    return np.sort(np.concatenate([best, others[even]]))
