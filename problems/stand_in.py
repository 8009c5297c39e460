"""Spaces of the user's own as a run's file describes them, and what it holds of their candidates.

A file must open, show, be verified and exported where nobody has the code of the space. So it says
how the space is called, what it was made with, the names of its variables, and how its rows are
stored; a ``StandIn`` is made of that, and knows candidates as they are stored. A run that goes on
has the problem, and with it the space itself, which reads them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import StoreCorrupt
from ..typing import BoolArray, Candidates, Encoded
from .encoded import BYTES, Form, form_of, is_own, little
from .reference import place_of
from .search_space import SearchSpace, as_json


class StandIn(SearchSpace):
    """A space of which there is but the description. It holds candidates as they are stored.

    Rows that are stored as they are, as numbers, are rows of ``X``. Of any others the first column
    holds what is stored, and the other columns nothing.
    """

    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description
        self._names = tuple(description["names"])
        self.n_var = len(self._names)
        dtype, shape = description["rows"]
        self.form: Form = (str(dtype), tuple(shape))
        described = np.dtype(description["dtype"])
        if not all(isinstance(name, str) for name in self._names) or not self._names:
            raise ValueError(f"the names of its variables are {self._names!r:.100}")
        if described.kind not in "biufO":
            raise ValueError(f"its candidates have the dtype {described}")
        if self.form != BYTES and (
            np.dtype(dtype).kind not in "biuf"
            or len(self.form[1]) > 8
            or not all(type(n) is int and 0 <= n < 2**31 for n in self.form[1])
        ):
            raise ValueError(f"its rows are stored as {description['rows']!r:.100}")
        self._plain = self.form == (little(described), (self.n_var,))
        self.dtype = described if self._plain else np.dtype(object)

    def __repr__(self) -> str:
        return f"<the space {self.description['kind']}, as its file describes it>"

    @property
    def names(self) -> tuple[str, ...]:
        """As they were given."""
        return self._names

    def contains(self, X: Candidates) -> BoolArray:
        """Nobody knows."""
        return np.ones(len(X), dtype=np.bool_)

    def encode(self, X: Candidates) -> Encoded:
        """As they were stored."""
        if self._plain:
            return X
        if self.form == BYTES:
            return list(X[:, 0])
        dtype, shape = self.form
        rows = np.empty((len(X), *shape), dtype=np.dtype(dtype).newbyteorder("="))
        for row, stored in zip(rows, X[:, 0], strict=True):
            row[...] = stored
        return rows

    def decode(self, encoded: Encoded) -> Candidates:
        """Candidates as they are stored."""
        if self._plain:
            return np.asarray(encoded)
        X = np.full((len(encoded), self.n_var), None, dtype=object)
        for i, stored in enumerate(encoded):
            X[i, 0] = stored
        return X

    def candidate(self, row: Candidates) -> Any:
        """What is stored of it."""
        return row.copy() if self._plain else row[0]

    def show(self, row: Candidates) -> dict[str, Any]:
        """The values by name; bytes as the text that they are, or in hexadecimal digits."""
        if self._plain:
            return super().show(row)
        values = list(row)
        if self.form[1] == row.shape and self.form != BYTES:  # one for each variable
            values = list(row[0])
        return {name: _shown(value) for name, value in zip(self.names, values, strict=True)}

    def describe(self) -> dict[str, Any]:
        """As in the file."""
        return self.description

    def candidates_of(self, space: SearchSpace, X: Candidates) -> Candidates:
        """What ``space``, which this one stands for, makes of rows of this one.

        Raises StoreCorrupt if it does not know them.
        """
        try:
            rows = space.decode(self.encode(X))
        except Exception as error:  # of a stranger's bytes, in a user's code
            raise _unreadable(space, error) from error
        return checked_candidates(space, rows, len(X))


def checked_candidates(space: SearchSpace, X: Any, n: int) -> Candidates:
    """``X``, which a file holds; raises StoreCorrupt unless it is ``n`` candidates of the space."""
    try:
        right = X.shape == (n, space.n_var) and X.dtype == space.dtype
        right = right and bool(np.all(space.contains(X)))
    except Exception as error:
        raise _unreadable(space, error) from error
    if not right:
        raise StoreCorrupt(
            f"the candidates of the file are none of {space!r:.200}: {n} were expected, as an "
            f"array of {space.dtype} and shape {(n, space.n_var)}, and each in the space; got "
            f"{X!r:.200}"
        )
    rows: Candidates = X
    return rows


def _unreadable(space: SearchSpace, error: Exception) -> StoreCorrupt:
    return StoreCorrupt(
        f"the candidates of the file cannot be read by {space!r:.200}: {error!r:.300}"
    )


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return f"0x{value.hex()}"
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def describe_space(space: Any) -> dict[str, Any]:
    """The definition of a space as JSON; of one of the user's own, what a ``StandIn`` needs."""
    described = space.describe()
    if is_own(space) or isinstance(space, StandIn):
        return dict(described)
    kind = type(space)
    dtype, shape = form_of(space)
    return {
        "kind": place_of(kind).target or f"{kind.__module__}:{kind.__qualname__}",
        "settings": {k: v for k, v in as_json(kind, described).items() if k != "kind"},
        "names": list(space.names),
        "dtype": "object" if space.dtype == object else little(space.dtype),
        "rows": [dtype, list(shape)],
    }
