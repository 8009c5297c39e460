"""Candidates that nobody new may equal, while members come and go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...operators.parts import Duplicates
from ...typing import Candidates, IntArray, SearchSpace
from .checked import check_repeated

Keys = Callable[[Candidates], list[bytes]]
"""Equal rows of (n, n_var) have equal keys."""


class Taken:
    """Keys with how many have them: of those under evaluation or in the population.

    Attributes:
        last: The key of the row that was added last.

    Args:
        keys_of: What tells rows apart.
    """

    last = b""

    def __init__(self, keys_of: Keys) -> None:
        self._keys_of = keys_of
        self._held: dict[bytes, int] = {}

    def __len__(self) -> int:
        """How many different ones there are."""
        return len(self._held)

    def add(self, X: Candidates) -> IntArray:
        """Add the rows of ``X``; returns the ascending numbers of those that repeat others."""
        held, repeated = self._held, []
        for i, key in enumerate(self._keys_of(X)):
            if key in held:
                repeated.append(i)
            else:
                held[key] = 1
            self.last = key
        return np.array(repeated, dtype=np.int64)

    def repeated(self, X: Candidates) -> IntArray:
        """The ascending numbers of rows that repeat others; nothing is added."""
        held: set[bytes] = set()
        rows = []
        for i, key in enumerate(self._keys_of(X)):
            if key in self._held or key in held:
                rows.append(i)
            held.add(key)
        return np.array(rows, dtype=np.int64)

    def join(self, key: bytes, row: Candidates) -> None:
        """One more has this key, whoever else does; (n_var,) is it."""
        self._held[key] = self._held.get(key, 0) + 1

    def leave(self, key: bytes) -> None:
        """One that has this key is gone: others may have it now, unless somebody still has."""
        left = self._held[key] - 1
        if left:
            self._held[key] = left
        else:
            del self._held[key]


class TakenAsPartSays(Taken):
    """The same where a part says which rows repeat others, and not their keys."""

    def __init__(self, part: Duplicates, space: SearchSpace) -> None:
        super().__init__(space.key)
        self._part, self._space = part, space
        self._rows: dict[bytes, Candidates] = {}

    def add(self, X: Candidates) -> IntArray:
        """Add the rows of ``X``; returns the ascending numbers of those that repeat others."""
        repeated = self.repeated(X)
        known = set(repeated.tolist())
        for i, key in enumerate(self._keys_of(X)):
            if i not in known:
                self.join(key, X[i])
            self.last = key
        return repeated

    def repeated(self, X: Candidates) -> IntArray:
        """The ascending numbers of rows that repeat others; nothing is added."""
        others = np.empty((len(self._rows), self._space.n_var), dtype=self._space.dtype)
        for i, row in enumerate(self._rows.values()):
            others[i] = row
        return check_repeated(self._part, self._part(X, others, self._space), len(X))

    def join(self, key: bytes, row: Candidates) -> None:
        """One more has this key; the part compares others with it."""
        super().join(key, row)
        self._rows.setdefault(key, row.copy())

    def leave(self, key: bytes) -> None:
        """One that has this key is gone."""
        super().leave(key)
        if key not in self._held:
            del self._rows[key]
