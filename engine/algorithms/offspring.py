"""The generation under way: what was asked for, what has been told."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...operators.arrays import all_finite, arange_int64
from ...problems.definition import Definition
from ...typing import ByteArray, FloatArray, IntArray
from ..records.fast import constants
from ..records.outcome import EVALUATED, FAILED, PENDING
from ..records.provenance import Born


class Outcomes(NamedTuple):
    """Of the rows of a generation, in the user's units."""

    status: ByteArray  # (k,) PENDING, EVALUATED or FAILED
    F: FloatArray  # (k, n_obj), NaN until told
    G: FloatArray  # (k, n_con), NaN until told


class Offspring:
    """Candidates of one generation; rows are in order of id, ids without gaps.

    Attributes:
        first_id: Id of the first row.
        born: The candidates.
        size: How many they are.
        ids: (size,) int64, read-only.
        handed: Rows before this one have been asked for.
        outstanding: How many rows have been asked for and not told.
        told: How many rows are no longer pending.
        failed: How many rows have failed.
    """

    def __init__(self, definition: Definition, first_id: int, born: Born) -> None:
        """A generation of which nothing has been told."""
        self.first_id = first_id
        self.born = born
        self.size = len(born)
        self.ids = arange_int64(first_id, self.size)
        born.X.setflags(write=False)  # they are handed out as they are
        born.parents.setflags(write=False)
        self.handed = self.outstanding = 0
        self.told = self.failed = 0
        self._definition = definition
        self._outcomes: Outcomes | None = None  # None: nothing is told

    @classmethod
    def restored(
        cls,
        definition: Definition,
        first_id: int,
        born: Born,
        status: ByteArray,
        F: FloatArray,
        G: FloatArray,
    ) -> Offspring:
        """A generation of which some may have been told, and nobody has been asked for."""
        brood = cls(definition, first_id, born)
        brood._outcomes = Outcomes(status, F, G)
        brood.told = int(np.count_nonzero(status != PENDING))
        brood.failed = int(np.count_nonzero(status == FAILED))
        return brood

    @property
    def outcomes(self) -> Outcomes:
        """What is known of every row; it may be read-only."""
        if self._outcomes is None:
            shapes = ((self.size, n) for n in (self._definition.n_obj, self._definition.n_con))
            pending = np.full(self.size, PENDING, dtype=np.uint8)
            self._outcomes = Outcomes(pending, *(np.full(shape, np.nan) for shape in shapes))
        return self._outcomes

    @property
    def complete(self) -> bool:
        """True if every row has been told."""
        return self.told == self.size

    def to_hand_out(self) -> int:
        """How many can be asked for now."""
        return len(self._open_rows())

    def _open_rows(self) -> IntArray:
        """Rows that can be asked for; after a withdrawal some beyond ``handed`` are told."""
        if self.handed == self.size:
            return self.ids[:0]
        return np.flatnonzero(self.outcomes.status[self.handed :] == PENDING) + self.handed

    def hand_out(self, k: int | None) -> tuple[IntArray, Born]:
        """Ids and candidates of the next ``k`` rows, or of all; they now count as asked for."""
        if self.handed == self.told == 0 and (k is None or k >= self.size):
            self.handed = self.outstanding = self.size
            return self.ids, self.born
        rows = self._open_rows()[:k]
        if rows.size:
            self.handed = int(rows[-1]) + 1
            self.outstanding += len(rows)
        return self.ids[rows], self.born.take(rows)

    def withdraw(self) -> None:
        """Nobody has been asked for, except those that have been told."""
        self.handed = self.outstanding = 0

    def take(self, ids: IntArray) -> Born:
        """Candidates by id."""
        return self.born if ids is self.ids else self.born.take(ids - self.first_id)

    def tell(self, ids: IntArray, F: FloatArray, G: FloatArray) -> None:
        """Outcomes of pending rows, to be kept; those that cannot be ranked are failures."""
        if ids is self.ids and all_finite(F, G):  # all of them at once, and well
            self._outcomes = Outcomes(constants[self.size, EVALUATED, np.uint8], F, G)
        else:
            self._tell_some(ids - self.first_id, F, G)
        self.told += len(ids)
        self.outstanding -= len(ids)

    def _tell_some(self, rows: IntArray, F: FloatArray, G: FloatArray) -> None:
        known = self.outcomes
        if not self.told:  # the first of them: a state may hold these arrays
            known = Outcomes(known.status.copy(), known.F.copy(), known.G.copy())
            self._outcomes = known
        known.F[rows], known.G[rows] = F, G
        fit = self._definition.fit_for_ranking(F, G)
        known.status[rows] = np.where(fit, EVALUATED, FAILED)
        self.failed += int(np.count_nonzero(~fit))
