"""Expected hypervolume improvement of candidates of which means and deviations are known.

Minimized, up to a reference point, with independent normal objectives. Exact for one to three
objectives: what is not dominated is cut into boxes, and the expected volume that a candidate
dominates of a box is a product of one-dimensional expectations. For more objectives approximate:
volume is the mean over directions of how far it reaches, to the power of n_obj, and the expectation
along a direction is an integral of one variable.

Source: Yang, Emmerich, Deutz, Bäck 2019, "Efficient computation of expected hypervolume improvement
using box decomposition algorithms"; Deng and Zhang 2019, "Approximating hypervolume and hypervolume
contributions using polar coordinate".
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ...typing import FloatArray
from ..survival import nondominated_rank
from .scale import Scale

EXACT = 3
"""Objectives up to which it is."""

DIRECTIONS, NODES = 128, 6
"""Of the approximation, and Gauss-Legendre nodes on each direction."""

REACH = 4.0
"""Standard deviations beyond which the approximation expects nothing."""


def expected_improvement(
    mean: FloatArray,
    sd: FloatArray,
    front: FloatArray,
    reference: FloatArray,
    scales: Sequence[Scale] | None = None,
) -> FloatArray:
    """(k,) expected growth of the volume that ``front`` dominates, by each candidate alone.

    All arguments are in targets, which are normal. The volume is of targets, or of the values that
    they are targets of, if ``scales`` has one for each objective.

    Args:
        mean: (k, n_obj) of the candidates.
        sd: (k, n_obj), positive.
        front: (n, n_obj), any rows; n may be 0.
        reference: (n_obj,) what nobody beyond counts.
        scales: Of the objectives; for more than three not taken account of.
    """
    front = front[(front < reference).all(axis=1)]
    if len(front):
        front = front[nondominated_rank(front) == 0]
    if len(reference) > EXACT:
        return _along_directions(mean, sd, front, reference)
    lower, upper = boxes(front, reference)
    k, volume = len(mean), np.ones((len(mean), len(lower)))
    for j in range(len(reference)):
        edges, place = np.unique(np.concatenate([lower[:, j], upper[:, j]]), return_inverse=True)
        scale = None if scales is None else scales[j]
        below = _expected_below(edges, mean[:, j], sd[:, j], scale)
        low, high = place[: len(lower)], place[len(lower) :]
        volume *= below[:, high] - below[:, low]
    return np.asarray(np.maximum(volume, 0.0).sum(axis=1)) if len(lower) else np.zeros(k)


def boxes(front: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(b, n_obj) lower and upper corners of boxes: all that ``front`` does not dominate.

    ``front`` (n, n_obj) has rows that do not dominate each other; one to three objectives. The
    boxes do not overlap, reach from minus infinity to the reference point, and are at most 2n + 1.
    """
    m = len(reference)
    if m == 1:
        best = front.min(axis=0) if len(front) else reference
        return np.full((1, 1), -np.inf), best[None]
    if m == 2:
        padded = np.column_stack([front, np.zeros(len(front))])
        lower, upper = _sweep(padded, np.append(reference, 1.0))
        last = upper[:, 2] == 1.0
        return lower[last, :2], upper[last, :2]
    return _sweep(front, reference)


def _sweep(front: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Boxes of three objectives: a staircase of strips, swept along the third.

    A strip reaches from its left edge to that of the next one, and from below to its top; it lasts
    until a point cuts into it.
    """
    right_end, highest, end = reference.tolist()
    lefts, tops, since = [-math.inf], [highest], [-math.inf]
    found: list[tuple[float, ...]] = []
    for x, y, z in front[np.lexsort(front.T)].tolist():
        first = bisect_right(lefts, x) - 1
        beyond = first
        while beyond < len(tops) and tops[beyond] > y:
            right = lefts[beyond + 1] if beyond + 1 < len(lefts) else right_end
            left = max(x, lefts[beyond])
            if since[beyond] < z and left < right:
                found.append((left, -math.inf, since[beyond], right, tops[beyond], z))
            beyond += 1
        if beyond == first:  # dominated here, or equal to one that came
            continue
        first += lefts[first] < x  # the strip's part on the left goes on
        lefts[first:beyond], tops[first:beyond], since[first:beyond] = [x], [y], [z]
    for i, left in enumerate(lefts):
        right = lefts[i + 1] if i + 1 < len(lefts) else right_end
        if left < right:
            found.append((left, -math.inf, since[i], right, tops[i], end))
    corners = np.array(found).reshape(-1, 2, 3)
    return corners[:, 0], corners[:, 1]


def _expected_below(
    edges: FloatArray, mean: FloatArray, sd: FloatArray, scale: Scale | None
) -> FloatArray:
    """(k, e) expectation of max(0, v(edge) - v(y)) of normal y; 0 at an edge of minus infinity.

    Values v rise with y in straight pieces. On a piece the expectation grows by its slope times
    what it grows by without a scale: by the integral of the distribution function.
    """
    if scale is None:
        return _expected_below_unscaled(edges, mean, sd)
    finite = edges[edges > -np.inf]
    ends = np.unique(np.concatenate([finite, scale.targets]))
    ends = ends[ends <= finite.max(initial=-np.inf)]
    slopes = np.diff(scale.values_of(ends)) / np.diff(ends)
    plain = _expected_below_unscaled(ends, mean, sd)
    pieces = np.diff(plain, axis=1) * slopes
    first = plain[:, :1] * scale.slope_below
    grown = np.concatenate([first, first + np.cumsum(pieces, axis=1)], axis=1)
    below = np.zeros((len(mean), len(edges)))
    below[:, edges > -np.inf] = grown[:, np.searchsorted(ends, finite)]
    return below


def _expected_below_unscaled(edges: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    z = (edges - mean[:, None]) / sd[:, None]
    with np.errstate(invalid="ignore"):  # minus infinity times 0
        below = sd[:, None] * (z * ndtr(z) + np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi))
    below[:, edges == -np.inf] = 0.0
    return np.asarray(below)


def _along_directions(
    mean: FloatArray, sd: FloatArray, front: FloatArray, reference: FloatArray
) -> FloatArray:
    from scipy.special import ndtr

    m = len(reference)
    W = _directions(m)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    reached = np.zeros(len(W))
    if len(front):
        reached = ((reference - front)[:, None] / W).min(axis=2).max(axis=0)
    farthest = ((reference - mean + REACH * sd)[:, None] / W).min(axis=2)  # (k, directions)
    half = np.maximum(farthest - reached, 0.0) / 2
    total = np.zeros_like(half)
    for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
        t = reached + half * (node + 1.0)
        beyond = weight * m * t ** (m - 1) * half
        for j in range(m):
            beyond = beyond * ndtr((reference[j] - t * W[:, j] - mean[:, j, None]) / sd[:, j, None])
        total += beyond
    sphere = 2.0 * math.pi ** (m / 2) / math.gamma(m / 2) / 2.0**m  # of it, what has no sign
    return np.asarray(total.mean(axis=1) * sphere / m)


@lru_cache(maxsize=8)
def _directions(m: int) -> FloatArray:
    """(DIRECTIONS, m) of length 1, positive, spread evenly; always the same."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    cube = qmc.Sobol(m, scramble=False).random(DIRECTIONS)
    W = np.abs(ndtri(np.clip(cube, 1e-6, 1.0 - 1e-6)))
    W = np.maximum(W, 1e-6)
    return np.asarray(W / np.linalg.norm(W, axis=1, keepdims=True))
