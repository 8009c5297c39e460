"""Which rows repeat others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from ..cext.row_set import RowSet
from ..typing import Candidates, IntArray

__all__ = ["KeySet", "RowSet", "Seen", "row_keys"]


class Seen(Protocol):
    """Rows that nobody new may equal."""

    def add(self, X: Candidates) -> IntArray:
        """Add the rows of ``X``; returns the ascending numbers of those that repeat others."""


def row_keys(X: Candidates) -> list[bytes]:
    """The bytes of each row of ``X`` (n, n_var); equal rows have equal keys."""
    rows = np.ascontiguousarray(X)
    if rows.dtype.kind == "f":
        rows = rows + 0.0  # of the two zeros, one
    width = rows.shape[1] * rows.itemsize
    data = rows.tobytes()
    return [data[i : i + width] for i in range(0, len(data), width)]


class KeySet:
    """A ``Seen`` of which rows can be removed, by their ``row_keys``; for one row at a time."""

    def __init__(self, keys: Iterable[bytes] = ()) -> None:
        self._keys = set(keys)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, X: Candidates) -> IntArray:
        """Add the rows of ``X``; returns the ascending numbers of those that repeat others."""
        repeated = []
        for i, key in enumerate(row_keys(X)):
            if key in self._keys:
                repeated.append(i)
            self._keys.add(key)
        return np.array(repeated, dtype=np.int64)

    def remove(self, key: bytes) -> None:
        """Raises KeyError unless it is there."""
        self._keys.remove(key)
