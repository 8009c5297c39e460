"""Another value, of those without an order."""

from __future__ import annotations

import numpy as np

from ...typing import FloatArray, IntArray


def redraw_categories(
    Z: FloatArray, categories: IntArray, prob: float, rng: np.random.Generator
) -> FloatArray:
    """Copy of ``Z`` (k, n_var) in which each value, with ``prob``, is another one of its column.

    Column j holds whole numbers below ``categories[j] >= 2``.
    """
    changed = rng.random(Z.shape) < prob
    step = rng.integers(1, categories, size=Z.shape)  # never 0: always another value
    return np.where(changed, (Z + step) % categories, Z)
