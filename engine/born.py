"""Where candidates come from: their parents, and what made them of these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..typing import ByteArray, Candidates, IntArray, SearchSpace

OPERATORS = ("sample", "initial", "bit flip", "SBX, polynomial mutation")
SAMPLE, INITIAL, BIT_FLIP, SBX_POLYNOMIAL = range(len(OPERATORS))
"""Positions in ``OPERATORS``; stores keep them, so new ones go to the end."""


@dataclass(slots=True)
class Born:
    """New candidates.

    Attributes:
        X: (k, n_var) in the dtype of the space.
        parents: (k, 2) int64 ids; -1 where there is none.
        operator: (k,) uint8 position in ``OPERATORS`` of what made them.
    """

    X: Candidates
    parents: IntArray
    operator: ByteArray

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: IntArray) -> Born:
        """Those in these rows."""
        return Born(self.X[rows], self.parents[rows], self.operator[rows])


def orphans(X: Candidates, operator: int) -> Born:
    """Candidates without parents."""
    k = len(X)
    return Born(X, np.full((k, 2), -1, dtype=np.int64), np.full(k, operator, dtype=np.uint8))


def nobody(space: SearchSpace) -> Born:
    """No candidates."""
    return orphans(np.empty((0, space.n_var), dtype=space.dtype), SAMPLE)


def together(first: Born, second: Born) -> Born:
    """The candidates of ``first``, then those of ``second``."""
    return Born(
        np.concatenate([first.X, second.X]),
        np.concatenate([first.parents, second.parents]),
        np.concatenate([first.operator, second.operator]),
    )
