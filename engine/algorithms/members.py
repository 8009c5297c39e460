"""A population that changes by one at a time: ranked, sorted and measured without starting anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ConfigurationError
from ...operators.parts import Survival
from ...operators.survival import constrained_rank
from ...operators.survival.incremental import Ranked
from ...problems.definition import Definition
from ...typing import Candidates, FloatArray, IntArray
from ..records.population import Population
from .breeding import Mates
from .counts import count
from .part_memory import PartMemory, copied
from .reselected import Reselected, changes_by_one

RANKED = ("minimized", "violation", "rank", "crowding")
ROWS = ("ids", "told", "X", "F", "G", *RANKED)
"""What a member has, the first axis of these arrays; ``Ranked`` keeps the latter."""

MATES = ("ids", "X", "rank", "crowding", "minimized", "violation")
"""Of ``Mates``, in their order."""

STORED = ("ids", "told", "X", "F", "G", "rank", "crowding")


class Members:
    """Members in slots; who goes leaves the slot to the one who came last.

    Attributes:
        size: How many there can be.
        n: How many there are; only so many rows count.
        ids: (size + 1,) int64.
        told: (size + 1,) int64, ascending in the order of telling.
        X: (size + 1, n_var).
        F: (size + 1, n_obj) in the user's directions.
        G: (size + 1, n_con).
        violation: (size + 1,) float64.
        minimized: (size + 1, n_obj) ``F``, minimized.
        rank: (size + 1,) int64 constrained non-domination ranks.
        crowding: (size + 1,) float64 crowding distances within the fronts.
        by_value: (n_obj, size + 1) int64 slots by ascending ``minimized``.
        keys: Of the candidates, by slot.
        survival: Who stays.
        memory: Of survival and breeding.
    """

    def __init__(
        self,
        definition: Definition,
        size: int,
        survival: Survival,
        memory: PartMemory | None = None,
    ) -> None:
        self.definition = definition
        self.survival = survival
        self.memory: PartMemory = {} if memory is None else memory
        self.size = size
        self.n = 0
        self._next = 0  # in the order of telling
        n_obj, n_con, room = definition.n_obj, definition.n_con, size + 1
        self.ids: IntArray = np.empty(room, dtype=np.int64)
        self.told: IntArray = np.empty(room, dtype=np.int64)
        self.rank: IntArray = np.empty(room, dtype=np.int64)
        self.violation: FloatArray = np.empty(room)
        self.crowding: FloatArray = np.empty(room)
        self.X: Candidates = np.empty((room, definition.space.n_var), dtype=definition.space.dtype)
        self.F: FloatArray = np.empty((room, n_obj))
        self.G: FloatArray = np.empty((room, n_con))
        self.minimized: FloatArray = np.empty((room, n_obj))
        self.by_value: IntArray = np.empty((n_obj, room), dtype=np.int64)
        self.keys: list[bytes] = []
        arrays = (self.minimized, self.violation, self.rank, self.crowding)
        self._ranked = (
            Ranked(*arrays, self.by_value, survival.copies_give_way)
            if changes_by_one(survival)
            else Reselected(survival, self.memory, *arrays)
        )
        self._mates: Mates | None = None  # while they are as many

    def resized(self, size: int) -> Members:
        """The same members with room for ``size``, and a memory of their own."""
        larger = Members(self.definition, size, self.survival, copied(self.memory))
        larger.n, larger._next = self.n, self._next
        for name in ROWS:
            getattr(larger, name)[: self.n] = getattr(self, name)[: self.n]
        larger.by_value[:, : self.n] = self.by_value[:, : self.n]
        larger.keys = self.keys.copy()
        return larger

    def copy(self) -> Members:
        """Changes of the one do not show in the other."""
        return self.resized(self.size)

    def add(
        self,
        id: int,
        x: Candidates,
        key: bytes,
        F: FloatArray,
        G: FloatArray,
        point: FloatArray,
        violation: float,
        rng: np.random.Generator,
    ) -> bytes | None:
        """One more; if they are too many, the most crowded of the last front goes.

        Returns the key of who has gone. (n_var,), in the user's units (n_obj,) and (n_con,), and
        (n_obj,) minimized.
        """
        n, gone = self.n, None
        self.minimized[n], self.violation[n] = point, violation
        order, self._next = self._next, self._next + 1
        if n < self.size:
            self._ranked.insert(n, rng.bit_generator)
            slot, self.n, self._mates = n, n + 1, None
            self.keys.append(key)
        else:
            slot = self._ranked.replace(n, rng.bit_generator)
            if slot == n:
                return key
            gone, self.keys[slot] = self.keys[slot], key
        self.ids[slot], self.told[slot], self.X[slot], self.F[slot] = id, order, x, F
        if len(G):
            self.G[slot] = G
        return gone

    def mates(self) -> Mates:
        """Views of the members, for selection."""
        if self._mates is None:
            arrays = (getattr(self, name)[: self.n] for name in MATES)
            self._mates = Mates(*arrays)._replace(memory=self.memory)
        return self._mates

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
        if changes_by_one(self.survival):
            stored["by_value"] = self.by_value[:, : self.n].copy()
        return {**stored, "next": self._next}

    def load(self, state: dict[str, Any], keys: list[bytes]) -> None:
        """Become what ``state`` was taken from; ``keys`` are those of its candidates."""
        self.n, self._next = len(state["ids"]), count(state, "next")
        for name in STORED:
            getattr(self, name)[: self.n] = state[name]
        self.minimized[: self.n] = self.definition.minimized(self.F[: self.n])
        self.violation[: self.n] = self.definition.violation(self.G[: self.n])
        self.keys = list(keys)
        if changes_by_one(self.survival):
            self.by_value[:, : self.n] = state["by_value"]
            self._check_ranked()

    def _check_ranked(self) -> None:
        """Raise ConfigurationError for ranks or an order that a state made up.

        From here on nobody ranks or sorts all of them anew.
        """
        points, violation = self.minimized[: self.n], self.violation[: self.n]
        columns = np.arange(self.definition.n_obj)[:, None]
        lines = points[self.by_value[:, : self.n], columns]
        ascending = (lines[:, :-1] <= lines[:, 1:]).all()
        ranks = constrained_rank(points, violation)
        if not ascending or not np.array_equal(self.rank[: self.n], ranks):
            raise ConfigurationError("the ranks or the order of a state are not of its members")
