"""First candidates: independent and uniform."""

from __future__ import annotations

import numpy as np

from ...typing import BoolArray, FloatArray, IntArray


def uniform(
    n: int,
    lower: FloatArray,
    upper: FloatArray,
    categories: IntArray,
    rng: np.random.Generator,
) -> FloatArray:
    """(n, n_var) float64 working coordinates, uniform in [lower, upper).

    Columns with ``categories[j] > 0`` hold whole numbers below it, each equally likely.
    """
    Z = lower + (upper - lower) * rng.random((n, lower.size))
    listed = np.flatnonzero(categories)
    if listed.size:
        Z[:, listed] = rng.integers(0, categories[listed], size=(n, listed.size))
    return Z


def bits(n: int, n_var: int, rng: np.random.Generator) -> BoolArray:
    """(n, n_var) bool, each bit 0 or 1 with probability 1/2."""
    return rng.integers(0, 2, size=(n, n_var), dtype=np.bool_)
