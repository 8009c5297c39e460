"""Candidates that nobody new may equal, while members come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ...typing import Candidates, IntArray

Keys = Callable[[Candidates], list[bytes]]
"""Equal rows of (n, n_var) have equal keys."""


class Taken:
    """Keys with how many have them: of those under evaluation or in the population.

    Attributes:
        last: The key of the row that was added last.

    Args:
        keys_of: What tells rows apart.
        keys: That are taken.
    """

    last = b""

    def __init__(self, keys_of: Keys, keys: Iterable[bytes] = ()) -> None:
        self._keys_of = keys_of
        self._held: dict[bytes, int] = {}
        for key in keys:
            self.join(key)

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

    def join(self, key: bytes) -> None:
        """One more has this key, whoever else does."""
        self._held[key] = self._held.get(key, 0) + 1

    def leave(self, key: bytes) -> None:
        """One that has this key is gone: others may have it now, unless somebody still has."""
        left = self._held[key] - 1
        if left:
            self._held[key] = left
        else:
            del self._held[key]
