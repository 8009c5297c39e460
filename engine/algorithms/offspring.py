"""The generation under way: what was asked for, what has been told."""

from __future__ import annotations

import numpy as np

from ...operators.finite import all_finite
from ...problems.definition import Definition
from ...typing import ByteArray, FloatArray, IntArray
from ..born import Born
from ..constants import constant
from ..outcome import EVALUATED, FAILED, PENDING


class Offspring:
    """Candidates of one generation; rows are in order of id, ids without gaps.

    Attributes:
        first_id: Id of the first row.
        born: The candidates.
        status: (k,) uint8 PENDING, EVALUATED or FAILED.
        F: (k, n_obj) float64 in user units, NaN until told.
        G: (k, n_con) float64 in user units, NaN until told.
        ids: (k,) int64, read-only.
        handed: Rows before this one have been asked for.
        outstanding: How many rows have been asked for and not told.
        told: How many rows are no longer pending.
        failed: How many rows have failed.
    """

    def __init__(
        self, first_id: int, born: Born, status: ByteArray, F: FloatArray, G: FloatArray
    ) -> None:
        self.first_id = first_id
        self.born = born
        self.status, self.F, self.G = status, F, G
        self.ids = np.arange(first_id, first_id + len(born), dtype=np.int64)
        for array in (self.ids, born.X, born.parents):  # they are handed out as they are
            array.setflags(write=False)
        self.handed = self.outstanding = 0
        self.told = self.failed = 0

    @classmethod
    def restored(
        cls, first_id: int, born: Born, status: ByteArray, F: FloatArray, G: FloatArray
    ) -> Offspring:
        """A generation of which some may have been told, and nobody has been asked for."""
        brood = cls(first_id, born, status, F, G)
        brood.told = int(np.count_nonzero(status != PENDING))
        brood.failed = int(np.count_nonzero(status == FAILED))
        return brood

    @classmethod
    def new(cls, definition: Definition, first_id: int, born: Born) -> Offspring:
        """A generation of which nothing has been told."""
        k = len(born)
        return cls(
            first_id,
            born,
            constant(k, PENDING, np.uint8),
            constant((k, definition.n_obj), np.nan, np.float64),
            constant((k, definition.n_con), np.nan, np.float64),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def complete(self) -> bool:
        """True if every row has been told."""
        return self.told == len(self.ids)

    def to_hand_out(self) -> int:
        """How many can be asked for now."""
        return len(self._open_rows())

    def _open_rows(self) -> IntArray:
        """Rows that can be asked for; after a withdrawal some beyond ``handed`` are told."""
        if self.handed == len(self):
            return self.ids[:0]
        return np.flatnonzero(self.status[self.handed :] == PENDING) + self.handed

    def hand_out(self, k: int | None) -> tuple[IntArray, Born]:
        """Ids and candidates of the next ``k`` rows, or of all; they now count as asked for."""
        if self.handed == self.told == 0 and (k is None or k >= len(self)):
            self.handed = self.outstanding = len(self)
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
        """Outcomes of pending rows, to be kept; those that are not finite are failures."""
        if ids is self.ids and all_finite(F, G):  # all of them at once, and well
            self.F, self.G = F, G
            self.status = constant(len(ids), EVALUATED, np.uint8)
        else:
            self._tell_some(ids - self.first_id, F, G)
        self.told += len(ids)
        self.outstanding -= len(ids)

    def _tell_some(self, rows: IntArray, F: FloatArray, G: FloatArray) -> None:
        if not self.told:
            self.status, self.F, self.G = self.status.copy(), self.F.copy(), self.G.copy()
        self.F[rows], self.G[rows] = F, G
        finite = np.isfinite(F).all(axis=1) & np.isfinite(G).all(axis=1)
        self.status[rows] = np.where(finite, EVALUATED, FAILED)
        self.failed += int(np.count_nonzero(~finite))
