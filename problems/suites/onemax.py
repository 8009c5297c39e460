"""OneMinMax: maximize the number of zeros and the number of ones of a bit string.

Every bit string is Pareto-optimal, and the front has n + 1 points, so the runtime measures nothing
but how fast a population spreads.
Source: Giel and Lehre 2010, "On the effect of populations in evolutionary multi-objective
    optimisation".
"""

from __future__ import annotations

import numpy as np

from ...typing import Candidates, FloatArray
from ..problem import Problem
from ..space import Binary


class OneMinMax(Problem):
    """Bit strings of length ``n``; objectives "zeros" and "ones", both maximized."""

    objectives = {"zeros": "max", "ones": "max"}

    def __init__(self, n: int) -> None:
        self.space = Binary(n)
        self.n = self.space.n_var

    def evaluate_batch(self, X: Candidates) -> FloatArray:
        """(k, n) bool to (k, 2) counts of zeros and ones."""
        ones = np.count_nonzero(X, axis=1).astype(np.float64)
        return np.stack([self.n - ones, ones], axis=1)

    def pareto_front(self) -> FloatArray:
        """(n + 1, 2) all Pareto-optimal values, by ascending number of ones."""
        ones = np.arange(self.n + 1, dtype=np.float64)
        return np.stack([self.n - ones, ones], axis=1)

    def front_covered(self, F: FloatArray) -> bool:
        """True if every Pareto-optimal value stands among the rows of ``F`` (k, 2), user units."""
        return len(np.unique(F[:, 1])) == self.n + 1
