"""A population that changes by one at a time: ranked, sorted and measured without starting anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...operators.survival.incremental import insert, most_crowded, remove
from ...problems.definition import Definition
from ...typing import Candidates, FloatArray, IntArray
from ..breeding import Mates
from ..population import Population
from .counts import count

OWN = ("ids", "told", "X", "F", "G", "violation")
ROWS = (*OWN, "minimized", "rank", "crowding")
"""What a member has, the first axis of these arrays; the latter are kept by survival."""

STORED = ("ids", "told", "X", "F", "G", "rank", "crowding")


class Members:
    """Members in slots; who goes leaves the slot to the last one.

    Attributes:
        n: How many there are; only so many rows count.
        ids: (capacity,) int64.
        told: (capacity,) int64, ascending in the order of telling.
        X: (capacity, n_var).
        F: (capacity, n_obj) in the user's directions.
        G: (capacity, n_con).
        violation: (capacity,) float64.
        minimized: (capacity, n_obj) ``F``, minimized.
        rank: (capacity,) int64 constrained non-domination ranks.
        crowding: (capacity,) float64 crowding distances within the fronts.
        by_value: (n_obj, capacity) int64 slots by ascending ``minimized``.
    """

    ids: IntArray
    told: IntArray
    X: Candidates
    F: FloatArray
    G: FloatArray
    violation: FloatArray
    minimized: FloatArray
    rank: IntArray
    crowding: FloatArray
    by_value: IntArray

    def __init__(self, definition: Definition, size: int) -> None:
        self.definition = definition
        self.n = 0
        self._next = 0  # in the order of telling
        n_obj, n_con = definition.n_obj, definition.n_con
        for name in ("ids", "told", "rank"):
            setattr(self, name, np.empty(size + 1, dtype=np.int64))
        for name in ("violation", "crowding"):
            setattr(self, name, np.empty(size + 1))
        self.X = np.empty((size + 1, definition.space.n_var), dtype=definition.space.dtype)
        self.F, self.minimized = np.empty((size + 1, n_obj)), np.empty((size + 1, n_obj))
        self.G = np.empty((size + 1, n_con))
        self.by_value = np.empty((n_obj, size + 1), dtype=np.int64)

    def resized(self, size: int) -> Members:
        """The same members with room for ``size`` and one more."""
        larger = Members(self.definition, size)
        larger.n, larger._next = self.n, self._next
        for name in ROWS:
            getattr(larger, name)[: self.n] = getattr(self, name)[: self.n]
        larger.by_value[:, : self.n] = self.by_value[:, : self.n]
        return larger

    def copy(self) -> Members:
        """Changes of the one do not show in the other."""
        return self.resized(len(self.ids) - 1)

    def insert(
        self, id: int, x: Candidates, F: FloatArray, G: FloatArray, rng: np.random.Generator
    ) -> None:
        """One more; there must be room."""
        row = self.n
        self.ids[row], self.told[row], self.X[row] = id, self._next, x
        self.F[row], self.G[row] = F, G
        self.minimized[row] = self.definition.minimized(F)
        self.violation[row] = self.definition.violation(G[None])[0]
        insert(
            self.minimized, self.violation, self.rank, self.crowding, self.by_value, row, rng
        )  # fmt: skip
        self.n += 1
        self._next += 1

    def remove_worst(self, rng: np.random.Generator) -> bytes:
        """The most crowded of the last front goes; returns its key."""
        row = most_crowded(self.rank, self.crowding, self.n, rng)
        (key,) = self.definition.space.key(self.X[row : row + 1])
        remove(self.minimized, self.rank, self.crowding, self.by_value, self.n, row)
        self.n -= 1
        for name in OWN:
            array = getattr(self, name)
            array[row] = array[self.n]
        return key

    def mating(self) -> Mates:
        """Views of the members, for selection."""
        arrays = (getattr(self, name)[: self.n] for name in ("ids", "X", "rank", "crowding"))
        return Mates(*arrays)

    def population(self) -> Population:
        """In the order of telling."""
        order = self.told[: self.n].argsort()
        X, F, G, violation = (
            getattr(self, name)[: self.n][order] for name in ("X", "F", "G", "violation")
        )
        return Population(self.ids[: self.n][order], X, F, G, violation, self.definition)

    def state(self) -> dict[str, Any]:
        """Everything, as arrays; ``load`` reads it back."""
        stored = {name: getattr(self, name)[: self.n].copy() for name in STORED}
        return {**stored, "by_value": self.by_value[:, : self.n].copy(), "next": self._next}

    def load(self, state: dict[str, Any]) -> None:
        """Become what ``state`` was taken from."""
        self.n, self._next = len(state["ids"]), count(state, "next")
        for name in STORED:
            getattr(self, name)[: self.n] = state[name]
        self.by_value[:, : self.n] = state["by_value"]
        self.minimized[: self.n] = self.definition.minimized(self.F[: self.n])
        self.violation[: self.n] = self.definition.violation(self.G[: self.n])
