"""The base class of search spaces: what they have in common, and what a new one has to say.

A space of permutations, for one::

    class Tours(pt.SearchSpace):
        dtype = np.dtype(np.int64)
        operators = {"sampling": shuffled, "crossover": ordered, "mutation": swapped}

        def __init__(self, n):
            self.n_var = n

        def contains(self, X):
            return (np.sort(X, axis=1) == np.arange(self.n_var)).all(axis=1)
"""

from __future__ import annotations

import copy
import inspect
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ConfigurationError
from ..typing import BoolArray, Candidates, Encoded

PARTS = ("sampling", "crossover", "mutation")
"""For which a space may name its operators."""


class SearchSpace(ABC):
    """What a candidate is, and how a population of them lies in one array ``X`` (n, n_var).

    A subclass sets ``n_var``, ``dtype`` and ``operators``, and defines ``contains``. All else has a
    default, which fits rows of numbers. Candidates of one's own kind are of dtype object, usually
    one a row (``n_var = 1``); their space also defines ``encode`` and ``decode``.

    Attributes:
        n_var: Number of variables, at least 1.
        dtype: Of ``X``: a NumPy dtype of numbers, bits or objects.
        operators: "sampling", "crossover" and "mutation", by default: parts, or references
            ``module:name`` to them. Without "crossover" there is none.
        init_arguments: How the instance was made; part of its description.
    """

    n_var: int
    dtype: np.dtype[Any]
    operators: Mapping[str, Any] = {}
    init_arguments: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> SearchSpace:
        """Remember the arguments; ``object.__new__`` would refuse them."""
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError(f"{cls.__name__}() takes no arguments")
        self = super().__new__(cls)
        object.__setattr__(self, "init_arguments", (args, kwargs))  # of a frozen one, too
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """x0, x1, ..."""
        return tuple(f"x{i}" for i in range(self.n_var))

    @abstractmethod
    def contains(self, X: Candidates) -> BoolArray:
        """(n,) True where a row of ``X`` (n, n_var) is a candidate of this space."""

    def key(self, X: Candidates) -> list[bytes]:
        """One text of bytes a row; rows that are the same candidate have the same.

        The bytes of the row, of the two zeros one; inactive values do not count. Of objects, the
        bytes that they are encoded as.
        """
        if X.dtype.hasobject:
            encoded = self.encode(X)
            return encoded if isinstance(encoded, list) else _bytes_of_rows(encoded)
        if type(self).active is SearchSpace.active:
            return _bytes_of_rows(X)
        active = self.active(X)
        rows = _bytes_of_rows(np.where(active, X, np.zeros((), X.dtype)))
        return [row + mask for row, mask in zip(rows, _bytes_of_rows(active), strict=True)]

    def encode(self, X: Candidates) -> Encoded:
        """(n, n_var) candidates as journal and file hold them: numbers (n, ...), whose rows have
        the same shape and dtype always, or a list with one text of bytes a row; ``n`` may be 0.
        """
        if X.dtype.hasobject:
            raise ConfigurationError(
                f"{type(self).__name__} holds objects: define encode(X), which makes bytes of "
                "every row or an array of numbers of all, and decode(encoded)"
            )
        return X

    def decode(self, encoded: Encoded) -> Candidates:
        """What ``encode`` has made, as (n, n_var) candidates."""
        return np.asarray(encoded)

    def candidate(self, row: Candidates) -> Any:
        """What ``evaluate`` gets: a copy of the row; of a row that is one object, of the object."""
        copied = copy.deepcopy(row) if row.dtype == object else row.copy()
        return copied[0] if row.dtype == object and self.n_var == 1 else copied

    def row(self, candidate: Any) -> Candidates:
        """(n_var,) the row that holds ``candidate``, or ConfigurationError if none does."""
        row = np.empty(self.n_var, dtype=self.dtype)
        if row.dtype == object and self.n_var == 1:
            row[0] = candidate
            return row
        try:
            values = list(candidate)
            for i, value in enumerate(values):
                row[i] = value
        except (TypeError, ValueError, OverflowError, IndexError):
            values = []
        if len(values) != self.n_var:
            raise ConfigurationError(
                f"a candidate has {self.n_var} values of {self.dtype}, got {candidate!r:.200}"
            )
        if self.dtype != object and any(row[i] != value for i, value in enumerate(values)):
            raise ConfigurationError(  # as 1.5 among whole numbers
                f"a candidate has values of {self.dtype}, got {candidate!r:.200}"
            )
        return row

    def show(self, row: Candidates) -> dict[str, Any]:
        """The values by name, as Python's numbers, truth values and texts; None where inactive."""
        values = [v if _is_plain(v) else str(v) for v in row.tolist()]
        if type(self).active is not SearchSpace.active:
            active = self.active(row[None])[0].tolist()
            values = [v if a else None for v, a in zip(values, active, strict=True)]
        return dict(zip(self.names, values, strict=True))

    def active(self, X: Candidates) -> BoolArray:
        """(n, n_var) True where a value means something in its candidate: by default everywhere.

        Inactive ones are varied like any other, do not make candidates different, and are not
        shown.
        """
        return np.ones(X.shape, dtype=np.bool_)

    def describe(self) -> dict[str, Any]:
        """The definition as JSON: its kind, and the arguments that it was made with.

        Raises ConfigurationError for arguments that JSON cannot hold; such a space describes
        itself.
        """
        kind = type(self)
        args, kwargs = self.init_arguments
        arguments = dict(inspect.signature(kind).bind(*args, **kwargs).arguments)
        return {"kind": f"{kind.__module__}:{kind.__qualname__}", **as_json(kind, arguments)}


def shown_as_they_are(space: SearchSpace) -> bool:
    """True if ``show`` of a row gives its numbers: a column of ``X`` is a column of a table."""
    kind = type(space)
    plain = kind.show is SearchSpace.show and kind.active is SearchSpace.active
    return plain and space.dtype != object


def check_space(where: str, space: SearchSpace) -> None:
    """Refuse a space that lacks something; raises ConfigurationError naming it.

    Args:
        where: Its name in messages.
        space: Of whatever class.
    """
    kind = type(space).__qualname__
    n_var = getattr(space, "n_var", None)
    if not isinstance(n_var, (int, np.integer)) or n_var < 1:
        raise ConfigurationError(
            f"{where}: {kind} must have n_var, a whole number of at least 1, got {n_var!r:.100}"
        )
    dtype = getattr(space, "dtype", None)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biufO":
        raise ConfigurationError(
            f"{where}: {kind} must have a dtype of numbers, bits or objects, as dtype = "
            f"np.dtype(np.int64), got {dtype!r:.100}"
        )
    names = space.names
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"{where}: {kind}.names must be texts in a tuple, got {names!r}")
    if len(names) != n_var or len(set(names)) != n_var:
        raise ConfigurationError(
            f"{where}: {kind}.names must be {n_var} different names, got {names!r:.200}"
        )
    parts = space.operators
    if not isinstance(parts, Mapping) or not set(parts) <= set(PARTS):
        raise ConfigurationError(
            f"{where}: {kind}.operators must be a mapping with the names {list(PARTS)}, "
            f"got {parts!r:.200}"
        )


def _bytes_of_rows(X: Candidates) -> list[bytes]:
    """The bytes of each row; rows of equal numbers have the same."""
    rows = np.ascontiguousarray(X)
    if rows.dtype.kind == "f":
        rows = rows + 0.0  # of the two zeros, one
    data = rows.tobytes()
    width = len(data) // len(rows) if len(rows) else 0
    return [data[i : i + width] for i in range(0, len(data), width)] if width else []


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def as_json(kind: type, described: Any) -> dict[str, Any]:
    """A description of a space, arrays as lists; raises ConfigurationError if it is no JSON."""
    try:
        found = json.loads(json.dumps(described, default=_plain))
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise ConfigurationError(
            f"{kind.__qualname__} is described by {described!r:.200}, which JSON cannot hold: "
            "define describe(self), which returns what makes two such spaces the same, as a "
            "mapping of names to numbers, texts, lists and mappings"
        )
    return found


def _plain(value: Any) -> Any:
    """Arrays and numbers of NumPy as Python's."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError
