"""Children that a screen makes on its model: they descend from the pool that was drawn for it.

A screen that evolves its pool (``Screen.improve``) is given ``vary``: the run's own crossover,
mutation and repair. Who comes out of that is new to the run and breaks no limit. A child is known
again by its key, so whatever a screen does with rows, the parents that are recorded are right: of
a child of two rows, the first parent of each that has been evaluated.
"""

from __future__ import annotations

import numpy as np

from ...typing import BoolArray, Candidates, IntArray
from ..records.provenance import EVOLVED, Born, together
from .breeding import Breeding
from .everything import Everything
from .taken import Taken


class Offshoots:
    """A pool, and what is made of it on a model.

    Attributes:
        born: The pool, as it was drawn.
        drawn: The same; ``choice`` is the row of each.

    Args:
        born: The children that were drawn.
        breeding: What they were made by.
        seen: Whom nobody new may equal; nothing is added. None: whoever is made may be.
    """

    def __init__(self, born: Born, breeding: Breeding, seen: Taken | Everything | None) -> None:
        self.born = born
        numbers = np.arange(len(born), dtype=np.int32)
        self.drawn = Born(born.X, born.parents, born.operator, numbers)
        self._breeding, self._seen = breeding, seen
        self._key = breeding.space.key
        self._rows: dict[bytes, int] = {}  # of the pool
        self._parents: dict[bytes, IntArray] = {}  # of those that are made here

    def vary(self, parents: Candidates, rng: np.random.Generator) -> Candidates:
        """At most as many children of (n, n_var) ``parents``; those that are not new are left out.

        Parents meet in the order in which they come, in a crossover of two the first and the
        second, the third and the fourth, and so on; those that are left over are left out.
        """
        self._know_the_pool()
        X, rows = self._breeding.varied(parents, rng)
        keys = self._key(parents)
        first = np.array([self._first_parent(key) for key in keys], dtype=np.int64)
        descent = np.full((len(X), self.drawn.parents.shape[1]), -1, dtype=np.int64)
        descent[:, : rows.shape[1]] = first[rows]
        fresh = np.flatnonzero(self._fresh(X))
        for key, row in zip(self._key(X[fresh]), fresh.tolist(), strict=True):
            self._parents[key] = descent[row]
        return X[fresh]

    def evolved(self, X: Candidates) -> Born:
        """What has become of the pool: those of it that are left, and those that were made.

        Rows that a screen has made itself have no parents; who is not new, or breaks a limit, is
        left out.
        """
        self._know_the_pool()
        keys = self._key(X)
        first = {key: i for i, key in reversed(list(enumerate(keys)))}
        rows = np.array(sorted(first.values()), dtype=np.int64)
        made = rows[[keys[i] not in self._rows for i in rows.tolist()]]
        if self._seen is not None:
            made = np.delete(made, self._seen.repeated(X[made]))
        strange = made[[keys[i] not in self._parents for i in made.tolist()]]
        made = np.setdiff1d(made, strange[self._broken(X[strange])])
        parents = np.full((len(made), self.drawn.parents.shape[1]), -1, dtype=np.int64)
        for place, i in enumerate(made.tolist()):
            parents[place] = self._parents.get(keys[i], -1)
        places = {i: len(self.drawn) + place for place, i in enumerate(made.tolist())}
        places |= {i: self._rows[keys[i]] for i in rows.tolist() if keys[i] in self._rows}
        kept = np.array([places[i] for i in sorted(places)], dtype=np.int64)
        return self.drawn_and(X[made], parents).take(kept)

    def drawn_and(self, X: Candidates, parents: IntArray) -> Born:
        """The pool as it was drawn, and (m, n_var) that were made on a model."""
        operator = np.full(len(X), self._breeding.position, dtype=np.uint8)
        made = Born(X, parents, operator, np.full(len(X), EVOLVED, dtype=np.int32))
        return together(self.drawn, made)

    def _know_the_pool(self) -> None:
        if not self._rows:
            self._rows = {key: row for row, key in enumerate(self._key(self.drawn.X))}

    def _first_parent(self, key: bytes) -> int:
        """Of a row of the pool, or of one that was made here; -1 if it has none."""
        if key in self._rows:
            return int(self.drawn.parents[self._rows[key], 0])
        return int(self._parents[key][0]) if key in self._parents else -1

    def _fresh(self, X: Candidates) -> BoolArray:
        """(n,) True for those that may go out: unlike all others, and within the limits."""
        fresh = np.ones(len(X), dtype=np.bool_)
        here: set[bytes] = set()
        for row, key in enumerate(self._key(X)):
            fresh[row] = not (key in self._rows or key in self._parents or key in here)
            here.add(key)
        if self._seen is not None:
            fresh[self._seen.repeated(X)] = False
        allowed = np.flatnonzero(fresh)
        fresh[allowed[self._broken(X[allowed])]] = False
        return fresh

    def _broken(self, X: Candidates) -> BoolArray:
        limits = self._breeding.limits
        return np.zeros(len(X), dtype=np.bool_) if limits is None else limits.broken(X)
