"""Working coordinates: where parts act that need numbers between bounds.

They are float64, and from them back to candidates is not always the way that led there: logarithm
and exponential do not undo each other exactly, and a copy that differs in its last bit would pass
for a new candidate. So a value that no part has touched is taken from the parent it came from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ConfigurationError
from ..typing import Candidates, FloatArray, IntArray, SearchSpace, WorkingSpace, has_coordinates


def with_coordinates(part: Any, space: SearchSpace) -> WorkingSpace:
    """``space``; raises ConfigurationError, naming the part, if it has no working coordinates."""
    if has_coordinates(space):
        return space
    raise ConfigurationError(
        f"{part!r} needs working coordinates (numbers between bounds), which {space!r:.200} has "
        "not; give the algorithm parts of your own that fit this space, or name them in its "
        "operators"
    )


def varying(space: WorkingSpace) -> IntArray | None:
    """The columns that vary if that is some of them; None if it is all, or none."""
    layout = space.layout
    columns = np.flatnonzero((layout.lower < layout.upper) | (layout.categories > 0))
    return None if len(columns) in (0, space.n_var) else columns


def with_fixed(space: WorkingSpace, varied: Candidates, columns: IntArray) -> Candidates:
    """(k, n_var) candidates of which ``varied`` holds these columns; the others do not vary."""
    fixed = space.from_working(space.layout.lower[None])
    X = np.repeat(fixed, len(varied), axis=0)
    X[:, columns] = varied
    return X


def candidates(
    space: WorkingSpace, Z: FloatArray, *parents: tuple[FloatArray, Candidates]
) -> Candidates:
    """(k, n_var) candidates of working coordinates ``Z``; what nobody touched is the same bits.

    Each of ``parents`` is (k, n_var) working coordinates and the candidates that they are of.
    """
    X = space.from_working(Z)
    if X.dtype.kind not in "iub":  # which are exact either way
        for parent_Z, parent_X in parents:
            X = np.where(parent_Z == Z, parent_X, X)
    return X
