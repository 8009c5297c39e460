"""OneMinMax: maximize the number of zeros and the number of ones of a bit string.

Every bit string is Pareto-optimal, so the runtime measures nothing but how fast a population
spreads.
Source: Giel and Lehre 2010, "On the effect of populations in evolutionary multi-objective
    optimisation"; for m objectives Zheng and Doerr 2022, arXiv:2211.13084.
"""

from __future__ import annotations

from math import log

import numpy as np

from ...typing import Candidates, FloatArray
from . import bounds as proved
from .blocks import BlockProblem, count_ones
from .bounds import RuntimeBound


class OneMinMax(BlockProblem):
    """Bit strings of length ``n``; objectives "zeros" and "ones", both maximized.

    With m objectives they are those of the m/2 blocks of 2n/m bits. The front has
    (2n/m + 1)^(m/2) points: n + 1 if m = 2.
    Raises ConfigurationError if m is odd (of three objectives is ``OneMinMax3``) or m/2 does not
    divide n.
    """

    pair = ("zeros", "ones")

    def __init__(self, n: int, m: int = 2) -> None:
        super().__init__(n, m)

    def evaluate_batch(self, X: Candidates) -> FloatArray:
        """(k, n) bool to (k, m) counts of zeros and ones, block by block."""
        ones = count_ones(self.blocks(X))
        return self.columns(self.block - ones, ones)

    def block_front(self) -> FloatArray:
        """(2n/m + 1, 2), by ascending number of ones."""
        ones = np.arange(self.block + 1, dtype=np.float64)
        return np.stack([self.block - ones, ones], axis=1)

    @property
    def bounds(self) -> tuple[RuntimeBound, ...]:
        """NSGA-II and its dynamic population for m = 2; for more, why it fails and what does not.

        The dynamic one's is that of the third version of the paper; the first claimed O(n log n).
        """
        n = self.n
        if self.m > 2:
            return (
                proved.NSGA2_FAILS,
                RuntimeBound(
                    algorithm="NSGA-III",
                    kind="upper",
                    formula="O(N n log n)",
                    condition="m constant, N >= (2n/m + 1)^(m/2), sufficiently many references",
                    least_size=self.front_size,
                    growth=lambda N: N * n * log(n),
                    source=proved.OPRIS_MANY,
                ),
            )
        return (
            RuntimeBound(
                algorithm="NSGA-II",
                kind="upper",
                formula="O(N n log n)",
                condition="N >= 4 (n + 1)",
                least_size=4 * (n + 1),
                growth=lambda N: N * n * log(n),
                source=proved.ZHENG_LIU_DOERR,
            ),
            RuntimeBound(
                algorithm="NSGA-II",
                kind="lower",
                formula="Omega(N n log n)",
                condition="N suitable",
                growth=lambda N: N * n * log(n),
                source=proved.DOERR_QU_LOWER,
            ),
            RuntimeBound(
                algorithm="NSGA-II",
                kind="upper",
                formula="O(n^2)",
                condition="tournaments of a random size, with crossover",
                growth=lambda N: n**2,
                source=proved.BIAN_QIAN,
            ),
            RuntimeBound(
                algorithm="NSGA-II with a dynamic population",
                kind="upper",
                formula="O(n log^2 n)",
                condition="with high probability, its parameters optimal",
                growth=lambda N: n * log(n) ** 2,
                source=proved.DYNAMIC,
            ),
        )
