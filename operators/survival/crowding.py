"""Crowding distances, and who goes first of those that have the same."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...cext import crowding as _crowding
from ...cext import survival, truthful
from ...typing import FloatArray, IntArray
from .ranking import read_objectives

Crowding = Literal["current", "once", "truthful"]


def crowding_distance(F: ArrayLike) -> FloatArray:
    """Crowding distance of every row, all rows taken as one front.

    Args:
        F: (n, n_obj) objective values, finite. Rows tied in an objective stand in the order given.

    Returns:
        (n,) float64: the sum over objectives of the distance between the two neighbours, divided by
        the objective's range. Extremes are inf; an objective without range contributes 0.

    Raises:
        ShapeError: If ``F`` is not two-dimensional or not finite.

    O(n_obj n log n). Source: Deb, Pratap, Agarwal, Meyarivan 2002, section III.B.
    """
    values = read_objectives(F)
    return _crowding.crowding_distance(values, _crowding.sort_objectives(values))


def balanced_priority(F: FloatArray, lead: FloatArray, priority: FloatArray) -> FloatArray:
    """Priorities by which equals in distance survive evenly over their objective values.

    The copies of each value are numbered from 0, the last to go first, and the number is subtracted
    from the priority: any value's copy 1 goes before any value's copy 0 that is no less crowded.

    Args:
        F: (n, n_obj) objective values of one front.
        lead: (n,) which copies to number first, those of smaller lead: the negative crowding
            distance, or the standing of truthful distance, where only the first copy has any.
        priority: (n,) in [0, 1), uniform random; equal leads are numbered by the larger.

    Returns:
        (n,) who goes first among equals in distance: the smaller.

    Of ``a`` values whose rows are tied for ``room`` places each keeps floor(room / a) rows at
    least, or all it has; this is what the guarantees of the source rest on.

    Source: Doerr, Ivan, Krejca 2024, "Speeding up the NSGA-II with a simple tie-breaking rule".
    There only the tied rows of a value are counted, and the places left over after floor(room / a)
    for each value are drawn from all tied rows. Here a value's less crowded copies, which survive
    anyway, count too, and the places left over are shared out evenly as well. Where distances are
    updated, a case the paper leaves open, the numbers are given once, before the first removal.
    """
    order = np.lexsort((-priority, lead, *F.T))
    first = np.ones(len(F), dtype=bool)
    first[1:] = (F[order[1:]] != F[order[:-1]]).any(axis=1)
    places = np.arange(len(F))
    balanced = np.empty(len(F))
    balanced[order] = priority[order] - (places - np.maximum.accumulate(places * first))
    return balanced


def crowding_by_rank(
    F: FloatArray, rank: IntArray, rng: np.random.Generator, crowding: Crowding = "current"
) -> FloatArray:
    """(n,) crowding distance of every row within its own front; ties ordered at random.

    Truthful distances for ``crowding`` "truthful", else the usual ones.
    """
    if crowding != "truthful":
        return survival.survive(F, rank, len(F), rng.bit_generator)[2]
    distance = np.empty(len(F))
    by_rank = np.argsort(rank, kind="stable")
    for front in np.split(by_rank, np.flatnonzero(np.diff(rank[by_rank])) + 1):
        values = F[front]
        distance[front] = truthful.truthful_distance(values, rng.random(len(values)))
    return distance
