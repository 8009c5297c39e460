"""Which points of a known front a population holds.

Values are compared exactly: that is right where they are whole numbers, as in pseudo-Boolean
problems, and wrong where they are rounded.
"""

from __future__ import annotations

import numpy as np

from ...errors import ShapeError
from ...typing import FloatArray


def uncovered(F: FloatArray, front: FloatArray) -> FloatArray:
    """The rows of ``front`` that are no row of ``F``, in their order.

    Args:
        F: (n, m) float64 objective values; any order, repetitions welcome.
        front: (s, m) float64 values looked for, in the same units and directions.

    Raises ShapeError if the two are not matrices of the same width. O(m (n + s)).
    """
    held = set(_rows(F, front))
    return front[[row not in held for row in _rows(front, F)]]


def covered(F: FloatArray, front: FloatArray) -> bool:
    """True if every row of ``front`` is a row of ``F``; as ``uncovered``, without the rows."""
    return set(_rows(front, F)) <= set(_rows(F, front))


def _rows(values: FloatArray, other: FloatArray) -> list[bytes]:
    """The rows of ``values`` as hashable bytes."""
    if np.ndim(values) != 2 or np.ndim(other) != 2 or values.shape[1] != other.shape[1]:
        raise ShapeError(
            "F and front must be matrices with one column an objective, got the shapes "
            f"{np.shape(values)} and {np.shape(other)}"
        )
    # Adding zero turns -0.0, which has other bytes, into 0.0.
    plain = np.ascontiguousarray(values, dtype=np.float64) + 0.0
    joined: list[bytes] = plain.view(f"V{plain.itemsize * plain.shape[1]}").ravel().tolist()
    return joined
