"""Plain operations on small arrays, without the price of NumPy's dispatch.

``gather`` and ``stack`` take arrays of the user's own objects, too, which no kernel can.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cext import gather as _kernel
from ..cext.finite import all_finite
from ..cext.vectors import arange_int64, full_float64, full_int32
from ..errors import ShapeError
from ..typing import IntArray

__all__ = ["all_finite", "arange_int64", "full_float64", "full_int32", "gather", "stack"]

Pair = tuple[NDArray[Any], NDArray[Any]]


def gather(rows: IntArray, *pairs: Pair) -> list[NDArray[Any]]:
    """``np.concatenate(pair)[rows]`` of several pairs of arrays, read-only.

    ``rows`` (r,) int64 below n + k; pairs of (n, ...) and (k, ...) of one dtype.
    Raises ShapeError for arrays that do not fit each other, and rows out of range.
    """
    try:
        return _kernel.gather(rows, *pairs)
    except ShapeError:
        if not any(first.dtype.hasobject for first, _ in pairs):
            raise
    return [
        _gather_objects(rows, *p) if p[0].dtype.hasobject else gather(rows, p)[0] for p in pairs
    ]


def _gather_objects(rows: IntArray, first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    gathered = np.concatenate([first, second])[rows]
    gathered.setflags(write=False)
    return gathered


def stack(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """``np.concatenate((first, second))`` of (n, ...) and (k, ...), of one dtype.

    Raises ShapeError for arrays that do not fit each other.
    """
    if first.dtype.hasobject:
        return np.concatenate([first, second])
    return _kernel.stack(first, second)
