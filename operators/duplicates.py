"""Which rows are new."""

from __future__ import annotations

import numpy as np

from ..typing import Candidates, IntArray


def row_keys(X: Candidates) -> list[bytes]:
    """The bytes of each row of ``X`` (n, n_var); equal rows have equal keys."""
    rows = np.ascontiguousarray(X)
    if rows.dtype.kind == "f":
        rows = rows + 0.0  # of the two zeros, one
    width = rows.shape[1] * rows.itemsize
    data = rows.tobytes()
    return [data[i : i + width] for i in range(0, len(data), width)]


def first_occurrences(X: Candidates, seen: set[bytes]) -> IntArray:
    """Ascending row numbers of ``X`` that are neither in ``seen`` nor earlier in ``X``.

    Their keys are added to ``seen``.
    """
    new = []
    for i, key in enumerate(row_keys(X)):
        if key not in seen:
            seen.add(key)
            new.append(i)
    return np.array(new, dtype=np.int64)
