"""LeadingOnesTrailingZeroes: maximize the ones that a string begins and the zeros it ends with.

A point off the front improves by few bits only, so the way to it is long.
Source: Laumanns, Thiele, Zitzler, Welzl and Deb 2002, "Running time analysis of multi-objective
    evolutionary algorithms on a simple discrete optimization problem"; for m objectives Laumanns,
    Thiele and Zitzler 2004, IEEE Transactions on Evolutionary Computation 8(2).
"""

from __future__ import annotations

import numpy as np

from ...typing import Candidates, FloatArray
from . import bounds as proved
from .blocks import BlockProblem
from .bounds import RuntimeBound


class LOTZ(BlockProblem):
    """Bit strings of length ``n``; objectives "leading_ones" and "trailing_zeros", both maximized.

    With m objectives they are those of the m/2 blocks of 2n/m bits. The front, where each block is
    ones followed by zeros, has (2n/m + 1)^(m/2) points: n + 1 if m = 2.
    Raises ConfigurationError if m is odd or m/2 does not divide n.
    """

    pair = ("leading_ones", "trailing_zeros")

    def __init__(self, n: int, m: int = 2) -> None:
        super().__init__(n, m)

    def evaluate_batch(self, X: Candidates) -> FloatArray:
        """(k, n) bool to (k, m) lengths of the leading ones and trailing zeros, block by block."""
        blocks = self.blocks(X)
        # The position of the first zero, and of the first one from behind, if there is any.
        leading = np.where(blocks.all(axis=2), self.block, blocks.argmin(axis=2))
        trailing = np.where(blocks.any(axis=2), blocks[:, :, ::-1].argmax(axis=2), self.block)
        return self.columns(leading, trailing)

    def block_front(self) -> FloatArray:
        """(2n/m + 1, 2), by ascending number of ones."""
        ones = np.arange(self.block + 1, dtype=np.float64)
        return np.stack([ones, self.block - ones], axis=1)

    @property
    def bounds(self) -> tuple[RuntimeBound, ...]:
        """For m = 2: NSGA-II, also with stochastic tournaments."""
        n = self.n
        if self.m > 2:
            return ()
        return (
            RuntimeBound(
                algorithm="NSGA-II",
                kind="upper",
                formula="O(N n^2)",
                condition="N >= 4 (n + 1)",
                least_size=4 * (n + 1),
                growth=lambda N: N * n**2,
                source=proved.ZHENG_LIU_DOERR,
            ),
            RuntimeBound(
                algorithm="NSGA-II",
                kind="upper",
                formula="O(n^2)",
                condition="tournaments of a random size, with crossover",
                growth=lambda N: n**2,
                source=proved.BIAN_QIAN,
            ),
        )
