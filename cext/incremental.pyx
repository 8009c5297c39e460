"""A population that changes by one: its ranks, its sorted objectives and its crowding distances."""

from ..errors import ShapeError

import numpy as np

from libc.stdint cimport int64_t

from _gaps cimport gaps_along, scaled_range
from _random cimport below, bitgen_of, bitgen_t


cdef class Ranked:
    """Rows that join and leave one at a time.

    The arrays stay the caller's, who writes the objectives and the violation of a new row to them;
    all else in them is kept up to date here. They have room for more rows than there are.

    Parameters
    ----------
    F : (capacity, n_obj) float64
        Objectives, minimized, finite.
    violation : (capacity,) float64
        Total constraint violation, 0 where feasible.
    rank : (capacity,) int64
        Constrained non-domination ranks.
    distance : (capacity,) float64
        Crowding distances, as ``crowding_distance`` gives them for each front alone, to the bit.
    order : (n_obj, capacity) int64
        Row j holds the rows by ascending ``F[:, j]``.
    copies_give_way : bool
        Whether the last row of the last front that equals a row before it in all objectives goes
        in the place of a feasible one that equals none.

    Raises
    ------
    ShapeError
        The arrays have lengths that do not fit each other.
    ValueError
        An array is of another type, or not contiguous.

    Notes
    -----
    Only the first n rows of F, violation, rank and distance count, and the first n columns of
    order.

    O(n_obj n) a call, and n_obj times the product of the numbers of rows pushed back from a front
    and of rows in the next one, unless the front is pushed back as a whole: then all behind it are,
    too. For copies that give way also the square of the number of rows of the last front that tie
    in the first objective.

    Source: Li, Deb, Zhang, Zhang (2017), "Efficient nondomination level update method for
    steady-state evolutionary multiobjective optimization", algorithms 1 to 3; for the distances
    Deb, Pratap, Agarwal, Meyarivan (2002), NSGA-II, section III.B.
    """

    cdef double[:, ::1] F
    cdef double[::1] violation, distance
    cdef int64_t[::1] rank
    cdef int64_t[:, ::1] order
    cdef Py_ssize_t capacity, n_obj
    cdef bint copies_give_way
    cdef int64_t[::1] start, place, rows    # work space: by rank, and rows in order of rank
    cdef double[::1] values, gaps           # of these rows

    def __init__(
        self,
        double[:, ::1] F not None,
        double[::1] violation not None,
        int64_t[::1] rank not None,
        double[::1] distance not None,
        int64_t[:, ::1] order not None,
        bint copies_give_way=False,
    ):
        self.copies_give_way = copies_give_way
        self.F, self.violation, self.rank = F, violation, rank
        self.distance, self.order = distance, order
        self.capacity, self.n_obj = F.shape[0], F.shape[1]
        lengths = (len(violation), len(rank), len(distance))
        if any(length != self.capacity for length in lengths):
            raise ShapeError(
                f"F has {self.capacity} rows; violation, rank and distance have {lengths}"
            )
        if order.shape[0] != self.n_obj or order.shape[1] != self.capacity:
            raise ShapeError(
                f"order must be ({self.n_obj}, {self.capacity}), a row for each objective; got "
                f"({order.shape[0]}, {order.shape[1]})"
            )
        self.start = np.empty(self.capacity + 2, dtype=np.int64)
        self.place, self.rows = np.empty((2, self.capacity), dtype=np.int64)
        self.values, self.gaps = np.empty((2, self.capacity))

    def insert(self, Py_ssize_t n, bit_generator):
        """Row `n` joins the rows before it; those that it pushes back get their new ranks.

        Parameters
        ----------
        n : int
            How many rows there are without the new one.
        bit_generator : numpy.random.BitGenerator
            Draws one 64-bit integer for each objective in which values tie with the new one, which
            gets a random place among them (more in the rare case of a rejection).

        Raises
        ------
        ShapeError
            The arrays have no room for row `n`.
        """
        self._check(n)
        cdef bitgen_t *source = bitgen_of(bit_generator)
        with bit_generator.lock:
            with nogil:
                self._join(n, source)

    def replace(self, Py_ssize_t n, bit_generator):
        """Row `n` joins the rows before it, and the most crowded of the last front goes.

        Parameters
        ----------
        n : int
            How many rows there are, before and after.
        bit_generator : numpy.random.BitGenerator
            Draws what ``insert`` does, then one 64-bit integer if several are the most crowded.

        Returns
        -------
        row : int
            Who went. If that was not row `n` itself, the new row has its place now: its values
            were moved there in all the arrays.

        Raises
        ------
        ShapeError
            The arrays have no room for row `n`.
        """
        self._check(n)
        cdef bitgen_t *source = bitgen_of(bit_generator)
        cdef Py_ssize_t row, j
        cdef int64_t last
        with bit_generator.lock:
            with nogil:
                self._join(n, source)
                row = _most_crowded(self.rank, self.distance, n + 1, source)
                if self.copies_give_way and self.violation[row] == 0.0:
                    row = _copy_for(self.F, self.rank, self.order, n + 1, row)
                last = self.rank[row]
                _leave(self.order, n + 1, row)
                for j in range(self.n_obj):
                    self.F[row, j] = self.F[n, j]
                self.violation[row] = self.violation[n]
                self.rank[row] = self.rank[n]
                self.distance[row] = self.distance[n]
                self._measure(n, last, last)
        return row

    def _check(self, Py_ssize_t n):
        if not 0 <= n < self.capacity:
            raise ShapeError(f"arrays of {self.capacity} rows have no row {n}")

    cdef void _join(self, Py_ssize_t n, bitgen_t *source) noexcept nogil:
        cdef Py_ssize_t i
        cdef int64_t last, best = 0
        for i in range(n):
            if self.rank[i] >= best and _dominates(self.F, self.violation, i, n):
                best = self.rank[i] + 1
        last = _push_back(self.F, self.violation, self.rank, n, best, self.start, self.rows)
        self.rank[n] = best
        _place(self.F, self.order, n, source)
        self._measure(n + 1, best, last)

    cdef void _measure(self, Py_ssize_t n, int64_t first, int64_t last) noexcept nogil:
        """The distances in these fronts, all of them in one pass over each objective."""
        cdef Py_ssize_t i, j, p, k
        cdef int64_t r
        cdef double scale, span
        # Those of front r are rows[start[r]:start[r + 1]].
        self.start[first : last + 2] = 0
        for i in range(n):
            r = self.rank[i]
            if first <= r <= last:
                self.start[r + 1] += 1
                self.distance[i] = 0.0
        for r in range(first, last + 1):
            self.start[r + 1] += self.start[r]
        for j in range(self.n_obj):
            self.place[first : last + 1] = self.start[first : last + 1]
            for p in range(n):
                i = self.order[j, p]
                r = self.rank[i]
                if first <= r <= last:
                    k = self.place[r]
                    self.place[r] = k + 1
                    self.rows[k] = i
                    self.values[k] = self.F[i, j]
            for r in range(first, last + 1):
                p = self.start[r]
                k = self.start[r + 1]
                if p < k:
                    scaled_range(self.values[p], self.values[k - 1], &scale, &span)
                    gaps_along(&self.values[p], k - p, scale, span, &self.gaps[p])
            for p in range(self.start[last + 1]):
                self.distance[self.rows[p]] += self.gaps[p]


cdef Py_ssize_t _most_crowded(
    const int64_t[::1] rank, const double[::1] distance, Py_ssize_t n, bitgen_t *source
) noexcept nogil:
    """The row of least distance in the last front, one of several equal ones at random."""
    cdef Py_ssize_t i, row = 0, equals = 0
    cdef int64_t chosen
    for i in range(n):
        if rank[i] > rank[row] or (rank[i] == rank[row] and distance[i] < distance[row]):
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


cdef Py_ssize_t _copy_for(
    const double[:, ::1] F, const int64_t[::1] rank, const int64_t[:, ::1] order, Py_ssize_t n,
    Py_ssize_t row,
) noexcept nogil:
    """The last copy of another row in the front of `row`, or `row` if that has a copy or none has."""
    cdef Py_ssize_t p, q, i, k, last = -1
    for p in range(n):
        i = order[0, p]
        if rank[i] != rank[row]:
            continue
        q = p - 1
        while q >= 0 and F[order[0, q], 0] == F[i, 0]:
            k = order[0, q]
            if rank[k] == rank[row] and _equal(F, i, k):
                if i == row or k == row:
                    return row
                last = max(last, i, k)
            q -= 1
    return last if last >= 0 else row


cdef inline bint _equal(const double[:, ::1] F, Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(F.shape[1]):
        if F[a, j] != F[b, j]:
            return False
    return True


cdef void _leave(int64_t[:, ::1] order, Py_ssize_t n, Py_ssize_t row) noexcept nogil:
    """Take one of n rows out of the sorted objectives; the last one gets its number."""
    cdef Py_ssize_t j, p, kept
    for j in range(order.shape[0]):
        kept = 0
        for p in range(n):
            if order[j, p] != row:
                order[j, kept] = row if order[j, p] == n - 1 else order[j, p]
                kept += 1


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


cdef int64_t _push_back(
    const double[:, ::1] F,
    const double[::1] violation,
    int64_t[::1] rank,
    Py_ssize_t n,
    int64_t best,               # the new row's rank
    int64_t[::1] start,         # n + 2
    int64_t[::1] rows,
) noexcept nogil:
    """Give those that row n dominates in front `best`, and who follows from that, their ranks.

    Returns the last front that has other members now; those behind it are as they were, or were
    pushed back as a whole.
    """
    cdef Py_ssize_t i, p, q, pushed, previous = 0, previous_start = 0
    cdef int64_t r, row
    # Rows by rank: those of rank r are rows[start[r]:start[r + 1]], fronts of no rows included.
    start[: n + 2] = 0
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
            return r
        if pushed == start[r]:
            return r
        for p in range(start[r], pushed):
            rank[rows[p]] += 1
        previous_start = start[r]
        previous = pushed
    return best


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
