"""The generation under way: what was asked for, what has been told."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...problems.definition import Definition
from ...typing import ByteArray, FloatArray, IntArray
from ..born import Born
from ..outcome import PENDING


@dataclass
class Offspring:
    """Candidates of one generation; rows are in order of id, ids without gaps.

    Attributes:
        first_id: Id of the first row.
        born: The candidates.
        status: (k,) uint8 PENDING, EVALUATED or FAILED.
        F: (k, n_obj) float64 in user units, once told.
        G: (k, n_con) float64 in user units, once told.
        handed: Rows before this one have been asked for.
        outstanding: How many rows have been asked for and not told.
        told: How many rows are no longer pending.
    """

    first_id: int
    born: Born
    status: ByteArray
    F: FloatArray
    G: FloatArray
    handed: int = 0
    outstanding: int = 0
    told: int = field(init=False)

    def __post_init__(self) -> None:
        self.told = int(np.count_nonzero(self.status != PENDING))

    @classmethod
    def new(cls, definition: Definition, first_id: int, born: Born) -> Offspring:
        """A generation of which nothing has been told."""
        k = len(born)
        return cls(
            first_id,
            born,
            np.full(k, PENDING, dtype=np.uint8),
            np.full((k, definition.n_obj), np.nan),
            np.full((k, definition.n_con), np.nan),
        )

    def __len__(self) -> int:
        return len(self.born)

    @property
    def ids(self) -> IntArray:
        """(k,) int64."""
        return np.arange(self.first_id, self.first_id + len(self), dtype=np.int64)

    @property
    def complete(self) -> bool:
        """True if every row has been told."""
        return self.told == len(self)

    def to_hand_out(self) -> IntArray:
        """Rows that can be asked for; after a withdrawal some beyond ``handed`` are told."""
        return np.flatnonzero(self.status[self.handed :] == PENDING) + self.handed

    def hand_out(self, k: int | None) -> IntArray:
        """The next ``k`` rows, or all; they now count as asked for."""
        rows = self.to_hand_out()[:k]
        if rows.size:
            self.handed = int(rows[-1]) + 1
            self.outstanding += len(rows)
        return rows

    def withdraw(self) -> None:
        """Nobody has been asked for, except those that have been told."""
        self.handed = self.outstanding = 0

    def tell(self, rows: IntArray, status: ByteArray, F: FloatArray, G: FloatArray) -> None:
        """Outcomes of pending rows."""
        self.status[rows] = status
        self.F[rows] = F
        self.G[rows] = G
        self.told += len(rows)
        self.outstanding -= len(rows)
