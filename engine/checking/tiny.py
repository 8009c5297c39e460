"""Problems of nothing, for what cannot be tried without one: they cost nothing and log nothing.

Workers of other processes import them from here.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from ...problems.context import Context
from ...problems.problem import Problem
from ...problems.space import Real
from ...typing import Candidates, FloatArray, SearchSpace

DEFAULT = Real(0, 1, n=5)
"""The space of what needs one and was given none."""

FAILS = 3
"""The candidate that fails."""


class Hashed(Problem):
    """Numbers in [0, 1) that nothing can be read of: checksums of keys, so that any space will do.

    Args:
        space: Of the candidates.
        n_obj: Number of objectives.
    """

    def __init__(self, space: SearchSpace, n_obj: int = 2) -> None:
        self.space = space
        self.objectives = {f"f{j + 1}": "min" for j in range(n_obj)}

    def evaluate_batch(self, X: Candidates) -> FloatArray:
        """(n, n_obj) checksums."""
        rows = [
            [zlib.crc32(key, j) / 2**32 for j in range(len(self.objectives))]
            for key in self.space.key(X)
        ]
        return np.array(rows).reshape(len(X), len(self.objectives))


class OneByOne(Problem):
    """One candidate at a time, with its seed, a logged value, and one that raises."""

    space = DEFAULT
    objectives = {"sum": "min", "seed": "max"}

    def evaluate(self, x: Any, ctx: Context) -> dict[str, Any]:
        """The sum, and what the candidate was told."""
        if ctx.id == FAILS:
            raise ValueError("this one fails, as candidates may")
        ctx.log(id=ctx.id)
        return {"sum": x.sum(), "seed": ctx.seed}
