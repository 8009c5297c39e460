"""Arrays that are always the same: made once if they are small, read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_KEPT, LARGEST_KEPT = 64, 10_000
"""Arrays, and rows of one. What is larger costs more to fill than to make."""


class _Constants(dict[tuple[Any, float, Any], NDArray[Any]]):
    """``constants[shape, value, dtype]``: a lookup, since a generation takes several of them."""

    def __missing__(self, key: tuple[int | tuple[int, int], float, Any]) -> NDArray[Any]:
        shape, value, dtype = key
        array = np.full(shape, value, dtype=dtype)
        array.setflags(write=False)
        if (shape if isinstance(shape, int) else shape[0]) <= LARGEST_KEPT:
            if len(self) >= MOST_KEPT:
                self.clear()
            self[key] = array
        return array


constants = _Constants()
"""``np.full(shape, value, dtype)`` by these three; whoever has to write takes a copy."""
