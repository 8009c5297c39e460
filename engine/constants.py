"""Arrays that are always the same: made once if they are small, read-only."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_KEPT = 10_000
"""Rows. What is larger costs more to fill than to make, and would be kept for nothing."""


def constant(shape: int | tuple[int, int], value: float, dtype: Any) -> NDArray[Any]:
    """``np.full(shape, value, dtype)``; whoever has to write takes a copy."""
    rows = shape if isinstance(shape, int) else shape[0]
    return (_kept if rows <= LARGEST_KEPT else _made)(shape, value, dtype)


def _made(shape: int | tuple[int, int], value: float, dtype: Any) -> NDArray[Any]:
    array = np.full(shape, value, dtype=dtype)
    array.setflags(write=False)
    return array


_kept = lru_cache(maxsize=64)(_made)
