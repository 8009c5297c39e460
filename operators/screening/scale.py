"""From the targets that a model is fitted to back to the values that volume is measured in."""

from __future__ import annotations

import numpy as np

from ...typing import FloatArray

MOST_PIECES = 64

BEST_SHARE = 0.1
"""Of the known, whose slope goes on beyond the best."""

FAR = 1e3
"""Ranges of the front beyond which values are not told apart."""


class Scale:
    """Values as a rising function of targets, in straight pieces between known ones.

    Attributes:
        targets: (q,) rising.
        slope_below: Of values by targets, below the first of them.
    """

    def __init__(self, targets: FloatArray, values: FloatArray) -> None:
        """``targets`` (n,) rise with ``values`` (n,), which are finite; n >= 1."""
        knots, first = np.unique(targets, return_index=True)
        most = np.linspace(0, len(knots) - 1, min(len(knots), MOST_PIECES)).astype(np.int64)
        self.targets, self._values = knots[most], np.minimum(values[first][most], FAR)
        place = min(max(1, int(BEST_SHARE * len(most))), len(most) - 1)
        self.slope_below = self._slope(place)
        self._slope_above = self._slope(len(most) - 1)

    def _slope(self, place: int) -> float:
        rise = float(self._values[place] - self._values[0])
        return rise / float(self.targets[place] - self.targets[0]) if rise > 0 else 1.0

    def values_of(self, targets: FloatArray) -> FloatArray:
        """(e,) of ``targets`` (e,)."""
        under = np.minimum(targets - self.targets[0], 0.0) * self.slope_below
        over = np.maximum(targets - self.targets[-1], 0.0) * self._slope_above
        return np.asarray(np.interp(targets, self.targets, self._values) + under + over)

    def target_of(self, value: float) -> float:
        """Of a value; of several that have it, one."""
        first, last = float(self._values[0]), float(self._values[-1])
        if value <= first:
            return float(self.targets[0]) - (first - value) / self.slope_below
        if value >= last:
            return float(self.targets[-1]) + (value - last) / self._slope_above
        return float(np.interp(value, self._values, self.targets))
