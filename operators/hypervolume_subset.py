"""The few rows of a front that together dominate most: greedy hypervolume subset selection.

One row after the other is chosen, always that which adds most to the hypervolume of those chosen
before. What a row adds only shrinks as others are chosen, so that a stale gain is a bound: most
rows need not be looked at again (lazy greedy). The volume is at least 1 - 1/e of the best choice's.

Source: A. P. Guerreiro, C. M. Fonseca, L. Paquete, "Greedy hypervolume subset selection in low
dimensions", Evol. Comput. 24(3), 2016; M. Minoux, "Accelerated greedy algorithms for maximizing
submodular set functions", 1978, for the bound.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from ..typing import FloatArray, IntArray

MARGIN = 0.1
"""Of each range, from the worst value to the reference point: the ends of a front count, too."""

EXACT = {1: 10**9, 2: 10**9, 3: 10**9, 4: 2_000, 5: 200, 6: 50}
"""By objectives: rows to choose whose volume is exact, as it takes at most 1 ms or so. Measured."""

DIRECTIONS, NUMBERS = 2**12, 2**23
"""Along which the volume is approximated elsewhere, and rows x directions at most."""

Gain = Callable[[list[int], int], float]
"""What a row adds to those chosen."""


def hypervolume_subset(F: FloatArray, k: int) -> IntArray:
    """Rows of ``F`` (n, n_obj), minimized and finite: min(k, n) of them, ascending, int64.

    The reference point lies a tenth of each range beyond the worst value of ``F``, of whose ranges
    none counts more than another. Of equal gains the first row is taken; rows that add nothing,
    as copies do, come last. Exact for up to three objectives and where not too many are to be
    chosen for four to six, otherwise along fixed directions; the same rows every time.
    """
    n, n_obj = F.shape
    if k >= n:
        return np.arange(n, dtype=np.int64)
    reach = _reach(F)
    exact = k <= EXACT.get(n_obj, 0)
    gain = _exact_gain(reach) if exact else _gain_along_directions(reach)
    return np.sort(_greedy(n, k, gain))


def _reach(F: FloatArray) -> FloatArray:
    """(n, n_obj) how far each row dominates the reference point, in shares of the ranges."""
    best, worst = F.min(axis=0), F.max(axis=0)
    scale = np.maximum(np.abs(best), np.abs(worst))  # no range is beyond the largest number by it
    scale[scale == 0] = 1.0
    spread = worst / scale - best / scale
    spread[spread == 0] = 1.0
    return np.asarray((worst / scale - F / scale) / spread + MARGIN)


def _greedy(n: int, k: int, gain: Gain) -> IntArray:
    """Rows in the order in which they are chosen."""
    chosen: list[int] = []
    # (-gain, row, of how many chosen that was the gain): ascending, the best and first row on top.
    heap = [(-gain(chosen, row), row, 0) for row in range(n)]
    heapq.heapify(heap)
    while len(chosen) < k:
        stale, row, known = heap[0]
        if known == len(chosen) or stale == 0:
            heapq.heappop(heap)
            chosen.append(row)
        else:
            heapq.heapreplace(heap, (-gain(chosen, row), row, len(chosen)))
    return np.array(chosen, dtype=np.int64)


def _exact_gain(reach: FloatArray) -> Gain:
    """By the volume of both sets; (n, n_obj) reach."""
    import moocore

    corner = np.zeros(reach.shape[1])
    volumes = {0: 0.0}  # of those chosen, by how many these are

    def volume(rows: list[int]) -> float:
        return float(moocore.hypervolume(-reach[rows], ref=corner))

    def gain(chosen: list[int], row: int) -> float:
        if not chosen:
            return float(np.prod(reach[row]))
        if len(chosen) not in volumes:
            volumes[len(chosen)] = volume(chosen)
        return max(0.0, volume([*chosen, row]) - volumes[len(chosen)])

    return gain


def _gain_along_directions(reach: FloatArray) -> Gain:
    """By the mean over fixed directions of how far a set reaches, to the power n_obj.

    Source: Deng and Zhang 2019, "Approximating hypervolume and hypervolume contributions using
    polar coordinate".
    """
    n, n_obj = reach.shape
    rng = np.random.Generator(np.random.PCG64(0))
    w = np.abs(rng.standard_normal((max(1, min(DIRECTIONS, NUMBERS // n)), n_obj)))
    w /= w.max(axis=1, keepdims=True)  # no length is more than 1 + MARGIN, whatever its power
    volumes = np.empty((n, len(w)))
    for row in range(n):
        volumes[row] = (reach[row] / w).min(axis=1)
    volumes **= n_obj
    # That the longest side of w is 1 and not w itself weighs directions; this undoes it.
    volumes *= np.linalg.norm(w, axis=1) ** n_obj
    reached = [np.zeros(len(w))]  # by those chosen, by how many these are

    def gain(chosen: list[int], row: int) -> float:
        if len(reached) <= len(chosen):
            reached.append(np.maximum(reached[-1], volumes[chosen[-1]]))
        return float(np.maximum(0.0, volumes[row] - reached[-1]).mean())

    return gain
