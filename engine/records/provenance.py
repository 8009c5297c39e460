"""Where candidates come from: their parents, and what made them of these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...typing import ByteArray, Candidates, IntArray, SearchSpace

OPERATORS = ("sample", "initial", "bit flip", "SBX, polynomial mutation")
SAMPLE, INITIAL, BIT_FLIP, SBX_POLYNOMIAL = range(len(OPERATORS))
"""What every run's list of operators begins with; a run with others has theirs at the end."""


@dataclass(slots=True)
class Born:
    """New candidates.

    Attributes:
        X: (k, n_var) in the dtype of the space.
        parents: (k, p) int64 ids; -1 where there is none.
        operator: (k,) uint8 position of what made them in the run's list of operators.
    """

    X: Candidates
    parents: IntArray
    operator: ByteArray

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: IntArray) -> Born:
        """Those in these rows."""
        return Born(self.X[rows], self.parents[rows], self.operator[rows])


def orphans(X: Candidates, operator: int, parents: int = 2) -> Born:
    """Candidates without parents, where others may have so many."""
    k = len(X)
    return Born(X, np.full((k, parents), -1, dtype=np.int64), np.full(k, operator, dtype=np.uint8))


def nobody(space: SearchSpace, parents: int = 2) -> Born:
    """No candidates."""
    return orphans(np.empty((0, space.n_var), dtype=space.dtype), SAMPLE, parents)


def together(first: Born, second: Born) -> Born:
    """The candidates of ``first``, then those of ``second``."""
    return Born(
        np.concatenate([first.X, second.X]),
        np.concatenate([first.parents, second.parents]),
        np.concatenate([first.operator, second.operator]),
    )
