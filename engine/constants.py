"""Arrays that are always the same: made once, read-only."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


@lru_cache(maxsize=64)
def constant(shape: int | tuple[int, ...], value: float, dtype: DTypeLike) -> NDArray[Any]:
    """``np.full(shape, value, dtype)``; whoever has to write takes a copy."""
    array = np.full(shape, value, dtype=dtype)
    array.flags.writeable = False
    return array
