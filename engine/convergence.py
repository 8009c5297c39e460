"""How good a run was after so many evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..checks import whole_number
from ..errors import ConfigurationError
from ..operators.indicators import hypervolume, reference_point
from ..operators.survival import nondominated_rank
from ..problems.definition import Definition
from ..typing import FloatArray, IntArray
from .evaluations import Evaluations


@dataclass(frozen=True)
class Convergence:
    """Hypervolume over time.

    Attributes:
        evaluations: (k,) int64 evaluations told.
        hypervolume: (k,) float64 dominated by everything feasible among them.
        reference: (n_obj,) float64 in the user's units.
    """

    evaluations: IntArray
    hypervolume: FloatArray
    reference: FloatArray


def convergence(
    everything: Evaluations, points: int, reference: Sequence[float] | None
) -> Convergence:
    """Hypervolume of what is feasible among the first of ``everything``; see ``Run.convergence``.

    Raises ConfigurationError for a wrong reference or number of points.
    """
    points = whole_number("points", points, least=1)
    definition = everything.definition
    feasible = everything.evaluated & (definition.violation(everything.G) <= 0)
    F = definition.minimized(everything.F)
    sample = F[everything.evaluated & (everything.generation == 0)]
    corner = _corner(definition, sample, reference)
    counts = np.unique(np.linspace(0, len(everything), points + 1).astype(np.int64)[1:])
    volumes = np.zeros(len(counts))
    front, begin = np.empty((0, definition.n_obj)), 0
    for k, end in enumerate(counts.tolist()):
        F_new = F[begin:end][feasible[begin:end]]
        front = np.concatenate([front, F_new])
        front = front[nondominated_rank(front) == 0]
        inside = front[(front < corner).all(axis=1)]
        volumes[k], begin = hypervolume(inside, corner), end
    return Convergence(counts, volumes, definition.minimized(corner))


def _corner(
    definition: Definition, sample: FloatArray, reference: Sequence[float] | None
) -> FloatArray:
    """The reference point, minimized."""
    n_obj = definition.n_obj
    if reference is not None:
        corner = np.asarray(reference, dtype=np.float64)
        if corner.shape != (n_obj,) or not np.isfinite(corner).all():
            raise ConfigurationError(f"reference must be {n_obj} finite numbers, got {reference!r}")
        return definition.minimized(corner)
    return reference_point(sample) if len(sample) else np.zeros(n_obj)
