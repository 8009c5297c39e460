"""Truthful crowding distance, and truncation of a front by it.

Crowding distance looks at one objective at a time: points can be neighbours in each of three
objectives and yet far from each other. Truthful crowding distance measures how far a point is from
others in all objectives together, so that a small one always means that a similar point is there.
"""

import numpy as np

from ._arguments import count, matrix, vector

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int64_t

from _gaps cimport gap, scaled_range


def truthful_distance(F, standing):
    """Measure how far each point is from those before it, summed over the objectives.

    In each objective the points stand in a row, best first. A point contributes its least distance
    to a point before it, and the first of the row, with none before it, inf. Distances between
    points are added up over all objectives (L1), each divided by its range over all rows. An
    objective without range contributes nothing, neither to distances nor a row of its own.

    Parameters
    ----------
    F : (n, n_obj) float64
        Objectives of one front, minimized, finite.
    standing : (n,) float64
        Of points that tie in an objective the one of smaller standing comes first, in every
        objective alike, then that of smaller index. Hence of equal points one at most, the first,
        has a distance above 0.

    Returns
    -------
    distance : (n,) float64
        In [0, n_obj ** 2] or inf, at most n_obj of them inf.

    Raises
    ------
    ShapeError
        `F` is not two-dimensional, or `standing` is not (n,).

    Notes
    -----
    O(n_obj n^2). Source: Zheng, Gao, Doerr (2024), "A crowding distance that provably solves the
    difficulties of the NSGA-II in many-objective optimization", with its correlated tie-breaking;
    there objectives are maximized and rows descend, which is best first as well.
    """
    cdef const double[:, ::1] points = matrix(F, "F", np.float64)
    cdef Py_ssize_t n = points.shape[0], m = points.shape[1], i
    cdef const double[::1] standings = vector(standing, "standing", np.float64, n)
    result = np.empty(n, dtype=np.float64)
    cdef double[::1] distance = result
    cdef double[::1] scale = np.ones(m), span = np.zeros(m), least = np.empty(m)
    cdef int64_t[:, ::1] nearest = np.empty((n, m), dtype=np.int64)
    cdef const int64_t[::1] everyone = _in_line(standings)
    with nogil:
        _measure(points, scale, span)
        for i in range(n):
            distance[i] = _look_ahead(i, everyone, n, points, scale, span, least, nearest)
    return result


def truncate_truthful(F, standing, priority, keep):
    """Choose `keep` points of one front by current truthful crowding distance.

    Remove the point of smallest distance, update the distances of those it was nearest to, and
    repeat. Equal distances are decided by the smaller priority, equal priorities by the smaller
    index. The ranges that normalise the distances are those before the first removal.

    Parameters
    ----------
    F : (n, n_obj) float64
        Objectives of one front, minimized, finite.
    standing : (n,) float64
        As in :func:`truthful_distance`.
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
        `F` is not two-dimensional, or `standing` or `priority` is not (n,).
    ConfigurationError
        `keep` is outside [0, n].

    Notes
    -----
    O(n_obj n^2), and O(n_obj n) for each point whose nearest is removed: few, as a point is nearest
    to few in each row, and its copies, which it is nearest to, go before it.
    Source: as for :func:`truthful_distance`, with the distances updated after each removal.
    """
    cdef const double[:, ::1] points = matrix(F, "F", np.float64)
    cdef Py_ssize_t n = points.shape[0], m = points.shape[1], i, j, p
    cdef const double[::1] standings = vector(standing, "standing", np.float64, n)
    cdef const double[::1] priorities = vector(priority, "priority", np.float64, n)
    cdef Py_ssize_t n_kept = count(keep, "keep", n)
    if n_kept == n:
        return np.arange(n, dtype=np.int64)
    cdef double[::1] distance = np.empty(n)
    cdef double[::1] scale = np.ones(m), span = np.zeros(m), least = np.empty(m)
    # nearest[i, j]: the point that i's distance in row j is measured to, -1 if there is none.
    cdef int64_t[:, ::1] nearest = np.empty((n, m), dtype=np.int64)
    line = _in_line(standings)
    cdef int64_t[::1] left = line
    cdef Py_ssize_t size = n, first = 0
    cdef int64_t removed
    with nogil:
        _measure(points, scale, span)
        for i in range(n):
            distance[i] = _look_ahead(i, left, n, points, scale, span, least, nearest)
        while size > n_kept:
            # All who are left are gone through anyway: a tournament would save nothing.
            first = 0
            for p in range(1, size):
                if _goes_first(left[p], left[first], distance, priorities):
                    first = p
            removed = left[first]
            size -= 1
            for p in range(first, size):
                left[p] = left[p + 1]
            for p in range(size):
                i = left[p]
                for j in range(m):
                    if nearest[i, j] == removed:
                        distance[i] = _look_ahead(
                            i, left, size, points, scale, span, least, nearest
                        )
                        break
    return np.sort(line[:n_kept])


cdef inline bint _goes_first(
    Py_ssize_t a, Py_ssize_t b, const double[::1] distance, const double[::1] priority
) noexcept nogil:
    """The smaller distance goes first, then the smaller priority, then the smaller index."""
    if distance[a] != distance[b]:
        return distance[a] < distance[b]
    return priority[a] < priority[b] or (priority[a] == priority[b] and a < b)


def _in_line(standing):
    """The indices by standing, equals by index."""
    return np.asarray(standing).argsort(kind="stable").astype(np.int64, copy=False)


cdef void _measure(
    const double[:, ::1] points, double[::1] scale, double[::1] span
) noexcept nogil:
    """The scaled range of each objective, 0 without points."""
    cdef Py_ssize_t i, j
    cdef double lowest, highest
    if points.shape[0] == 0:
        return
    for j in range(points.shape[1]):
        lowest = highest = points[0, j]
        for i in range(1, points.shape[0]):
            lowest = min(lowest, points[i, j])
            highest = max(highest, points[i, j])
        scaled_range(lowest, highest, &scale[j], &span[j])


cdef double _look_ahead(
    Py_ssize_t i,
    const int64_t[::1] left,        # the points that are left, i among them, by standing
    Py_ssize_t size,                # how many they are
    const double[:, ::1] points,
    const double[::1] scale,
    const double[::1] span,
    double[::1] least,              # (n_obj,) room for the distances in each row
    int64_t[:, ::1] nearest,        # (n, n_obj), row i is written
) noexcept nogil:
    """The whole distance of i, always added up in one order so that equals are equal."""
    cdef Py_ssize_t m = points.shape[1], j, p, k
    cdef bint before_ties = True
    cdef double apart, total = 0.0
    for j in range(m):
        least[j] = INFINITY
        nearest[i, j] = -1
    for p in range(size):
        k = left[p]
        if k == i:
            before_ties = False
            continue
        apart = 0.0
        for j in range(m):
            if span[j] > 0.0:
                apart += fabs(gap(points[k, j], points[i, j], scale[j], span[j]))
        for j in range(m):
            # Of several at the least distance the first counts: among copies it goes last.
            if apart < least[j] and (
                points[k, j] < points[i, j] or (before_ties and points[k, j] == points[i, j])
            ):
                least[j] = apart
                nearest[i, j] = k
    for j in range(m):
        if span[j] > 0.0:
            total += least[j]
    return total
