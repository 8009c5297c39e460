"""What needs no training: it is taken as it is, and no model is fitted to it.

Of a problem that says some values ahead (``KnownOutcomes.known_of``) a screen knows these columns
of every child, as surely as of what was evaluated. Their targets are standardized values, not bent
as those that a model is fitted to.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...typing import BoolArray, Candidates, FloatArray
from ..parts import KnownOutcomes

SURE_SD = 1e-9
"""Standard deviation of a target that is sure, in units in which those of all known have 1."""

FARTHEST = 1e6
"""Target beyond which values are not told apart."""


class Ahead(NamedTuple):
    """Which columns need no training, and their values in the candidates evaluated.

    Attributes:
        known: All of what is known.
        objectives: (n_obj,) True where one needs none.
        margins: (n_con,) True where one needs none.
        F: (n, n_obj) of the candidates that did not fail.
    """

    known: KnownOutcomes
    objectives: BoolArray
    margins: BoolArray
    F: FloatArray

    def targets(self, j: int, f: FloatArray) -> FloatArray:
        """(k,) targets of the values ``f`` (k,) of objective ``j``; NaN is as bad as any."""
        largest = float(np.abs(self.F[:, j]).max()) or 1.0
        scaled = self.F[:, j] / largest  # so that no square is beyond the largest number
        sd = float(scaled.std())
        with np.errstate(over="ignore"):
            found = (f / largest - scaled.mean()) / (sd if sd > 1e-12 else 1.0)
        return np.asarray(np.clip(np.where(np.isnan(f), np.inf, found), -FARTHEST, FARTHEST))

    def sure(self, candidates: Candidates) -> tuple[FloatArray, BoolArray]:
        """Of (k, n_var): (k, n_obj) targets, NaN where they need training, and (k,) who may do.

        False for one that breaks a limit, and for one of which less is said than of others: it
        fails before it is trained.
        """
        targets = np.full((len(candidates), len(self.objectives)), np.nan)
        fit = np.ones(len(candidates), dtype=np.bool_)
        if self.known.known_of is None or not (self.objectives.any() or self.margins.any()):
            return targets, fit
        F, margins = self.known.known_of(candidates)
        for j in np.flatnonzero(self.objectives).tolist():
            targets[:, j] = self.targets(j, F[:, j])
        fit &= (margins[:, self.margins] <= 0).all(axis=1)  # NaN is not
        return targets, fit & np.isfinite(F[:, self.objectives]).all(axis=1)


def ahead_of(known: KnownOutcomes, ok: BoolArray) -> Ahead:
    """What needs no training, as it is said of the last of ``ok`` (n,), who did not fail."""
    n_obj, n_con = known.F.shape[1], known.margins.shape[1]
    objectives, margins = np.zeros(n_obj, dtype=np.bool_), np.zeros(n_con, dtype=np.bool_)
    rows = np.flatnonzero(ok)
    if known.known_of is not None and len(rows):
        said = known.known_of(known.X[rows[-1:]])
        objectives, margins = (~np.isnan(values[0]) for values in said)
    return Ahead(known, objectives, margins, known.F[rows])
