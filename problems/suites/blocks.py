"""Pseudo-Boolean problems with an even number of objectives: two for each block of bits.

The literature defines the bi-objective problem on one block and the m-objective one on m/2 blocks
of the same length, so that a point is Pareto-optimal if and only if it is so in every block.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError, ShapeError
from ...typing import BoolArray, Candidates, FloatArray, IntArray
from ..problem import Problem
from ..space import Binary
from .bounds import RuntimeBound
from .fronts import covered


class BlockProblem(Problem):
    """Bit strings of length ``n`` with ``m`` objectives, all maximized.

    A subclass names the two objectives of a block in ``pair`` and defines ``evaluate_batch`` and
    ``block_front``. With m = 2 they are the names of the objectives; else these are numbered by
    block: "ones_1", "zeros_1", "ones_2" and so on.

    Attributes:
        n: Number of bits.
        m: Number of objectives.
        block: Number of bits of a block.
    """

    pair: ClassVar[tuple[str, str]]
    parts_per_block: ClassVar[int] = 1
    """Into how many parts for each block the string is cut; more than 1 if not all are blocks."""

    def __init__(self, n: int, m: int = 2) -> None:
        name = type(self).__name__
        self.space = Binary(n)
        self.n = self.space.n_var
        self.m = whole_number(f"{name}: m", m)
        if self.m < 2 or self.m % 2:
            raise ConfigurationError(f"{name}: m must be even and at least 2, got {m!r}")
        parts = self.parts_per_block * self.m // 2
        if self.n % parts:
            raise ConfigurationError(
                f"{name}: with m = {self.m} objectives n must be a multiple of {parts}, got {n!r}"
            )
        self.block = self.n // parts
        self.objectives = {
            objective if self.m == 2 else f"{objective}_{block}": "max"
            for block in range(1, self.m // 2 + 1)
            for objective in self.pair
        }

    @property
    def bounds(self) -> tuple[RuntimeBound, ...]:
        """What is proved about the time to find the whole front of this instance."""
        return ()

    @property
    def front_size(self) -> int:
        """Number of Pareto-optimal values."""
        size: int = len(self.block_front()) ** (self.m // 2)
        return size

    def block_front(self) -> FloatArray:
        """(s, 2) what the two objectives of one block are at the Pareto-optimal points."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its front is")

    def pareto_front(self) -> FloatArray:
        """(front_size, m) all Pareto-optimal values; the last block's change fastest.

        The number of rows is exponential in m: look at ``front_size`` first.
        """
        values = self.block_front()
        chosen = np.indices((len(values),) * (self.m // 2)).reshape(self.m // 2, -1).T
        return values[chosen].reshape(-1, self.m)

    def front_covered(self, F: FloatArray) -> bool:
        """True if every Pareto-optimal value stands among the rows of ``F`` (k, m), user units."""
        return covered(F, self.pareto_front())

    def blocks(self, X: Candidates) -> BoolArray:
        """(k, n) bits to (k, n / block, block); ShapeError if they are not n."""
        bits: BoolArray = np.asarray(X, dtype=np.bool_)
        if bits.shape[1:] != (self.n,):
            raise ShapeError(
                f"{type(self).__name__}: X must have the shape (k, {self.n}), got {bits.shape}"
            )
        return bits.reshape(len(bits), self.n // self.block, self.block)

    def columns(self, first: Any, second: Any) -> FloatArray:
        """The two objectives of all blocks, (k, m / 2) each, to (k, m) float64."""
        return np.stack([first, second], axis=-1).reshape(-1, self.m).astype(np.float64)


def count_ones(blocks: BoolArray) -> IntArray:
    """(k, b, block) bits to the (k, b) int64 number of ones of each block."""
    ones: IntArray = np.count_nonzero(blocks, axis=-1)
    return ones
