"""Which rows repeat others."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..cext.row_set import RowSet
from ..typing import Candidates, IntArray

__all__ = ["RowSet", "Seen", "row_keys"]


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
