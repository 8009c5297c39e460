"""Crowding distance, and truncation of a front by it."""

import numpy as np

from ..errors import ShapeError
from ._arguments import count, matrix, vector

from libc.stdint cimport UINT32_MAX, int64_t, uint8_t, uint32_t

from _gaps cimport gaps_along, scaled_range
from _memory cimport Memory, give_back, open_memory
from _truncation cimport Cut, is_left, link, open_cut, remove_most_crowded


def sort_objectives(F, rng=None):
    """Sort the points by each objective.

    Parameters
    ----------
    F : (n, n_obj) float64
        Objectives of one front, finite.
    rng : numpy.random.Generator, optional
        Puts points that tie in an objective into uniformly random order, independently for each
        objective. Without it they stand in order of index.

    Returns
    -------
    order : (n_obj, n) int64
        Row j holds the indices by ascending ``F[:, j]``.

    Raises
    ------
    ShapeError
        `F` is not two-dimensional.

    Notes
    -----
    O(n_obj n log n).
    """
    columns = np.ascontiguousarray(matrix(F, "F", np.float64).T)
    if rng is None:
        return columns.argsort(axis=1, kind="stable").astype(np.int64, copy=False)
    order = np.empty(columns.shape, dtype=np.int64)
    for j, column in enumerate(columns):
        # A stable sort of a random arrangement leaves ties as they were arranged.
        shuffled = rng.permutation(len(column))
        order[j] = shuffled[column[shuffled].argsort(kind="stable")]
    return order


def crowding_distance(F, order):
    """Measure how far each point's neighbours are apart, summed over the objectives.

    In each objective a point's gap is that between its two neighbours, divided by the range of the
    objective over all rows; the two extremes have distance inf. An objective without range
    contributes nothing, neither a gap nor extremes.

    Parameters
    ----------
    F : (n, n_obj) float64
        Objectives of one front, finite.
    order : (n_obj, n) int64
        From :func:`sort_objectives`; it decides which of tied points are neighbours or extremes.

    Returns
    -------
    distance : (n,) float64
        In [0, n_obj] or inf.

    Raises
    ------
    ShapeError
        `F` is not two-dimensional, or `order` does not sort each of its columns.

    Notes
    -----
    O(n_obj n). Source: Deb, Pratap, Agarwal, Meyarivan (2002), "A fast and elitist multiobjective
    genetic algorithm: NSGA-II", section III.B.
    """
    cdef const double[:, ::1] points
    cdef const int64_t[:, ::1] orders
    points, orders = _front(F, order)
    cdef Py_ssize_t n = points.shape[0], m = points.shape[1], j, p
    result = np.zeros(n, dtype=np.float64)
    if n == 0:
        return result
    cdef double[::1] distance = result, values = np.empty(n), gaps = np.empty(n)
    cdef double scale, span
    with nogil:
        for j in range(m):
            _look_along(points, orders, j, values, &scale, &span, gaps)
            for p in range(n):
                distance[orders[j, p]] += gaps[p]
    return result


cdef void _look_along(
    const double[:, ::1] points, const int64_t[:, ::1] orders, Py_ssize_t j, double[::1] values,
    double *scale, double *span, double[::1] gaps,
) noexcept nogil:
    """The gaps along objective j, in its order; `values` is overwritten."""
    cdef Py_ssize_t n = values.shape[0], p
    for p in range(n):
        values[p] = points[orders[j, p], j]
    scaled_range(values[0], values[n - 1], scale, span)
    gaps_along(&values[0], n, scale[0], span[0], &gaps[0])


def truncate(F, order, priority, keep):
    """Choose `keep` points of one front by current crowding distance.

    Remove the point of smallest distance, update its neighbours' distances, and repeat. Equal
    distances are decided by the smaller priority, equal priorities by the smaller index. The ranges
    that normalise the distances are those before the first removal. If an extreme is removed its
    neighbour becomes the extreme.

    Parameters
    ----------
    F : (n, n_obj) float64
        Objectives of one front, finite.
    order : (n_obj, n) int64
        From :func:`sort_objectives`.
    priority : (n,) float64
        Who goes first among equals: a random permutation for ties broken uniformly at random.
    keep : int
        In [0, n].

    Returns
    -------
    kept : (keep,) int64
        Ascending indices.

    Raises
    ------
    ShapeError
        `F` is not two-dimensional or has 2**32 - 1 rows or more, `order` does not sort each of its
        columns, or `priority` is not (n,).
    ConfigurationError
        `keep` is outside [0, n].

    Notes
    -----
    O(n_obj n log n) with a tournament and a linked list per objective.

    Source: Zheng, Doerr (2022), "Better approximation guarantees for the NSGA-II by using the
    current crowding distance", algorithm 2; the idea: Kukkonen, Deb (2006), "Improved pruning of
    non-dominated solutions based on crowding distance for bi-objective optimization problems".
    """
    cdef const double[:, ::1] points
    cdef const int64_t[:, ::1] orders
    points, orders = _front(F, order)
    cdef Py_ssize_t n = points.shape[0], m = points.shape[1], j, p
    cdef const double[::1] priorities = vector(priority, "priority", np.float64, n)
    cdef Py_ssize_t n_kept = count(keep, "keep", n)
    if n_kept == n:
        return np.arange(n, dtype=np.int64)
    if n >= UINT32_MAX:
        raise ShapeError(f"F must have fewer than 2**32 - 1 rows; got {n}")
    lines = np.asarray(orders, dtype=np.uint32)
    cdef const uint32_t[:, ::1] line = lines
    left = np.empty(n, dtype=np.bool_)
    cdef uint8_t[::1] out = left.view(np.uint8)
    cdef double[::1] values = np.empty(n), gaps = np.empty(n)
    cdef double scale, span
    cdef Cut cut
    cdef Memory memory
    open_memory(&memory)
    with nogil:
        open_cut(&cut, n, m, &priorities[0], &memory)
        if not memory.missing:
            for j in range(m):
                _look_along(points, orders, j, values, &scale, &span, gaps)
                link(&cut, j, &line[j, 0], &values[0], scale, span, &gaps[0])
            remove_most_crowded(&cut, n_kept)
            for p in range(n):
                out[p] = is_left(&cut, p)
        give_back(&memory)
    if memory.missing:
        raise MemoryError
    return np.flatnonzero(left)


def truncate_once(distance, priority, keep):
    """Choose the `keep` points of largest distance, as measured once.

    Equal distances are decided by the larger priority, equal priorities by the larger index.

    Parameters
    ----------
    distance : (n,) float64
        From :func:`crowding_distance`.
    priority : (n,) float64
        Who stays among equals.
    keep : int
        In [0, n].

    Returns
    -------
    kept : (keep,) int64
        Ascending indices.

    Raises
    ------
    ShapeError
        `distance` and `priority` are not vectors of one length.
    ConfigurationError
        `keep` is outside [0, n].

    Notes
    -----
    O(n log n). Source: Deb, Pratap, Agarwal, Meyarivan (2002), NSGA-II, section III.C.
    """
    distance = vector(distance, "distance", np.float64)
    n = len(distance)
    priority = vector(priority, "priority", np.float64, n)
    order = np.lexsort((priority, distance))
    return np.sort(order[n - count(keep, "keep", n):]).astype(np.int64, copy=False)


def _front(F, order):
    """Both as the kernels want them, once each row of `order` is known to sort its objective."""
    F = matrix(F, "F", np.float64)
    order = matrix(order, "order", np.int64, F.shape[::-1])
    cdef const double[:, ::1] points = F
    cdef const int64_t[:, ::1] orders = order
    cdef Py_ssize_t n = points.shape[0], m = points.shape[1], i, j, p
    cdef int64_t[::1] seen = np.zeros(n, dtype=np.int64)
    cdef Py_ssize_t wrong = -1
    with nogil:
        for j in range(m):
            for p in range(n):
                i = orders[j, p]
                # seen[i] == j: found in every objective so far, not yet in this one.
                if not 0 <= i < n or seen[i] != j or (
                    p > 0 and points[i, j] < points[orders[j, p - 1], j]
                ):
                    wrong = j
                    break
                seen[i] = j + 1
            if wrong >= 0:
                break
    if wrong >= 0:
        raise ShapeError(f"row {wrong} of order must hold 0..{n - 1} by ascending F[:, {wrong}]")
    return F, order
