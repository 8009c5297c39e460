"""OneJumpZeroJump: OneMinMax with a valley of width k before either end of the front.

The two ends are found only by flipping k bits at once.
Source: Zheng and Doerr 2023, "Theoretical analyses of multiobjective evolutionary algorithms on
    multimodal objectives", Evolutionary Computation 31(4), arXiv:2012.07231; for m objectives
    Zheng and Doerr 2023, arXiv:2312.10290.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError
from ...typing import Candidates, FloatArray
from . import bounds as proved
from .blocks import BlockProblem, count_ones
from .bounds import RuntimeBound


class OneJumpZeroJump(BlockProblem):
    """Bit strings of length ``n``; objectives "one_jump" and "zero_jump", both maximized.

    With i ones the first is k + i if i <= n - k or i = n, and n - i in the valley between; the
    second is the same of the zeros. With k = 1 there is no valley: OneMinMax, shifted by 1.
    With m objectives they are those of the m/2 blocks of 2n/m bits, each with its own valleys. The
    front has (2n/m - 2k + 3)^(m/2) points: n - 2k + 3 if m = 2.
    Raises ConfigurationError if m is odd, m/2 does not divide n or k is not from 1 to n/m, half
    a block, beyond which the valleys meet.
    """

    pair = ("one_jump", "zero_jump")

    def __init__(self, n: int, k: int, m: int = 2) -> None:
        super().__init__(n, m)
        self.k = whole_number(f"{type(self).__name__}: k", k)
        if not 1 <= self.k <= self.block // 2:
            raise ConfigurationError(
                f"{type(self).__name__}: k must be from 1 to {self.block // 2}, half of a block of "
                f"{self.block} bits, got {k!r}"
            )

    def evaluate_batch(self, X: Candidates) -> FloatArray:
        """(k, n) bool to (k, m), block by block."""
        ones = count_ones(self.blocks(X))
        return self.columns(self._jump(ones), self._jump(self.block - ones))

    def _jump(self, count: Any) -> Any:
        """Jump's value for a number of ones."""
        in_valley = (count > self.block - self.k) & (count < self.block)
        return np.where(in_valley, self.block - count, self.k + count)

    def block_front(self) -> FloatArray:
        """(2n/m - 2k + 3, 2), by ascending number of ones."""
        ends = [0, *range(self.k, self.block - self.k + 1), self.block]
        ones = np.array(ends, dtype=np.float64)
        return self.k + np.stack([ones, self.block - ones], axis=1)

    @property
    def bounds(self) -> tuple[RuntimeBound, ...]:
        """Those whose conditions on k hold; none for k = 1."""
        n, k, size = float(self.n), self.k, self.front_size
        if k == 1:
            return ()
        if self.m > 2:
            pairs = self.m // 2
            return (
                RuntimeBound(
                    algorithm="SMS-EMOA",
                    kind="upper",
                    formula="O(N (2n/m - 2k + 3)^(m/2) n^k)",
                    condition="N at least the size of the largest incomparable set",
                    growth=lambda N: N * size * n**k,
                    source=proved.ZHENG_DOERR_SMS,
                ),
                RuntimeBound(
                    algorithm="NSGA-III",
                    kind="upper",
                    formula="O(n^(k + m/2) + N n log n)",
                    condition="m constant, N from (2n/m + 1)^(m/2) to 2^O(n)",
                    least_size=(self.block + 1) ** pairs,
                    growth=lambda N: n ** (k + pairs) + N * n * log(n),
                    source=proved.OPRIS_JUMP,
                ),
            )
        nsga2 = (
            RuntimeBound(
                algorithm="NSGA-II",
                kind="upper",
                formula="O(N n^k)",
                condition="N >= 4 (n - 2k + 3), 2 <= k <= n/4",
                least_size=4 * size,
                growth=lambda N: N * n**k,
                source=proved.DOERR_QU_JUMP,
            ),
            RuntimeBound(
                algorithm="NSGA-II",
                kind="lower",
                formula="Omega(N n^k)",
                condition="N suitable",
                growth=lambda N: N * n**k,
                source=proved.DOERR_QU_LOWER,
            ),
            RuntimeBound(
                algorithm="NSGA-II with balanced tie-breaking",
                kind="upper",
                formula="O(max(n^(k + 1), N n))",
                condition="N >= 4 (n - 2k + 3)",
                least_size=4 * size,
                growth=lambda N: max(n ** (k + 1), N * n),
                source=proved.DOERR_IVAN_KREJCA,
            ),
            RuntimeBound(
                algorithm="NSGA-II with a dynamic population",
                kind="upper",
                formula="O(n^k log^2 n)",
                condition="its parameters optimal",
                growth=lambda N: n**k * log(n) ** 2,
                source=proved.DYNAMIC,
            ),
        )
        gsemo = (
            RuntimeBound(
                algorithm="GSEMO",
                kind="tight",
                formula="Theta((n - 2k) n^k)",
                condition="4 <= k <= n/2 - 1",
                growth=lambda N: (n - 2 * k) * n**k,
                source=proved.ZHENG_DOERR_JUMP,
            ),
        )
        return (nsga2 if k <= n / 4 else ()) + (gsemo if 4 <= k <= n / 2 - 1 else ())
