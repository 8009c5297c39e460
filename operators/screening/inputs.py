"""What a model sees of candidates: ordered values in [0, 1], and values without an order.

Working coordinates (logarithms where a variable is searched by its logarithm) divided by their
range. Variables with a single value are left out. Where a variable is inactive it holds one and the
same value: the middle, or a category of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ConfigurationError
from ...typing import Candidates, FloatArray, IntArray, SearchSpace, WorkingSpace, has_coordinates


@dataclass(frozen=True)
class Inputs:
    """Candidates as a model sees them.

    Attributes:
        ordered: (n, p) float64 in [0, 1].
        listed: (n, q) float64 positions without an order, which are equal or not.
    """

    ordered: FloatArray
    listed: FloatArray

    def __len__(self) -> int:
        return len(self.ordered)

    def take(self, rows: IntArray) -> Inputs:
        """These rows alone."""
        return Inputs(self.ordered[rows], self.listed[rows])


def check_fit(part: Any, space: SearchSpace) -> WorkingSpace:
    """``space``; raises ConfigurationError, naming the part, if it has no working coordinates."""
    if has_coordinates(space):
        return space
    raise ConfigurationError(
        f"{part!r} needs working coordinates (numbers between bounds, categories, bits), which "
        f"{space!r:.200} has not; write a pt.Screen of your own for it, or leave out screen="
    )


def inputs(X: Candidates, space: WorkingSpace) -> Inputs:
    """``X`` (n, n_var) in the dtype of the space, as a model sees it."""
    layout = space.layout
    lower, range_ = layout.lower, layout.upper - layout.lower
    listed = layout.categories > 0
    ordered = ~listed & (range_ > 0)
    Z = np.asarray(space.to_working(X), dtype=np.float64)
    active = getattr(space, "active", None)
    on = np.ones(Z.shape, dtype=np.bool_) if active is None else np.asarray(active(X))
    unit = np.clip((Z[:, ordered] - lower[ordered]) / range_[ordered], 0.0, 1.0)
    return Inputs(
        np.where(on[:, ordered], unit, 0.5),
        np.where(on[:, listed], Z[:, listed], -1.0),
    )
