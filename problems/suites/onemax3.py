"""OneMinMax with three objectives: all zeros, the ones of the first half, those of the second.

As with two objectives every bit string is Pareto-optimal.
Source: Wietheger and Doerr 2023, "A Mathematical Runtime Analysis of the Non-dominated Sorting
    Genetic Algorithm III (NSGA-III)", IJCAI 2023, arXiv:2211.08202.
"""

from __future__ import annotations

from math import log

import numpy as np

from ...errors import ConfigurationError, ShapeError
from ...typing import Candidates, FloatArray, IntArray
from ..problem import Problem
from ..space import Binary
from . import bounds as proved
from .bounds import RuntimeBound
from .fronts import covered


class OneMinMax3(Problem):
    """Bit strings of even length ``n``; objectives "zeros", "ones_1", "ones_2", all maximized.

    The front has (n/2 + 1)^2 points. Raises ConfigurationError if n is odd.
    """

    m = 3

    def __init__(self, n: int) -> None:
        self.space = Binary(n)
        self.n = self.space.n_var
        if self.n % 2:
            raise ConfigurationError(f"OneMinMax3: n must be even, got {n!r}")
        self.objectives = {"zeros": "max", "ones_1": "max", "ones_2": "max"}

    def evaluate_batch(self, X: Candidates) -> FloatArray:
        """(k, n) bool to (k, 3) counts."""
        bits = np.asarray(X, dtype=np.bool_)
        if bits.shape[1:] != (self.n,):
            raise ShapeError(f"OneMinMax3: X must have the shape (k, {self.n}), got {bits.shape}")
        return self._values(*np.count_nonzero(bits.reshape(len(bits), 2, self.n // 2), axis=2).T)

    def _values(self, first: IntArray, second: IntArray) -> FloatArray:
        return np.stack([self.n - first - second, first, second], axis=1).astype(np.float64)

    @property
    def front_size(self) -> int:
        """Number of Pareto-optimal values."""
        return int(self.n // 2 + 1) ** 2

    def pareto_front(self) -> FloatArray:
        """(front_size, 3) all values that there are; the ones of the second half change fastest."""
        half = self.n // 2 + 1
        return self._values(*np.indices((half, half)).reshape(2, -1))

    def front_covered(self, F: FloatArray) -> bool:
        """True if every Pareto-optimal value stands among the rows of ``F`` (k, 3), user units."""
        return covered(F, self.pareto_front())

    @property
    def bounds(self) -> tuple[RuntimeBound, ...]:
        """NSGA-II, which fails, and NSGA-III, which needs no crowding distance."""
        n = self.n
        return (
            proved.NSGA2_FAILS,
            RuntimeBound(
                algorithm="NSGA-III",
                kind="upper",
                formula="O(N n log n)",
                condition="N >= (n/2 + 1)^2, sufficiently many reference points",
                least_size=self.front_size,
                growth=lambda N: N * n * log(n),
                source=proved.WIETHEGER_DOERR,
            ),
        )
