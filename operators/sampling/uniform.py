"""First candidates: independent and uniform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...typing import BoolArray, Candidates, FloatArray, IntArray, SearchSpace
from ..parts import Sampling
from ..working import varying, with_coordinates, with_fixed


@dataclass(frozen=True, kw_only=True)
class Uniform(Sampling):
    """Independent candidates, uniform in working coordinates; of bits, each with probability 1/2.

    Variables with a single value take no part.
    """

    def __call__(self, n: int, space: SearchSpace, rng: np.random.Generator) -> Candidates:
        """(n, n_var) candidates.

        Raises ConfigurationError for a space that has neither bits nor working coordinates.
        """
        if space.dtype == np.bool_:
            return bits(n, space.n_var, rng)
        space = with_coordinates(self, space)
        layout, columns = space.layout, varying(space)
        if columns is not None:
            varied = Uniform.__call__(self, n, space.take(columns), rng)
            return with_fixed(space, varied, columns)
        return space.from_working(uniform(n, layout.lower, layout.upper, layout.categories, rng))


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
