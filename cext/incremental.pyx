"""A population that changes by one: its ranks, its sorted objectives and its crowding distances.

The arrays have room for more rows than there are; only the first n of F, violation, rank and
distance count, and the first n columns of order. They are changed in place.
"""

import numpy as np

from ..errors import ShapeError

from libc.math cimport INFINITY
from libc.stdint cimport int64_t

from _gaps cimport gap, scaled_range
from _random cimport below, bitgen_of, bitgen_t


def insert(
    const double[:, ::1] F not None,
    const double[::1] violation not None,
    int64_t[::1] rank not None,
    int64_t[:, ::1] order not None,
    Py_ssize_t n,
    bit_generator,
):
    """Rank row `n` among the rows before it, and put it where it belongs in each objective.

    Rows that it pushes back, and those that these push back, get their new ranks.

    Parameters
    ----------
    F : (capacity, n_obj) float64
        Objectives, minimized, finite. Row `n` is the new one.
    violation : (capacity,) float64
        Total constraint violation, 0 where feasible.
    rank : (capacity,) int64
        Constrained non-domination ranks; changed.
    order : (n_obj, capacity) int64
        Row j holds the rows by ascending ``F[:, j]``; changed. Where values tie, the new row gets
        a uniformly random place among its equals.
    n : int
        How many rows there are without the new one.
    bit_generator : numpy.random.BitGenerator
        Draws one 64-bit integer for each objective in which values tie with the new one (more in
        the rare case of a rejection).

    Returns
    -------
    None

    Raises
    ------
    ShapeError
        The arrays have no room for row `n`, or lengths that do not fit each other.
    ValueError
        An array is of another type, or not contiguous.

    Notes
    -----
    O(n_obj n), and n_obj times the product of the numbers of rows pushed back from a front and of
    rows in the next one, unless the front is pushed back as a whole: then all behind it are, too.

    Source: Li, Deb, Zhang, Zhang (2017), "Efficient nondomination level update method for
    steady-state evolutionary multiobjective optimization", algorithms 1 to 3.
    """
    _check(order, n + 1, F.shape[0], violation.shape[0], rank.shape[0])
    if F.shape[1] != order.shape[0]:
        raise ShapeError(f"order must have {F.shape[1]} rows, one per objective; it has "
                         f"{order.shape[0]}")
    cdef bitgen_t *source = bitgen_of(bit_generator)
    cdef int64_t[::1] start = np.zeros(n + 2, dtype=np.int64)
    cdef int64_t[::1] rows = np.empty(n + 1, dtype=np.int64)
    cdef Py_ssize_t i
    cdef int64_t best = 0
    with bit_generator.lock:
        with nogil:
            for i in range(n):
                if rank[i] >= best and _dominates(F, violation, i, n):
                    best = rank[i] + 1
            _push_back(F, violation, rank, n, best, start, rows)
            rank[n] = best
            _place(F, order, n, source)


def crowding_within_fronts(
    const double[:, ::1] F not None,
    const int64_t[::1] rank not None,
    const int64_t[:, ::1] order not None,
    Py_ssize_t n,
    double[::1] distance not None,
):
    """Measure the crowding distance of every row among the rows of its rank.

    Parameters
    ----------
    F : (capacity, n_obj) float64
        Objectives, finite.
    rank : (capacity,) int64
        In [0, n).
    order : (n_obj, capacity) int64
        Row j holds the rows by ascending ``F[:, j]``.
    n : int
        How many rows there are.
    distance : (capacity,) float64
        Changed: as ``crowding_distance`` gives it for each front alone, to the bit.

    Returns
    -------
    None

    Raises
    ------
    ShapeError
        The arrays have no room for `n` rows, or lengths that do not fit each other.
    ValueError
        An array is of another type, or not contiguous.

    Notes
    -----
    O(n_obj n): two passes over each objective serve all fronts at once. Source: Deb, Pratap,
    Agarwal, Meyarivan (2002), NSGA-II, section III.B.
    """
    _check(order, n, F.shape[0], rank.shape[0], distance.shape[0])
    # By rank. lowest, highest: its extremes; below, at: the row before the last one met, and that.
    cdef int64_t[::1] lowest = np.empty(n, dtype=np.int64), highest = np.empty(n, dtype=np.int64)
    cdef int64_t[::1] before = np.empty(n, dtype=np.int64), at = np.empty(n, dtype=np.int64)
    cdef double[::1] scale = np.empty(n), span = np.empty(n)
    cdef Py_ssize_t i, j, p
    cdef int64_t r, fronts = 0
    with nogil:
        for i in range(n):
            fronts = max(fronts, rank[i] + 1)
            distance[i] = 0.0
        for j in range(order.shape[0]):
            lowest[:fronts] = -1
            before[:fronts] = -1
            at[:fronts] = -1
            for p in range(n):
                i = order[j, p]
                r = rank[i]
                if lowest[r] < 0:
                    lowest[r] = i
                highest[r] = i
            for r in range(fronts):
                if lowest[r] < 0:
                    continue
                scaled_range(F[lowest[r], j], F[highest[r], j], &scale[r], &span[r])
                if span[r] > 0.0:
                    distance[lowest[r]] = INFINITY
                    distance[highest[r]] = INFINITY
            for p in range(n):
                i = order[j, p]
                r = rank[i]
                if span[r] == 0.0:
                    continue
                if before[r] >= 0:
                    distance[at[r]] += gap(F[before[r], j], F[i, j], scale[r], span[r])
                before[r] = at[r]
                at[r] = i


def most_crowded(
    const int64_t[::1] rank not None,
    const double[::1] distance not None,
    Py_ssize_t n,
    bit_generator,
):
    """Find who goes first: in the last front, the row of least crowding distance.

    Parameters
    ----------
    rank : (capacity,) int64
        Non-domination ranks.
    distance : (capacity,) float64
        Crowding distances.
    n : int
        How many rows there are, at least 1.
    bit_generator : numpy.random.BitGenerator
        Draws one 64-bit integer if several are equal (more in the rare case of a rejection).

    Returns
    -------
    row : int
        In [0, n); one of several equal ones uniformly at random.

    Raises
    ------
    ShapeError
        There are not `n` rows, or none.
    ValueError
        An array is of another type, or not contiguous.

    Notes
    -----
    O(n). Source: Deb, Pratap, Agarwal, Meyarivan (2002), NSGA-II, section III.B.
    """
    if not 1 <= n <= min(rank.shape[0], distance.shape[0]):
        raise ShapeError(f"n must be between 1 and the number of rows; got {n}")
    cdef bitgen_t *source = bitgen_of(bit_generator)
    cdef Py_ssize_t i, row = 0, equals = 0
    cdef int64_t chosen
    with bit_generator.lock:
        with nogil:
            for i in range(n):
                if rank[i] > rank[row] or (
                    rank[i] == rank[row] and distance[i] < distance[row]
                ):
                    row = i
            for i in range(n):
                equals += rank[i] == rank[row] and distance[i] == distance[row]
            if equals > 1:
                chosen = <int64_t>below(source, equals)
                i = row     # the first of them
                while chosen > 0:
                    i += 1
                    chosen -= rank[i] == rank[row] and distance[i] == distance[row]
                row = i
    return row


def remove(int64_t[:, ::1] order not None, Py_ssize_t n, Py_ssize_t row):
    """Take a row out of the sorted objectives; the last row, `n` - 1, gets its number.

    Parameters
    ----------
    order : (n_obj, capacity) int64
        Row j holds the rows by one objective; changed.
    n : int
        How many rows there are.
    row : int
        In [0, n).

    Returns
    -------
    None

    Raises
    ------
    ShapeError
        There are not `n` rows, or no such row.
    ValueError
        The array is of another type, or not contiguous.

    Notes
    -----
    O(n_obj n).
    """
    _check(order, n, n)
    if not 0 <= row < n:
        raise ShapeError(f"row must be in [0, {n}); got {row}")
    cdef Py_ssize_t j, p, kept
    with nogil:
        for j in range(order.shape[0]):
            kept = 0
            for p in range(n):
                if order[j, p] != row:
                    order[j, kept] = row if order[j, p] == n - 1 else order[j, p]
                    kept += 1


def _check(order, n, *lengths):
    room = min(order.shape[1], *lengths)
    if not 0 <= n <= room:
        raise ShapeError(f"arrays with room for {room} rows cannot hold {n}")


cdef inline bint _dominates(
    const double[:, ::1] F, const double[::1] violation, Py_ssize_t a, Py_ssize_t b
) noexcept nogil:
    """Constrained domination: Deb et al. (2002), definition 1."""
    cdef Py_ssize_t j
    cdef bint better = False
    if violation[a] > 0.0 or violation[b] > 0.0:
        return violation[a] < violation[b]
    for j in range(F.shape[1]):
        if F[a, j] > F[b, j]:
            return False
        better |= F[a, j] < F[b, j]
    return better


cdef void _push_back(
    const double[:, ::1] F,
    const double[::1] violation,
    int64_t[::1] rank,
    Py_ssize_t n,
    int64_t best,               # the new row's rank
    int64_t[::1] start,         # zeros: n + 2
    int64_t[::1] rows,
) noexcept nogil:
    """Give those that row n dominates in front `best`, and who follows from that, their ranks."""
    cdef Py_ssize_t i, p, q, pushed, previous = 0, previous_start = 0
    cdef int64_t r, row
    # Rows by rank: those of rank r are rows[start[r]:start[r + 1]], fronts of no rows included.
    for i in range(n):
        start[rank[i] + 2] += 1
    for r in range(2, n + 2):
        start[r] += start[r - 1]
    for i in range(n):
        rows[start[rank[i] + 1]] = i
        start[rank[i] + 1] += 1
    for r in range(best, n):
        # Those that are pushed back come to the beginning of their front.
        pushed = start[r]
        for p in range(start[r], start[r + 1]):
            row = rows[p]
            if not _dominates(F, violation, n, row):
                continue
            if r > best:
                for q in range(previous_start, previous):
                    if _dominates(F, violation, rows[q], row):
                        break
                else:
                    continue
            rows[p] = rows[pushed]
            rows[pushed] = row
            pushed += 1
        if pushed == start[r + 1]:
            # The whole front, or nobody of an empty one: so are all behind it.
            for p in range(start[r], n):
                rank[rows[p]] += 1
            return
        if pushed == start[r]:
            return
        for p in range(start[r], pushed):
            rank[rows[p]] += 1
        previous_start = start[r]
        previous = pushed


cdef void _place(
    const double[:, ::1] F, int64_t[:, ::1] order, Py_ssize_t n, bitgen_t *source
) noexcept nogil:
    """Put row n among the n sorted rows of each objective."""
    cdef Py_ssize_t j, p, first, after
    for j in range(F.shape[1]):
        after = n
        while after > 0 and F[order[j, after - 1], j] > F[n, j]:
            after -= 1
        first = after
        while first > 0 and F[order[j, first - 1], j] == F[n, j]:
            first -= 1
        if first < after:
            first += <Py_ssize_t>below(source, after - first + 1)
        for p in range(n, first, -1):
            order[j, p] = order[j, p - 1]
        order[j, first] = n
