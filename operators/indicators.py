"""Quality indicators, by moocore: exact where that ends soon, approximate beyond.

The exact hypervolume of n points with m objectives takes O(n log n) for m <= 3, O(n**2) for 4 and
O(n**(m - 2)) for more: years, for a thousand points with twelve objectives. What is exact is
decided by these counts alone, so that a run decides as it did on any other machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..typing import FloatArray
from .survival import nondominated_rank

EXACT = {1: math.inf, 2: math.inf, 3: math.inf, 4: 30_000, 5: 3_000, 6: 300, 7: 100, 8: 60, 9: 40}
"""By objectives: points whose exact hypervolume takes at most about 0.2 s. Measured."""

EXACT_BEYOND = 15
"""The same for any other number of objectives: so few are included and excluded one by one."""

SERIES = 10
"""A series of hypervolumes may take so many times what one may."""

WORK, WORK_HERE = 1e9, 1e8
"""Directions x points x objectives of one approximation, a second or less: by moocore, by NumPy."""

FEWEST_DIRECTIONS, MOST_DIRECTIONS = 2**10, 2**17

MOST_OBJECTIVES = 31
"""That moocore approximates."""


class Hypervolumes(NamedTuple):
    """Of several sets of points, with one reference point and by one method.

    Attributes:
        values: Of each; infinite if it is beyond the largest number.
        shares: Of each, as a share of the box from the best values of all of them to the reference
            point: neither too large nor too small for a number. From 0 to 1, or nearly so if
            approximate.
        approximate: Whether they are. Where one set dominates another its volume is no smaller all
            the same, since all are taken along the same directions.
    """

    values: list[float]
    shares: list[float]
    approximate: bool


def hypervolume(F: FloatArray, reference: FloatArray) -> float:
    """Volume dominated by ``F`` (n, n_obj), minimized, up to ``reference`` (n_obj,).

    Infinite if it is beyond the largest number; approximate for many points with many objectives,
    see ``hypervolumes``.
    """
    return hypervolumes([F], reference).values[0]


def hypervolumes(sets: Sequence[FloatArray], reference: FloatArray) -> Hypervolumes:
    """Volumes dominated by each of ``sets`` (n, n_obj), minimized, up to ``reference`` (n_obj,).

    Rows that do not dominate the reference point count as nothing. All are exact, or all are
    approximate: means over directions from the reference point of how far a set reaches, always
    the same directions.

    Source: Zitzler and Thiele 1998; Deng and Zhang 2019, "Approximating hypervolume and
    hypervolume contributions using polar coordinate", for the approximation; computed by moocore.
    """
    corner = np.asarray(reference, dtype=np.float64)
    fronts = [_inside(np.asarray(F, dtype=np.float64), corner) for F in sets]
    everything = np.concatenate(fronts)
    if not len(everything):
        return Hypervolumes([0.0] * len(fronts), [0.0] * len(fronts), False)
    best = everything.min(axis=0)
    # By powers of 2, which rounds nothing, every range becomes one between 1/2 and 1.
    exponents = np.frexp(0.5 * corner - 0.5 * best)[1] + 1
    scaled_corner = np.ldexp(corner, -exponents)
    box = float(np.prod(scaled_corner - np.ldexp(best, -exponents)))
    k = directions([len(front) for front in fronts], len(corner))
    volumes = [_volume(np.ldexp(front, -exponents), scaled_corner, k) for front in fronts]
    with np.errstate(over="ignore"):
        values = [float(np.ldexp(volume, int(exponents.sum()))) for volume in volumes]
    return Hypervolumes(values, [volume / box for volume in volumes], k > 0)


def directions(sizes: Sequence[int], n_obj: int) -> int:
    """Along how many directions hypervolumes of so many points are approximated; 0 if exact."""
    limit = EXACT.get(n_obj, EXACT_BEYOND)
    if max(sizes) <= limit and sum(sizes) <= SERIES * limit:
        return 0
    work = WORK if n_obj <= MOST_OBJECTIVES else WORK_HERE
    points = max(*sizes, sum(sizes) / SERIES)
    return int(np.clip(work / (points * n_obj), FEWEST_DIRECTIONS, MOST_DIRECTIONS))


def _inside(F: FloatArray, corner: FloatArray) -> FloatArray:
    """The non-dominated rows that dominate the corner."""
    F = F[(corner > F).all(axis=1)]
    return F[nondominated_rank(F) == 0] if len(F) else F


def _volume(F: FloatArray, corner: FloatArray, k: int) -> float:
    import moocore

    if not len(F):
        return 0.0
    if not k:
        return float(moocore.hypervolume(F, ref=corner))
    if len(corner) > MOST_OBJECTIVES:
        return _along_directions(corner - F, k)
    return float(moocore.hv_approx(F, ref=corner, nsamples=k, method="Rphi-FWE+"))


def _along_directions(reach: FloatArray, k: int) -> float:
    """What moocore does, for more objectives than it takes; (n, n_obj) reach from the corner.

    The mean over k directions w of the farthest reach along w, to the power n_obj, is the volume
    but for a factor; as logarithms, since neither is small.
    """
    n, m = reach.shape
    rng = np.random.Generator(np.random.PCG64(0))
    most, total = -np.inf, 0.0
    block = max(1, 2**21 // (n * m))
    for begin in range(0, k, block):
        w = np.abs(rng.standard_normal((min(block, k - begin), m)))
        w /= np.linalg.norm(w, axis=1, keepdims=True)
        farthest = (reach[None] / w[:, None]).min(axis=2).max(axis=1)
        powers = m * np.log(farthest)
        higher = max(most, float(powers.max()))
        total = total * math.exp(most - higher) + float(np.exp(powers - higher).sum())
        most = higher
    factor = math.log(2) + m / 2 * math.log(math.pi) - math.lgamma(m / 2) - math.log(m)
    return math.exp(factor - m * math.log(2) + most + math.log(total / k))
