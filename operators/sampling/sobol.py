"""First candidates: evenly spread, as a scrambled Sobol sequence is.

Of few candidates independent ones leave gaps; these do not, neither along a variable nor between
two. Each of them by itself is as likely to be anywhere as an independent one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from ...typing import Candidates, FloatArray, SearchSpace, WorkingSpace
from ..parts import Sampling
from ..working import varying, with_coordinates, with_fixed
from .sobol_points import LARGEST_DIMENSION, sobol_points
from .uniform import Uniform

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ScrambledSobol(Sampling):
    """Points of a scrambled Sobol sequence, each call of another one, in working coordinates.

    Categories and bits are intervals of an axis, equally long. Variables with a single value take
    no part. A space of more than 21 201 variables, for which there is no such sequence, gets
    independent candidates, and the log says so.
    """

    def __call__(self, n: int, space: SearchSpace, rng: np.random.Generator) -> Candidates:
        """(n, n_var) candidates, n at most 2**30.

        Raises ConfigurationError for a space that has no working coordinates.
        """
        space = with_coordinates(self, space)
        columns = varying(space)
        d = space.n_var if columns is None else len(columns)
        if d > LARGEST_DIMENSION:
            log.warning(
                "%d variables are more than a Sobol sequence has dimensions (%d): the first "
                "candidates are independent", d, LARGEST_DIMENSION,
            )  # fmt: skip
            return Uniform()(n, space, rng)
        if columns is None:
            return spread(space, sobol_points(0, n, d, rng))
        return with_fixed(space, spread(space.take(columns), sobol_points(0, n, d, rng)), columns)


def spread(space: WorkingSpace, cube: FloatArray) -> Candidates:
    """(n, n_var) candidates of (n, n_var) points in [0, 1): each of the same share of the cube.

    As large a share as it has of the working coordinates; each category has the same.
    """
    layout = space.layout
    Z = layout.lower + (layout.upper - layout.lower) * cube
    listed = np.flatnonzero(layout.categories)
    if listed.size:
        Z[:, listed] = np.floor(cube[:, listed] * layout.categories[listed])
    return space.from_working(Z)
