"""Who survives, in one call: whole fronts, the last one by current crowding distance."""

import numpy as np

from ..errors import ShapeError
from ._arguments import count, matrix, vector

cimport numpy as cnp
from libc.math cimport INFINITY
from libc.stdint cimport UINT32_MAX, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from _arrays cimport is_plain, new_vector
from _gaps cimport gap, scaled_range
from _random cimport bitgen_of, bitgen_t, uniform
from _sorting cimport Order, at, key_at, shuffle_ties, sort_points, sortable
from _truncation cimport Cut, close_cut, distance_of, link, open_cut, remove_most_crowded

cnp.import_array()


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
        Crowding distance of each in its front, among the survivors: in [0, n_obj] or inf. In the
        front that is cut those that tie stand as they stood for the cut, unless it lost an extreme.

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
    if not (is_plain(F, cnp.NPY_DOUBLE, 2) and is_plain(rank, cnp.NPY_INT64, 1)):
        F, rank = matrix(F, "F", np.float64), vector(rank, "rank", np.int64)
    cdef Py_ssize_t n = cnp.PyArray_DIM(F, 0), m = cnp.PyArray_DIM(F, 1), r, n_fronts = 0
    if cnp.PyArray_DIM(rank, 0) != n or m == 0 or n >= UINT32_MAX:
        raise ShapeError(f"F must be (n, n_obj) and rank (n,); got {F.shape} and {rank.shape}")
    cdef Py_ssize_t n_kept = keep
    if not 0 <= n_kept <= n:
        count(keep, "keep", n)      # says what is wrong
    cdef cnp.ndarray rows = new_vector(n_kept, cnp.NPY_INT64)
    cdef cnp.ndarray kept_rank = new_vector(n_kept, cnp.NPY_INT64)
    cdef cnp.ndarray kept_crowding = new_vector(n_kept, cnp.NPY_DOUBLE)
    if n_kept == 0:
        return rows, kept_rank, kept_crowding
    cdef const double *points = <const double *>cnp.PyArray_DATA(F)
    cdef const int64_t *ranks = <const int64_t *>cnp.PyArray_DATA(rank)
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
                wrong = _group(ranks, n, start, member)
            if enough and wrong < 0:
                while start[n_fronts] < n_kept:
                    largest = max(largest, start[n_fronts + 1] - start[n_fronts])
                    n_fronts += 1
                order.keys = <uint64_t *>malloc(3 * largest * sizeof(uint64_t))
                order.words = order.keys + largest
                order.spare = order.words + largest
                enough = order.keys != NULL
                if enough and start[n_fronts] > n_kept:
                    n_fronts -= 1
                    r = start[n_fronts]
                    enough = _cut(
                        points, m, &member[r], start[n_fronts + 1] - r, n_kept - r,
                        &order, crowding, source,
                    )
                if enough:
                    for r in range(n_fronts):
                        _measure(
                            points, m, &member[start[r]], start[r + 1] - start[r],
                            &order, crowding, source,
                        )
                    _in_order(
                        ranks, n, member, n_kept, crowding,
                        <int64_t *>cnp.PyArray_DATA(rows),
                        <int64_t *>cnp.PyArray_DATA(kept_rank),
                        <double *>cnp.PyArray_DATA(kept_crowding),
                    )
                free(order.keys)
    free(start)
    free(crowding)
    if wrong >= 0:
        raise ShapeError(f"rank must be from 0 to {n - 1}; row {wrong} has {ranks[wrong]}")
    if not enough:
        raise MemoryError
    return rows, kept_rank, kept_crowding


cdef Py_ssize_t _group(
    const int64_t *ranks, Py_ssize_t n, int64_t *start, int64_t *member
) noexcept nogil:
    """Fill start and member by counting; returns a row whose rank is out of range, or -1."""
    cdef Py_ssize_t i, r
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
    double *crowding,   # by row: of the kept
    bitgen_t *source,
) noexcept nogil:
    """Remove the most crowded of a front until `keep` are left; False if memory is short.

    The distances at the end are those among the kept, ranges included, unless all are infinite: only
    then an extreme may have been removed, and they are measured again.
    """
    cdef Py_ssize_t j, p
    cdef bint all_extreme = True
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
                link(
                    &cut, j, at(order, p),
                    at(order, p - 1) if p > 0 else -1, at(order, p + 1) if p < size - 1 else -1,
                )
        for p in range(size):
            priority[p] = uniform(source)
        remove_most_crowded(&cut, keep)
        for p in range(size):
            priority[p] = 0.0   # from here on a mark of those that are kept
        for p in range(keep):
            priority[cut.heap[p].point] = 1.0
        keep = 0
        for p in range(size):
            if priority[p] > 0.0:
                member[keep] = member[p]
                crowding[member[p]] = distance_of(&cut, p)
                all_extreme = all_extreme and crowding[member[p]] == INFINITY
                keep += 1
        if all_extreme:
            _measure(points, m, member, keep, order, crowding, source)
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
    const int64_t *ranks,
    Py_ssize_t n,
    int64_t *member,            # the survivors are the first; overwritten
    Py_ssize_t n_kept,
    const double *crowding,
    int64_t *out_rows,          # (n_kept,)
    int64_t *out_rank,
    double *out_crowding,
) noexcept nogil:
    """The survivors by ascending row, with what is known of them."""
    cdef Py_ssize_t i, p = 0
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
