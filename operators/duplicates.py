"""Which rows repeat others."""

from __future__ import annotations

from typing import Protocol

from ..cext.hash_set import HashSet
from ..cext.row_set import RowSet
from ..typing import Candidates, IntArray

__all__ = ["HashSet", "RowSet", "Seen"]


class Seen(Protocol):
    """Rows that nobody new may equal."""

    def add(self, X: Candidates) -> IntArray:
        """Add the rows of ``X``; returns the ascending numbers of those that repeat others."""
