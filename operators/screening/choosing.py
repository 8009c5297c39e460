"""A batch out of a pool: by expected hypervolume improvement, one after another.

What has been chosen is believed to come out as the model says, so that the next one is worth
something beside it; candidates under evaluation are believed first. Where constraints or failures
are known of, improvement counts by the probability that the candidate is feasible and does not
fail; as long as nothing feasible is known, that probability alone decides. Where evaluations differ
in what they cost, either is divided by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ...typing import BoolArray, FloatArray, IntArray
from ..survival import nondominated_rank
from .improvement import expected_improvement
from .scale import Scale

BEYOND = 0.1
"""The reference point lies by this share of the front's range beyond its worst values."""


class Beliefs(Protocol):
    """What a model says of candidates: of the pool, and of those under evaluation after it."""

    mean: FloatArray
    """(k, n_obj) of targets, rising functions of the objectives."""

    def sd(self) -> FloatArray:
        """(k, n_obj) positive."""

    def feasible(self) -> FloatArray:
        """(k,) probability of keeping every constraint and not failing."""

    def believe(self, i: int) -> None:
        """Candidate ``i`` has come out as ``mean`` says."""


def choose(
    beliefs: Beliefs, size: int, k: int, front: FloatArray, scales: Sequence[Scale], asked: int,
    unscreened: float, cost: FloatArray | None = None,
) -> IntArray:  # fmt: skip
    """(k,) different rows below ``size``, the pool's; what comes after was asked for already.

    Args:
        beliefs: Of the pool and of what is under evaluation.
        size: Of the pool.
        k: How many.
        front: (n, n_obj) targets of the feasible candidates known; n may be 0.
        scales: Of the objectives, see ``scale_of``.
        asked: Candidates asked for until now.
        unscreened: Share that goes out as it was drawn.
        cost: (size,) of the pool, positive; None if all cost the same. Of two that are worth the
            same the cheaper one is chosen.
    """
    mean = beliefs.mean
    cost = np.ones(size) if cost is None else cost
    for i in range(size, len(mean)):
        front = _believe(beliefs, i, front)
    left = np.ones(size, dtype=np.bool_)
    chosen = np.empty(k, dtype=np.int64)
    for place in range(k):
        turn = asked + place
        if math.floor((turn + 1) * unscreened) > math.floor(turn * unscreened):
            i = int(np.argmax(left))  # the first: the pool is in random order
        else:
            value = beliefs.feasible()[:size]
            if len(front):
                sd, reference = beliefs.sd()[:size], reference_point(front, scales)
                gain = value * expected_improvement(mean[:size], sd, front, reference, scales)
                value = gain if gain[left].any() else value  # where nothing is to be gained
            worth = np.where(left, value / cost, -1.0)
            i = int(np.argmin(np.where(worth == worth.max(), cost, np.inf)))
        left[i] = False
        chosen[place] = i
        if place + 1 < k:
            front = _believe(beliefs, i, front)
    return chosen


def scale_of(targets: FloatArray, f: FloatArray, kept: BoolArray) -> Scale:
    """Of an objective: 0 is its best value, 1 the range of those of ``kept`` (n,).

    ``targets`` and ``f`` are (n,); ``kept`` are the non-dominated feasible ones. Where these, or
    all, have one value, 1 is the range of all, or any.
    """
    offset = 0.5 * f - 0.5 * f.min()  # halves, which are never beyond the largest number
    ranges = [float(np.ptp(offset[kept])) if kept.any() else 0.0, float(offset.max()), 1.0]
    range_ = next(r for r in ranges if r > 0)
    with np.errstate(over="ignore"):
        return Scale(targets, offset / range_)


def reference_point(front: FloatArray, scales: Sequence[Scale]) -> FloatArray:
    """(n_obj,) target of a value a little beyond the worst of the non-dominated of ``front``."""
    best = front[nondominated_rank(front) == 0]
    found = np.empty(front.shape[1])
    for j, scale in enumerate(scales):
        values = scale.values_of(best[:, j])
        range_ = float(np.ptp(values))
        found[j] = scale.target_of(float(values.max()) + BEYOND * (range_ if range_ > 0 else 1.0))
    beyond = best.max(axis=0) + 1e-9  # where values are not told apart
    return np.asarray(np.maximum(found, beyond))


def _believe(beliefs: Beliefs, i: int, front: FloatArray) -> FloatArray:
    """The front with candidate ``i``, if it will be feasible rather than not."""
    joins = beliefs.feasible()[i] >= 0.5
    beliefs.believe(i)
    return np.concatenate([front, beliefs.mean[i : i + 1]]) if joins else front
