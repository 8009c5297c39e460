"""Up to where hypervolume is measured when nobody says it: a box that no outlier can set.

The worst value of a sample will not do: one penalty of 1e9 for a job that failed, or one loss a
million times the others, makes a box in which all progress is a rounding error. So the box comes
from what is *good*: the front so far, and the best of the first generation, which keep the scale
when the front shrinks to a point. Of each objective's different values the median and the lower
quartile make a fence, as far beyond the median as ten times their distance: any even spread lies
inside, and of values that are spread over decades those that are nearest to the front's middle.
Less than half of the values can be penalties, in any objective, without moving it. The other side,
where one value may be far too good, has the same fence.

Source: Tukey 1977, "Exploratory data analysis", for fences; the constants were chosen by hand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..typing import FloatArray
from .survival import nondominated_rank

FENCE = 10.0
"""Distances between median and quartile; 2 reach the end of an even spread."""

SHARE = 0.25
"""Of the front that must lie inside; the fences move out until it does."""

FIRST = 10
"""How many of the first generation set the scale, at least."""

MARGIN = 0.1
"""Of the range, from the worst value inside to the reference point."""

LARGEST = float(np.finfo(np.float64).max)


class Box(NamedTuple):
    """Where hypervolume is measured.

    Attributes:
        best: (n_obj,) values below count as these where gains are compared.
        reference: (n_obj,) rows that do not dominate it do not count.
    """

    best: FloatArray
    reference: FloatArray


def first_best(F: FloatArray) -> FloatArray:
    """The best ranks of a first generation (n, n_obj), minimized, that hold ten rows or all."""
    if not len(F):
        return F
    rank = nondominated_rank(F)
    return np.asarray(F[rank <= np.sort(rank)[min(FIRST, len(F)) - 1]])


def reference_box(front: FloatArray, first: FloatArray) -> Box:
    """The box of a ``front`` (n, n_obj), n >= 1, and the best of the ``first`` generation.

    Both minimized and finite. A function of the values alone: neither their order nor copies
    matter.
    """
    columns = [np.unique(column) for column in np.concatenate([front, first]).T]
    distinct = np.unique(front, axis=0)
    width = FENCE
    with np.errstate(over="ignore"):  # of a range beyond the largest number
        while True:
            best, worst = np.array([_fences(values, width) for values in columns]).T
            inside = (distinct >= best) & (distinct <= worst)
            if inside.all(axis=1).mean() >= SHARE:
                break
            width *= 2
        least = np.maximum(1e-12, 1e-12 * np.abs(worst))  # where there is no range
        margin = np.maximum(MARGIN * worst - MARGIN * best, least)
        return Box(best, np.minimum(worst + margin, LARGEST))


def _fences(values: FloatArray, width: float) -> tuple[float, float]:
    """The ends of ascending ``values`` that lie within the fences."""
    last = len(values) - 1
    if last < 2:  # too few to tell which is out of place
        return float(values[0]), float(values[-1])
    half, quarter = last // 2, last // 4
    upper = values[half] + width * (values[half] - values[quarter])
    lower = values[last - half] - width * (values[last - quarter] - values[last - half])
    return float(max(lower, values[0])), float(min(upper, values[-1]))
