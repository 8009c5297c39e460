"""Where candidates come from: their parents, and what made them of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...typing import ByteArray, Candidates, IntArray, SearchSpace
from .fast import constants

OPERATORS = ("sample", "initial", "bit flip", "SBX, polynomial mutation")
SAMPLE, INITIAL, BIT_FLIP, SBX_POLYNOMIAL = range(len(OPERATORS))
"""What every run's list of operators begins with; a run with others has theirs at the end."""

AS_DRAWN, EVOLVED = -1, -2
"""Choices of candidates that no screen has chosen of several, and that were made on its model."""


@dataclass(slots=True)
class Born:
    """New candidates.

    Attributes:
        X: (k, n_var) in the dtype of the space.
        parents: (k, p) int64 ids; -1 where there is none.
        operator: (k,) uint8 position of what made them in the run's list of operators.
        choice: (k,) int32, which of the children that were drawn a screen has chosen; -1 for those
            that went out as they were drawn, -2 for those that were made on its model.
    """

    X: Candidates
    parents: IntArray
    operator: ByteArray
    choice: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: IntArray) -> Born:
        """Those in these rows."""
        return Born(self.X[rows], self.parents[rows], self.operator[rows], self.choice[rows])


def unscreened(X: Candidates, parents: IntArray, operator: int) -> Born:
    """Candidates as they were drawn, all made by one operator."""
    k = len(X)
    return Born(X, parents, constants[k, operator, np.uint8], constants[k, AS_DRAWN, np.int32])


class Made(NamedTuple):
    """Candidates that were made on a model: nobody draws them again.

    Attributes:
        X: (m, n_var) in the dtype of the space.
        parents: (m, p) int64, as ``Born.parents``.
    """

    X: Candidates
    parents: IntArray


@dataclass(frozen=True)
class Choices:
    """What a screen has chosen for candidates with ids in a row.

    Attributes:
        first: The first id.
        choice: (k,) int32, as ``Born.choice``.
        memory: What the screen remembers since then, by name; None for what it did before. Who
            reads a choice asks no model, and needs it to go on.
        made: Those of them that were made on its model, in order; None if there are none.
    """

    first: int
    choice: NDArray[np.int32]
    memory: Mapping[str, NDArray[Any]] | None = None
    made: Made | None = None


def choices_of(first: int, born: Born, memory: Mapping[str, NDArray[Any]] | None = None) -> Choices:
    """The choices of candidates with ids from ``first`` on."""
    rows = np.flatnonzero(born.choice == EVOLVED)
    made = Made(born.X[rows], born.parents[rows]) if len(rows) else None
    return Choices(first, born.choice, memory, made)


def orphans(X: Candidates, operator: int, parents: int = 2) -> Born:
    """Candidates without parents, where others may have so many."""
    return unscreened(X, np.full((len(X), parents), -1, dtype=np.int64), operator)


def nobody(space: SearchSpace, parents: int = 2) -> Born:
    """No candidates."""
    return orphans(np.empty((0, space.n_var), dtype=space.dtype), SAMPLE, parents)


def together(first: Born, second: Born) -> Born:
    """The candidates of ``first``, then those of ``second``."""
    return Born(
        np.concatenate([first.X, second.X]),
        np.concatenate([first.parents, second.parents]),
        np.concatenate([first.operator, second.operator]),
        np.concatenate([first.choice, second.choice]),
    )
