"""Which rows repeat others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from ..cext.row_set import RowSet
from ..typing import Candidates, IntArray

__all__ = ["KeySet", "Leaving", "RowSet", "Seen", "row_keys"]


class Seen(Protocol):
    """Rows that nobody new may equal."""

    def add(self, X: Candidates) -> IntArray:
        """Add the rows of ``X``; returns the ascending numbers of those that repeat others."""


class Leaving(Seen, Protocol):
    """Rows that may leave again."""

    def remove(self, key: bytes) -> None:
        """Others may have this key of the space from now on; KeyError unless one had it."""


def row_keys(X: Candidates) -> list[bytes]:
    """The bytes of each row of ``X`` (n, n_var); equal rows of numbers have equal keys."""
    rows = np.ascontiguousarray(X)
    if rows.dtype.kind == "f":
        rows = rows + 0.0  # of the two zeros, one
    width = rows.shape[1] * rows.itemsize
    data = rows.tobytes()
    return [data[i : i + width] for i in range(0, len(data), width)]


class KeySet:
    """A ``Leaving`` by the keys of rows; for one row at a time, and for any space.

    ``keys`` are there from the start; ``key`` makes them: (n, n_var) rows to a key each, equal
    where the candidates are.
    """

    def __init__(
        self, keys: Iterable[bytes] = (), key: Callable[[Candidates], list[bytes]] = row_keys
    ) -> None:
        self._keys = set(keys)
        self._key = key

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, X: Candidates) -> IntArray:
        """Add the rows of ``X``; returns the ascending numbers of those that repeat others."""
        repeated = []
        for i, key in enumerate(self._key(X)):
            if key in self._keys:
                repeated.append(i)
            self._keys.add(key)
        return np.array(repeated, dtype=np.int64)

    def remove(self, key: bytes) -> None:
        """Raises KeyError unless it is there."""
        self._keys.remove(key)
