"""Pareto dominance: the non-domination rank of every point."""

import numpy as np

from ..errors import ShapeError
from ._arguments import matrix

from libc.stdint cimport int64_t, uint8_t

from _staircase cimport Staircase, Step, add_step, covers


def nondominated_rank(F):
    """Rank points by non-dominated sorting.

    Rank 0 are the points that no point dominates; rank r those that only points of ranks below r
    dominate, at least one of them of rank r - 1. Equal rows have equal ranks.

    Parameters
    ----------
    F : (n, n_obj) float64
        Objectives, minimized, finite, ``n_obj >= 1``.

    Returns
    -------
    rank : (n,) int64
        In [0, n).

    Raises
    ------
    ShapeError
        `F` is not two-dimensional or has no column.

    Notes
    -----
    O(n log n) for one and two objectives. Three: O(n log(n)**2) comparisons, while inserting into a
    staircase moves up to its length in memory. More: O(n_obj n**2) at worst, less the more fronts
    there are.

    Source: two objectives: Jensen (2003), "Reducing the run-time complexity of multiobjective EAs",
    the sweep. More: Zhang, Tian, Cheng, Jin (2015), "An efficient approach to nondominated sorting
    for evolutionary multiobjective optimization", ENS-BS, algorithms 1 and 3; with three, a front
    is the staircase of Kung, Luccio, Preparata (1975), "On finding the maxima of a set of vectors".
    """
    F = matrix(F, "F", np.float64)
    cdef Py_ssize_t n = F.shape[0], m = F.shape[1]
    if m == 0:
        raise ShapeError(f"F must have at least one objective; got shape {F.shape}")
    if n == 0:
        return np.empty(0, dtype=np.int64)
    # In lexicographic order no point is dominated by a later one, and equal rows are adjacent.
    order = _lexicographic_order(F)
    cdef const double[:, ::1] points = F[order]
    ranks = np.empty(n, dtype=np.int64)
    cdef int64_t[::1] rank = ranks
    cdef double[::1] lowest
    cdef int64_t[::1] newest, previous
    cdef uint8_t[::1] fronts, arena
    if m == 1:
        with nogil:
            _rank_values(points, rank)
    elif m == 2:
        lowest = np.empty(n, dtype=np.float64)
        with nogil:
            _rank_sweep(points, rank, lowest)
    elif m == 3:
        # zeros: a staircase without steps is all zeros.
        fronts = np.zeros(n * sizeof(Staircase), dtype=np.uint8)
        arena = np.empty(4 * n * sizeof(Step), dtype=np.uint8)
        with nogil:
            _rank_staircases(points, rank, <Staircase *>&fronts[0], <Step *>&arena[0])
    else:
        newest = np.empty(n, dtype=np.int64)
        previous = np.empty(n, dtype=np.int64)
        with nogil:
            _rank_search(points, rank, newest, previous)
    result = np.empty(n, dtype=np.int64)
    result[order] = ranks
    return result


def _lexicographic_order(F):
    """Sort by the first objective; by the others only if there is a tie to break."""
    order = F[:, 0].argsort()
    first = F[order, 0]
    if (first[1:] == first[: len(first) - 1]).any():
        return np.lexsort(F.T[::-1])
    return order


cdef void _rank_values(const double[:, ::1] points, int64_t[::1] rank) noexcept nogil:
    """One objective: the rank counts the distinct smaller values."""
    cdef Py_ssize_t i
    rank[0] = 0
    for i in range(1, points.shape[0]):
        rank[i] = rank[i - 1] + (points[i - 1, 0] < points[i, 0])


cdef void _rank_sweep(
    const double[:, ::1] points, int64_t[::1] rank, double[::1] lowest
) noexcept nogil:
    """Two objectives: lowest[k], the least second objective in front k so far, ascends with k."""
    cdef Py_ssize_t i, low, high, middle, n_fronts = 0
    for i in range(points.shape[0]):
        if i > 0 and points[i - 1, 0] == points[i, 0] and points[i - 1, 1] == points[i, 1]:
            rank[i] = rank[i - 1]
            continue
        # A front dominates the point if and only if its lowest is not above it: bisect for the
        # first that is. The point then lies below all of that front and is its new lowest.
        low, high = 0, n_fronts
        while low < high:
            middle = (low + high) // 2
            if lowest[middle] <= points[i, 1]:
                low = middle + 1
            else:
                high = middle
        lowest[low] = points[i, 1]
        rank[i] = low
        if low == n_fronts:
            n_fronts += 1


cdef void _rank_staircases(
    const double[:, ::1] points, int64_t[::1] rank, Staircase *fronts, Step *unused
) noexcept nogil:
    """Three objectives: bisect over the fronts, and within each over its staircase."""
    cdef Py_ssize_t i, low, high, middle, n_fronts = 0
    for i in range(points.shape[0]):
        if i > 0 and _equal(points, i - 1, i):
            rank[i] = rank[i - 1]
            continue
        # If front k dominates the point so does every front before k, by transitivity.
        low, high = 0, n_fronts
        while low < high:
            middle = (low + high) // 2
            if covers(&fronts[middle], points[i, 1], points[i, 2]):
                low = middle + 1
            else:
                high = middle
        unused = add_step(&fronts[low], points[i, 1], points[i, 2], unused)
        rank[i] = low
        if low == n_fronts:
            n_fronts += 1


cdef void _rank_search(
    const double[:, ::1] points, int64_t[::1] rank, int64_t[::1] newest, int64_t[::1] previous
) noexcept nogil:
    """Four objectives or more: bisect over the fronts, each a list from newest to oldest."""
    cdef Py_ssize_t i, low, high, middle, n_fronts = 0
    for i in range(points.shape[0]):
        if i > 0 and _equal(points, i - 1, i):
            # Not entered into its front: whatever it dominates its twin dominates too.
            rank[i] = rank[i - 1]
            continue
        # If front k dominates the point so does every front before k, by transitivity.
        low, high = 0, n_fronts
        while low < high:
            middle = (low + high) // 2
            if _front_dominates(points, newest[middle], previous, i):
                low = middle + 1
            else:
                high = middle
        if low == n_fronts:
            n_fronts += 1
            previous[i] = -1
        else:
            previous[i] = newest[low]
        newest[low] = i
        rank[i] = low


cdef inline bint _front_dominates(
    const double[:, ::1] points, Py_ssize_t newest, const int64_t[::1] previous, Py_ssize_t i
) noexcept nogil:
    """Whether a member of the front dominates i; the newest are nearest and likeliest to."""
    cdef Py_ssize_t other = newest, j, m = points.shape[1]
    while other >= 0:
        # The first objective need not be looked at: the order has settled it.
        j = 1
        while j < m and points[other, j] <= points[i, j]:
            j += 1
        if j == m:
            return True
        other = previous[other]
    return False


cdef inline bint _equal(const double[:, ::1] points, Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(points.shape[1]):
        if points[a, j] != points[b, j]:
            return False
    return True
