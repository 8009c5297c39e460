"""How good a run was after so many evaluations."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError
from ...operators.indicators import Hypervolumes, hypervolumes
from ...operators.reference import Box, first_best, reference_box
from ...operators.survival import nondominated_rank
from ...problems.definition import Definition
from ...problems.numbers import number_array
from ...typing import BoolArray, FloatArray, IntArray
from ..records.evaluations import Evaluations

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Convergence:
    """Hypervolume over time.

    Attributes:
        evaluations: (k,) int64 evaluations told.
        hypervolume: (k,) float64 dominated by everything feasible among them; infinite where it is
            beyond the largest number, of which a warning is logged.
        share: (k,) float64 the same as a share of the box from the best values found to the
            reference point: never beyond numbers, from 0 to 1, or nearly so if approximate.
        reference: (n_obj,) float64 in the user's units.
        approximate: Whether it is: of many points with many objectives, by their counts.
    """

    evaluations: IntArray
    hypervolume: FloatArray
    share: FloatArray
    reference: FloatArray
    approximate: bool


def convergence(
    everything: Evaluations, points: int, reference: Sequence[float] | None, places: IntArray
) -> Convergence:
    """Hypervolume of what is feasible among the first of ``everything``; see ``Run.convergence``.

    Args:
        everything: (n,) told so far.
        points: How many counts.
        reference: In the user's units, or None.
        places: (n,) after how many others each was told.

    Raises ConfigurationError for a wrong reference or number of points.
    """
    points = whole_number("points", points, least=1)
    definition = everything.definition
    feasible, F = feasible_and_minimized(everything)
    steps = min(points, max(1, len(everything)))  # there are no more counts
    counts = np.unique(np.linspace(0, len(everything), steps + 1).astype(np.int64)[1:])
    order = np.argsort(places, kind="stable")
    ends = np.searchsorted(places[order], counts)  # rows that were told among so many
    fronts = []
    front, begin = np.empty((0, definition.n_obj)), 0
    for end in ends.tolist():
        rows = order[begin:end]
        front = np.concatenate([front, F[rows[feasible[rows]]]])
        front = front[nondominated_rank(front) == 0]
        fronts.append(front)
        begin = end
    corner = _corner(definition, reference)
    if corner is None:
        box = box_of(everything, feasible, F, front)
        corner = np.zeros(definition.n_obj) if box is None else box.reference
    found = hypervolumes(fronts, corner) if fronts else Hypervolumes([], [], False)
    if np.isinf(found.values).any():
        log.warning(
            "the hypervolume of %s is beyond the largest number; see share, or pass a reference",
            definition.name,
        )
    return Convergence(
        counts,
        np.array(found.values),
        np.array(found.shares),
        definition.minimized(corner),
        found.approximate,
    )


def feasible_and_minimized(everything: Evaluations) -> tuple[BoolArray, FloatArray]:
    """(n,) whether evaluated and feasible, and (n, n_obj) F, minimized."""
    definition = everything.definition
    feasible = everything.evaluated & (definition.violation(everything.G) <= 0)
    return feasible, definition.minimized(everything.F)


def box_of(
    everything: Evaluations, feasible: BoolArray, F: FloatArray, front: FloatArray
) -> Box | None:
    """Where the hypervolume of a run is measured; None as long as nothing is feasible.

    Args:
        everything: (n,) told so far.
        feasible: (n,) of them.
        F: (n, n_obj) of them, minimized.
        front: Their non-dominated feasible values.

    The generation that sets the scale is the first in which anything was feasible, as a whole: who
    was told first in it does not matter.
    """
    if not len(front):
        return None
    first = everything.generation[feasible].min()
    return reference_box(front, first_best(F[feasible & (everything.generation == first)]))


def _corner(definition: Definition, reference: Sequence[float] | None) -> FloatArray | None:
    """What the user gave as a reference point, minimized."""
    if reference is None:
        return None
    n_obj = definition.n_obj
    try:
        corner = number_array(reference)
    except (TypeError, ValueError):
        corner = np.empty(0)
    if corner.shape != (n_obj,) or not np.isfinite(corner).all():
        raise ConfigurationError(f"reference must be {n_obj} finite numbers, got {reference!r}")
    return definition.minimized(corner)
