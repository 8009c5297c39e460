"""Who survives, in one call: whole fronts, the last one by current crowding distance."""

import numpy as np

from ..errors import ShapeError
from ._arguments import count, matrix, vector

from libc.math cimport INFINITY
from libc.stdint cimport UINT32_MAX, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from _gaps cimport gap, scaled_range
from _random cimport bitgen_of, bitgen_t, uniform
from _sorting cimport Order, at, key_at, shuffle_ties, sort_points, sortable
from _truncation cimport Cut, close_cut, link, open_cut, remove_most_crowded


def survive(F, rank, keep, bit_generator):
    """Choose `keep` rows by rank, then by current crowding distance; measure those chosen.

    Whole fronts survive while they fit. Of the one that does not, the point of the smallest
    crowding distance is removed again and again, and its neighbours' distances are updated. Points
    that tie in an objective are ordered at random, independently in each; among equal distances a
    random one goes first.

    Parameters
    ----------
    F : (n, n_obj) float64
        Objectives, minimized, finite.
    rank : (n,) int64
        In [0, n), not necessarily without gaps; a front holds the rows of one rank.
    keep : int
        How many survive, at most n.
    bit_generator : numpy.random.BitGenerator
        Draws only where something ties, and a double for each point of a front that is cut.

    Returns
    -------
    rows : (keep,) int64
        Ascending.
    rank : (keep,) int64
        Theirs.
    crowding : (keep,) float64
        Crowding distance of each in its front, among the survivors: in [0, n_obj] or inf.

    Raises
    ------
    ShapeError
        `F` is not two-dimensional, or `rank` is not (n,) or not in [0, n).
    ConfigurationError
        `keep` is outside [0, n].

    Notes
    -----
    O(n_obj n log n). Source: Deb, Pratap, Agarwal, Meyarivan (2002), NSGA-II, section III; for the
    front that is cut: Zheng, Doerr (2022), algorithm 2.
    """
    cdef const double[:, ::1] points
    cdef const int64_t[::1] ranks
    try:
        points, ranks = F, rank
    except (TypeError, ValueError):     # not as they are: convert them, or say what is wrong
        points, ranks = matrix(F, "F", np.float64), vector(rank, "rank", np.int64)
    cdef Py_ssize_t n = points.shape[0], m = points.shape[1], r, n_fronts = 0
    if ranks.shape[0] != n or m == 0 or n >= UINT32_MAX:
        raise ShapeError(f"F must be (n, n_obj) and rank (n,); got {F.shape} and {rank.shape}")
    cdef Py_ssize_t n_kept = count(keep, "keep", n)
    rows = np.empty(n_kept, dtype=np.int64)
    kept_rank = np.empty(n_kept, dtype=np.int64)
    kept_crowding = np.empty(n_kept, dtype=np.float64)
    if n_kept == 0:
        return rows, kept_rank, kept_crowding
    cdef int64_t[::1] out_rows = rows, out_rank = kept_rank
    cdef double[::1] out_crowding = kept_crowding
    # Rows by rank, ascending in each: those of rank r are member[start[r]:start[r + 1]].
    cdef int64_t *start = <int64_t *>calloc(2 * n + 2, sizeof(int64_t))
    cdef int64_t *member = start + n + 2
    cdef double *crowding = <double *>malloc(n * sizeof(double))
    cdef bitgen_t *source = bitgen_of(bit_generator)
    cdef Py_ssize_t wrong = -1, largest = 0
    cdef Order order
    order.keys = NULL
    cdef bint enough = start != NULL and crowding != NULL
    with bit_generator.lock:
        with nogil:
            if enough:
                wrong = _group(ranks, start, member)
            if enough and wrong < 0:
                while start[n_fronts] < n_kept:
                    largest = max(largest, start[n_fronts + 1] - start[n_fronts])
                    n_fronts += 1
                order.keys = <uint64_t *>malloc(3 * largest * sizeof(uint64_t))
                order.words = order.keys + largest
                order.spare = order.words + largest
                enough = order.keys != NULL
                if enough and start[n_fronts] > n_kept:
                    r = start[n_fronts - 1]
                    enough = _cut(
                        &points[0, 0], m, &member[r], start[n_fronts] - r, n_kept - r, &order, source
                    )
                    start[n_fronts] = n_kept
                if enough:
                    for r in range(n_fronts):
                        _measure(
                            &points[0, 0], m, &member[start[r]], start[r + 1] - start[r],
                            &order, crowding, source,
                        )
                    _in_order(ranks, member, n_kept, crowding, out_rows, out_rank, out_crowding)
                free(order.keys)
    free(start)
    free(crowding)
    if wrong >= 0:
        raise ShapeError(f"rank must be from 0 to {n - 1}; row {wrong} has {ranks[wrong]}")
    if not enough:
        raise MemoryError
    return rows, kept_rank, kept_crowding


cdef Py_ssize_t _group(
    const int64_t[::1] ranks, int64_t *start, int64_t *member
) noexcept nogil:
    """Fill start and member by counting; returns a row whose rank is out of range, or -1."""
    cdef Py_ssize_t n = ranks.shape[0], i, r
    for i in range(n):
        if not 0 <= ranks[i] < n:
            return i
        start[ranks[i] + 2] += 1
    for r in range(n):
        start[r + 2] += start[r + 1]
    for i in range(n):
        member[start[ranks[i] + 1]] = i
        start[ranks[i] + 1] += 1
    return -1


cdef inline void _sort(
    const double *points,
    Py_ssize_t m,
    Py_ssize_t j,
    const int64_t *member,
    Py_ssize_t size,
    Order *order,       # of the members by number; the next objective begins with it
    bitgen_t *source,
) noexcept nogil:
    """Order a front by objective j, ties at random; if all tie it does not matter how.

    With two objectives a front is in the reverse order of the first by the second, so that is where
    sorting begins.
    """
    cdef Py_ssize_t p
    for p in range(size):
        order.keys[p] = sortable(points[member[p] * m + j])
    for p in range(size if j == 0 else 0):
        order.words[p] = p
    for p in range(size // 2 if j > 0 else 0):
        order.words[p], order.words[size - 1 - p] = order.words[size - 1 - p], order.words[p]
    sort_points(order, size)
    if key_at(order, 0) != key_at(order, size - 1):
        shuffle_ties(order, size, source)


cdef bint _cut(
    const double *points,
    Py_ssize_t m,
    int64_t *member,    # (size,) ascending rows; afterwards the kept are the first
    Py_ssize_t size,
    Py_ssize_t keep,
    Order *order,
    bitgen_t *source,
) noexcept nogil:
    """Remove the most crowded of a front until `keep` are left; False if memory is short."""
    cdef Py_ssize_t j, p
    cdef Cut cut
    cdef double *front = <double *>malloc(size * (m + 1) * sizeof(double))
    cdef double *priority = front + size * m
    cdef bint enough = front != NULL and open_cut(&cut, size, m, front, priority)
    if enough:
        for p in range(size):
            for j in range(m):
                front[p * m + j] = points[member[p] * m + j]
        for j in range(m):
            _sort(points, m, j, member, size, order, source)
            scaled_range(
                front[at(order, 0) * m + j], front[at(order, size - 1) * m + j],
                &cut.scale[j], &cut.span[j],
            )
            for p in range(size):
                link(&cut, j, p, at(order, p), at(order, p - 1) if p > 0 else -1)
        for p in range(size):
            priority[p] = uniform(source)
        remove_most_crowded(&cut, keep)
        for p in range(size):
            cut.place[p] = 0    # from here on a mark of those that are kept
        for p in range(keep):
            cut.place[cut.heap[p]] = 1
        keep = 0
        for p in range(size):
            if cut.place[p]:
                member[keep] = member[p]
                keep += 1
    if front != NULL:
        close_cut(&cut)
    free(front)
    return enough


cdef void _measure(
    const double *points,
    Py_ssize_t m,
    const int64_t *member,
    Py_ssize_t size,
    Order *order,
    double *crowding,   # by row
    bitgen_t *source,
) noexcept nogil:
    """The crowding distance of each member in its front."""
    cdef Py_ssize_t j, p
    cdef double scale, span
    for p in range(size):
        crowding[member[p]] = 0.0
    for j in range(m if size > 0 else 0):   # a rank that nobody has is an empty front
        _sort(points, m, j, member, size, order, source)
        scaled_range(
            points[member[at(order, 0)] * m + j], points[member[at(order, size - 1)] * m + j],
            &scale, &span,
        )
        if span == 0.0:
            continue
        crowding[member[at(order, 0)]] = crowding[member[at(order, size - 1)]] = INFINITY
        for p in range(1, size - 1):
            crowding[member[at(order, p)]] += gap(
                points[member[at(order, p - 1)] * m + j],
                points[member[at(order, p + 1)] * m + j],
                scale, span,
            )


cdef void _in_order(
    const int64_t[::1] ranks,
    int64_t *member,                # the survivors are the first; overwritten
    Py_ssize_t n_kept,
    const double *crowding,
    int64_t[::1] out_rows,
    int64_t[::1] out_rank,
    double[::1] out_crowding,
) noexcept nogil:
    """The survivors by ascending row, with what is known of them."""
    cdef Py_ssize_t i, p = 0, n = ranks.shape[0]
    for i in range(n_kept):
        out_rows[i] = member[i]
    for i in range(n):
        member[i] = 0  # from here on a mark of each survivor
    for i in range(n_kept):
        member[out_rows[i]] = 1
    for i in range(n):
        if member[i]:
            out_rows[p] = i
            out_rank[p] = ranks[i]
            out_crowding[p] = crowding[i]
            p += 1
