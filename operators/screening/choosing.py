"""A batch out of a pool: by expected hypervolume improvement, one after another.

What has been chosen is believed to come out as the model says, so that the next one is worth
something beside it; candidates under evaluation are believed first. Where constraints or failures
are known of, improvement counts by the probability that the candidate is feasible and does not
fail; as long as nothing feasible is known, that probability alone decides.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from ...typing import FloatArray, IntArray
from .improvement import expected_improvement

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
    beliefs: Beliefs, size: int, k: int, front: FloatArray, spare: FloatArray, asked: int,
    unscreened: float,
) -> IntArray:  # fmt: skip
    """(k,) different rows below ``size``, the pool's; what comes after was asked for already.

    Args:
        beliefs: Of the pool and of what is under evaluation.
        size: Of the pool.
        k: How many.
        front: (n, n_obj) targets of the feasible candidates known; n may be 0.
        spare: (n_obj,) ranges for where the front has none.
        asked: Candidates asked for until now.
        unscreened: Share that goes out as it was drawn.
    """
    mean = beliefs.mean
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
                sd, reference = beliefs.sd()[:size], reference_point(front, spare)
                gain = value * expected_improvement(mean[:size], sd, front, reference)
                value = gain if gain[left].any() else value  # where nothing is to be gained
            i = int(np.argmax(np.where(left, value, -1.0)))
        left[i] = False
        chosen[place] = i
        if place + 1 < k:
            front = _believe(beliefs, i, front)
    return chosen


def reference_point(front: FloatArray, spare: FloatArray) -> FloatArray:
    """(n_obj,) a little beyond the worst values of the non-dominated rows of ``front``."""
    from ..survival import nondominated_rank

    best = front[nondominated_rank(front) == 0]
    worst = best.max(axis=0)
    range_ = worst - best.min(axis=0)
    return np.asarray(worst + BEYOND * np.where(range_ > 0.1 * spare, range_, spare))


def _believe(beliefs: Beliefs, i: int, front: FloatArray) -> FloatArray:
    """The front with candidate ``i``, if it will be feasible rather than not."""
    joins = beliefs.feasible()[i] >= 0.5
    beliefs.believe(i)
    return np.concatenate([front, beliefs.mean[i : i + 1]]) if joins else front
