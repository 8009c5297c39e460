"""CountingOnesCountingZeroes: the objectives agree on half of the bits and disagree on the rest.

Unlike in OneMinMax a population has to climb to the front before it can spread on it.
Source: Laumanns, Thiele and Zitzler 2004, "Running time analysis of multiobjective evolutionary
    algorithms on pseudo-Boolean functions", IEEE Transactions on Evolutionary Computation 8(2).
"""

from __future__ import annotations

from math import log

import numpy as np

from ...typing import Candidates, FloatArray
from . import bounds as proved
from .blocks import BlockProblem, count_ones
from .bounds import RuntimeBound


class COCZ(BlockProblem):
    """Bit strings of length ``n``; objectives "counted_ones" and "counted_zeros", both maximized.

    All objectives count the ones of the first n/2 bits. Of the others the first objective counts
    the ones, the second the zeros; with m objectives each of m/2 blocks of n/m bits has two such.
    The front, where the first half is ones, has (n/m + 1)^(m/2) points: n/2 + 1 if m = 2.
    Raises ConfigurationError if m is odd or does not divide n.
    """

    pair = ("counted_ones", "counted_zeros")
    parts_per_block = 2  # as many bits are common to all objectives as are in blocks

    def __init__(self, n: int, m: int = 2) -> None:
        super().__init__(n, m)

    def evaluate_batch(self, X: Candidates) -> FloatArray:
        """(k, n) bool to (k, m) counts."""
        ones = count_ones(self.blocks(X))  # the first m/2 of the m columns are of the common half
        common, ones = ones[:, : self.m // 2].sum(axis=1, keepdims=True), ones[:, self.m // 2 :]
        return self.columns(common + ones, common + self.block - ones)

    def block_front(self) -> FloatArray:
        """(n/m + 1, 2), by ascending number of ones."""
        ones = np.arange(self.block + 1, dtype=np.float64)
        return self.n // 2 + np.stack([ones, self.block - ones], axis=1)

    @property
    def bounds(self) -> tuple[RuntimeBound, ...]:
        """For m = 2: NSGA-II, also with stochastic tournaments, and GSEMO."""
        n = self.n
        if self.m > 2:
            return ()
        return (
            RuntimeBound(
                algorithm="NSGA-II",
                kind="upper",
                formula="O(n^2 log n)",
                condition="binary tournaments, with crossover",
                growth=lambda N: n**2 * log(n),
                source=proved.BIAN_QIAN,
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
                algorithm="GSEMO",
                kind="tight",
                formula="Theta(n^2 log n)",
                growth=lambda N: n**2 * log(n),
                source=proved.DOERR_KREJCA_OPRIS,
            ),
        )
