"""Names of the array types that paretide's signatures use, and what a search space is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
ByteArray: TypeAlias = NDArray[np.uint8]
Candidates: TypeAlias = NDArray[Any]
"""(n, n_var) in the dtype of the space: float64, int64, bool, object, ..."""
Encoded: TypeAlias = NDArray[Any] | list[bytes]
"""Candidates as journal and file hold them: numbers (n, ...), or one text of bytes a row."""


class SearchSpace(Protocol):
    """Everything that the engine asks of a space; ``pt.SearchSpace`` is a base class that has it.

    Rows of ``X`` are candidates. The engine never compares or stores their bytes: it asks for
    ``key``, and for ``encode`` and ``decode``.
    """

    @property
    def n_var(self) -> int:
        """Number of variables: columns of ``X``."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of ``X``: of numbers, bits or objects."""

    @property
    def operators(self) -> Mapping[str, Any]:
        """What varies candidates by default: "sampling", "crossover", "mutation".

        Each a part, or a reference ``module:name`` to one; without "crossover" there is none.
        """

    def key(self, X: Candidates) -> list[bytes]:
        """One text of bytes a row; rows that are the same candidate have the same."""

    def encode(self, X: Candidates) -> Encoded:
        """(n, n_var) candidates as journal and file hold them; ``n`` may be 0."""

    def decode(self, encoded: Encoded) -> Candidates:
        """What was encoded, as (n, n_var) candidates."""

    def candidate(self, row: Candidates) -> Any:
        """What ``evaluate`` gets for one row of ``X``."""

    def row(self, candidate: Any) -> Candidates:
        """(n_var,) the row of a candidate that a user passes; raises ConfigurationError."""

    def show(self, row: Candidates) -> dict[str, Any]:
        """The values of a row by name as files and tables hold them: numbers, strings, True, False
        and None; of any other choice its label or text."""

    def active(self, X: Candidates) -> BoolArray:
        """(n, n_var) True where a value means something in its candidate."""

    def contains(self, X: Candidates) -> BoolArray:
        """(n,) True where a row is a candidate of this space."""

    def describe(self) -> dict[str, Any]:
        """The definition as JSON, of a "kind"; two spaces are the same if these are equal."""


@dataclass(frozen=True)
class Layout:
    """Working coordinates: ``lower``, ``upper`` float64 and ``categories`` int64, all (n_var,)."""

    lower: FloatArray
    upper: FloatArray
    categories: IntArray


class WorkingSpace(SearchSpace, Protocol):
    """A space with working coordinates, in which SBX, polynomial mutation and their like work.

    These are float64, bounded by ``layout.lower`` and ``layout.upper``; columns with
    ``layout.categories > 0`` hold positions without an order.
    """

    @property
    def layout(self) -> Layout:
        """Working coordinates."""

    @property
    def continuous(self) -> BoolArray:
        """(n_var,) bool, True where a value is a real number."""

    def to_working(self, X: Candidates) -> FloatArray:
        """(n, n_var) candidates to working coordinates."""

    def from_working(self, Z: FloatArray) -> Candidates:
        """(n, n_var) working coordinates to candidates."""

    def take(self, columns: IntArray) -> WorkingSpace:
        """The space of these variables alone."""


def has_coordinates(space: SearchSpace) -> TypeGuard[WorkingSpace]:
    """True for a ``WorkingSpace``."""
    return hasattr(space, "layout")
