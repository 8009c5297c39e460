"""Who survives, in one call: whole fronts, the last one by current crowding distance."""

import numpy as np

from ..errors import ShapeError
from ._arguments import count, matrix, vector

cimport numpy as cnp
from libc.stdint cimport UINT32_MAX, int64_t, uint32_t, uint8_t
from libc.string cimport memcpy, memset

from _arrays cimport is_plain, new_vector
from _gaps cimport gaps_along, scaled_range
from _memory cimport Memory, give_back, open_memory, take
from _random cimport bitgen_of, bitgen_t, uniform
from _ties cimport shuffle_ties
from _truncation cimport Cut, is_left, link, open_cut, remove_most_crowded


cdef extern from "_ranks.h" nogil:
    enum: BEST
    bint rank_rows(
        const double *F, uint32_t n, int m, int method, int64_t *rank, uint32_t *orders
    )
    bint order_rows(const double *F, uint32_t n, int m, uint32_t *orders)


cdef struct Fronts:
    const double *points    # (n, m)
    Py_ssize_t n, m
    const int64_t *rank     # (n,)
    int64_t *start          # (n + 1,): front r is in the places from start[r] to start[r + 1]
    int64_t *next           # (n + 1,) to be filled, of some fronts
    uint32_t *sorted        # (m, n): front after front, each in the order of each objective
    double *crowding        # (n,)
    uint8_t *kept           # (n,): whether a row survives
    uint8_t *cut            # (n,): whether it is in the front that is cut, and
    uint32_t *first         # (n,): if so, the first row of the same objectives in there
    double *values          # (n,) and
    double *gaps            # (n,): of one objective, in its order


cnp.import_array()


def survive(F, rank, keep, bit_generator, giving_way=0):
    """Choose `keep` rows by rank, then by current crowding distance; measure those chosen.

    Whole fronts survive while they fit. Of the one that does not, the point of the smallest
    crowding distance is removed again and again, and its neighbours' distances are updated. Points
    that tie in an objective are ordered at random, independently in each; among equal distances a
    random one goes first.

    Copies, which equal a row before them in all objectives, give way in that front, but only where
    otherwise an objective vector would be lost. If it has no fewer different ones than there is
    room, then all copies go before anything is measured. Otherwise what the cut has lost comes
    back, each by its first row, for copies of others that it has kept, those of the last rows first.

    Parameters
    ----------
    F : (n, n_obj) float64
        Objectives, minimized, finite.
    rank : (n,) int64 or None
        In [0, n), not necessarily without gaps; a front holds the rows of one rank. None ranks by
        non-dominated sorting.
    keep : int
        How many survive, at most n.
    bit_generator : numpy.random.BitGenerator
        Draws only where something ties, and a double for each point of a front that is cut, less
        the copies that go before.
    giving_way : int
        Copies give way if no more rows are of the rank of the front that is cut, or of a better
        one: how many rows are feasible, or 0 so that copies stay.

    Returns
    -------
    rows : (keep,) int64
        Ascending.
    rank : (keep,) int64
        Theirs.
    crowding : (keep,) float64
        Crowding distance of each in its front, among the survivors: in [0, n_obj] or inf. In the
        front that is cut those that tie stand as they stood for the cut.

    Raises
    ------
    ShapeError
        `F` is not two-dimensional, or `rank` is not (n,) or not in [0, n).
    ConfigurationError
        `keep` or `giving_way` is outside [0, n].

    Notes
    -----
    O(n_obj n log n), and ranking: see :func:`nondominated_rank`, which sorts the rows by every
    objective; they are not sorted again. Source: Deb, Pratap, Agarwal, Meyarivan (2002), NSGA-II,
    section III; for the front that is cut: Zheng, Doerr (2022), algorithm 2.
    """
    if not is_plain(F, cnp.NPY_DOUBLE, 2):
        F = matrix(F, "F", np.float64)
    if rank is not None and not is_plain(rank, cnp.NPY_INT64, 1):
        rank = vector(rank, "rank", np.int64)
    cdef Py_ssize_t n = cnp.PyArray_DIM(F, 0), m = cnp.PyArray_DIM(F, 1), wrong = -1
    if m == 0 or n >= UINT32_MAX or (rank is not None and cnp.PyArray_DIM(rank, 0) != n):
        raise ShapeError(f"F must be (n, n_obj) and rank (n,); got {F.shape} and {np.shape(rank)}")
    cdef Py_ssize_t n_kept = keep
    if not 0 <= n_kept <= n:
        count(keep, "keep", n)      # says what is wrong
    cdef Py_ssize_t n_giving_way = giving_way
    if not 0 <= n_giving_way <= n:
        count(giving_way, "giving_way", n)
    cdef cnp.ndarray rows = new_vector(n_kept, cnp.NPY_INT64)
    cdef cnp.ndarray kept_rank = new_vector(n_kept, cnp.NPY_INT64)
    cdef cnp.ndarray kept_crowding = new_vector(n_kept, cnp.NPY_DOUBLE)
    if n_kept == 0:
        return rows, kept_rank, kept_crowding
    cdef bitgen_t *source = bitgen_of(bit_generator)
    cdef Fronts all
    all.points, all.n, all.m = <const double *>cnp.PyArray_DATA(F), n, m
    all.rank = NULL
    if rank is not None:
        all.rank = <const int64_t *>cnp.PyArray_DATA(rank)
    cdef Memory memory
    open_memory(&memory)
    cdef int64_t *ranks = <int64_t *>take(&memory, n, sizeof(int64_t))
    cdef uint32_t *orders = <uint32_t *>take(&memory, m * n, sizeof(uint32_t))
    all.start = <int64_t *>take(&memory, n + 1, sizeof(int64_t))
    all.next = <int64_t *>take(&memory, n + 1, sizeof(int64_t))
    all.sorted = <uint32_t *>take(&memory, m * n, sizeof(uint32_t))
    all.crowding = <double *>take(&memory, n, sizeof(double))
    all.values = <double *>take(&memory, n, sizeof(double))
    all.gaps = <double *>take(&memory, n, sizeof(double))
    all.kept = <uint8_t *>take(&memory, n, 1)
    all.cut = <uint8_t *>take(&memory, n, 1)
    all.first = <uint32_t *>take(&memory, n, sizeof(uint32_t))
    with bit_generator.lock:
        with nogil:
            if not memory.missing:
                if all.rank == NULL:
                    all.rank = ranks
                    if not rank_rows(all.points, <uint32_t>n, <int>m, BEST, ranks, orders):
                        memory.missing = True
                elif not order_rows(all.points, <uint32_t>n, <int>m, orders):
                    memory.missing = True
            if not memory.missing:
                wrong = _count(&all)
            if not memory.missing and wrong < 0:
                _survive(&all, n_kept, n_giving_way, orders, source, &memory)
            if not memory.missing and wrong < 0:
                _write(
                    &all,
                    n_kept,
                    <int64_t *>cnp.PyArray_DATA(rows),
                    <int64_t *>cnp.PyArray_DATA(kept_rank),
                    <double *>cnp.PyArray_DATA(kept_crowding),
                )
            give_back(&memory)
    if memory.missing:
        raise MemoryError
    if wrong >= 0:
        raise ShapeError(f"rank must be from 0 to {n - 1}; row {wrong} has {rank[wrong]}")
    return rows, kept_rank, kept_crowding


cdef Py_ssize_t _count(Fronts *all) noexcept nogil:
    """Find where the fronts start; returns a row whose rank is out of range, or -1."""
    cdef Py_ssize_t i, r
    memset(all.start, 0, (all.n + 1) * sizeof(int64_t))
    for i in range(all.n):
        if not 0 <= all.rank[i] < all.n:
            return i
        all.start[all.rank[i] + 1] += 1
    for r in range(all.n):
        all.start[r + 1] += all.start[r]
    return -1


cdef void _survive(
    Fronts *all, Py_ssize_t keep, Py_ssize_t giving_way, const uint32_t *orders,
    bitgen_t *source, Memory *memory,
) noexcept nogil:
    """Mark and measure those who survive, unless memory is missing; `orders` is (m, n)."""
    cdef Py_ssize_t n = all.n, n_whole = 0, n_fronts, start, room, i, j, p, r
    while n_whole < n and all.start[n_whole + 1] <= keep:
        n_whole += 1
    n_fronts = n_whole + (n_whole < n and all.start[n_whole] < keep)
    for i in range(n):
        all.kept[i] = all.rank[i] < n_fronts
    for j in range(all.m):
        if n_fronts == 1:
            pick(&orders[j * n], n, all.kept, &all.sorted[j * n])
            continue
        memcpy(all.next, all.start, (n_fronts + 1) * sizeof(int64_t))
        for p in range(j * n, j * n + n):
            # Whoever is beyond the fronts that count goes behind them: a branch would be guessed.
            r = min(all.rank[orders[p]], n_fronts)
            all.sorted[j * n + all.next[r]] = orders[p]
            all.next[r] += 1
    memset(all.crowding, 0, n * sizeof(double))
    for i in range(n):
        all.kept[i] = all.rank[i] < n_whole
    if n_fronts > n_whole:
        start, room = all.start[n_whole], keep - all.start[n_whole]
        for i in range(n):
            all.cut[i] = all.rank[i] == n_whole
        _cut(all, start, all.start[n_fronts], room, giving_way, source, memory)
        if memory.missing:
            return
        _measure(all, start, room, NULL)
    for r in range(n_whole):
        _measure(all, all.start[r], all.start[r + 1] - all.start[r], source)


cdef inline void pick(
    const uint32_t *rows, Py_ssize_t n, const uint8_t *wanted, uint32_t *picked
) noexcept nogil:
    """Those of n rows that are wanted, in their order; `picked` may be the same memory."""
    cdef Py_ssize_t p, q = 0
    for p in range(n):      # whoever is not wanted is overwritten by the next
        picked[q] = rows[p]
        q += wanted[rows[p]]


cdef void _cut(
    Fronts *all, Py_ssize_t start, Py_ssize_t end, Py_ssize_t keep, Py_ssize_t giving_way,
    bitgen_t *source, Memory *memory,
) noexcept nogil:
    """Leave the first `keep` of a front, in every objective, unless memory is missing."""
    cdef Py_ssize_t size = end - start, unlike = size, i, j, p, q = 0
    cdef uint32_t *line
    cdef double scale, span
    cdef Cut cut
    if end <= giving_way:
        unlike = _find_copies(all, &all.sorted[start], size)
    cdef bint some_return = keep > unlike
    if keep <= unlike < size:
        _remove_copies(all, start, size)
        size = unlike
    cdef double *priority = <double *>take(memory, size, sizeof(double))
    cdef uint32_t *place = <uint32_t *>take(memory, size, sizeof(uint32_t))     # in their line
    cdef uint32_t *number = <uint32_t *>take(memory, all.n, sizeof(uint32_t))   # in the front
    open_cut(&cut, size, all.m, priority, memory)
    if memory.missing:
        return
    for i in range(all.n):
        number[i] = <uint32_t>q
        q += all.cut[i]
    for j in range(all.m):
        line = &all.sorted[j * all.n + start]
        _look_along(all, j, line, size, &scale, &span, source)
        for p in range(size):
            place[p] = number[line[p]]
        link(&cut, j, place, all.values, scale, span, all.gaps)
    for p in range(size):
        priority[p] = uniform(source)
    remove_most_crowded(&cut, keep)
    line = &all.sorted[start]   # as good as any other objective's
    for p in range(size):
        all.kept[line[p]] = is_left(&cut, number[line[p]])
    if some_return:
        _bring_back(all)
    for j in range(all.m):
        line = &all.sorted[j * all.n + start]
        pick(line, size, all.kept, line)


cdef Py_ssize_t _find_copies(
    Fronts *all, const uint32_t *line, Py_ssize_t size
) noexcept nogil:
    """Find the first row of each objective vector in a front; returns how many there are.

    By the first objective, ties by the others, equal rows by their numbers: so `line` is sorted.
    """
    cdef Py_ssize_t j, p, unlike = 0
    cdef const double *here
    cdef const double *before = NULL
    for p in range(size):
        here = all.points + line[p] * all.m
        j = 0
        while before != NULL and j < all.m and here[j] == before[j]:
            j += 1
        if j < all.m:
            all.first[line[p]] = line[p]
            unlike += 1
        else:
            all.first[line[p]] = all.first[line[p - 1]]
        before = here
    return unlike


cdef void _remove_copies(Fronts *all, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Leave the first row of each objective vector in the front that is cut."""
    cdef Py_ssize_t i, j
    cdef uint32_t *line
    for i in range(all.n):
        all.cut[i] &= all.first[i] == <uint32_t>i
    for j in range(all.m):
        line = &all.sorted[j * all.n + start]
        pick(line, size, all.cut, line)


cdef void _bring_back(Fronts *all) noexcept nogil:
    """Each objective vector that was lost, by its first row, for a copy of one that was kept."""
    cdef Py_ssize_t i, last = all.n
    cdef int64_t *held = all.next   # by the first row: how many of its copies are kept
    memset(held, 0, all.n * sizeof(int64_t))
    for i in range(all.n):
        if all.cut[i]:
            held[all.first[i]] += all.kept[i]
    for i in range(all.n):
        if not all.cut[i] or held[all.first[i]] > 0:
            continue
        # `i` is a first one: its copies come later, and find it held.
        last -= 1
        while not (all.cut[last] and all.kept[last] and held[all.first[last]] > 1):
            last -= 1
        all.kept[last] = False
        held[all.first[last]] -= 1
        all.kept[i] = True
        held[i] = 1


cdef void _measure(
    Fronts *all, Py_ssize_t start, Py_ssize_t size, bitgen_t *source
) noexcept nogil:
    """The crowding distances in a front by its places; NULL leaves ties as they are."""
    cdef Py_ssize_t j, p
    cdef double scale, span
    cdef uint32_t *line
    for j in range(all.m if size > 0 else 0):   # a rank that nobody has is an empty front
        line = &all.sorted[j * all.n + start]
        _look_along(all, j, line, size, &scale, &span, source)
        for p in range(size):
            all.crowding[line[p]] += all.gaps[p]


cdef inline void _look_along(
    Fronts *all, Py_ssize_t j, uint32_t *line, Py_ssize_t size,
    double *scale, double *span, bitgen_t *source,
) noexcept nogil:
    """Shuffle the ties of a front in the order of objective j, and measure the gaps along it."""
    cdef Py_ssize_t p
    for p in range(size):
        all.values[p] = all.points[line[p] * all.m + j]
    if source != NULL:
        shuffle_ties(all.values, line, size, source)
    scaled_range(all.values[0], all.values[size - 1], scale, span)
    gaps_along(all.values, size, scale[0], span[0], all.gaps)


cdef void _write(
    const Fronts *all, Py_ssize_t keep, int64_t *rows, int64_t *rank, double *crowding
) noexcept nogil:
    """The `keep` survivors by ascending row, with what is known of them."""
    cdef Py_ssize_t i = 0, p = 0
    while p < keep:     # whoever does not survive is overwritten by the next
        rows[p], rank[p], crowding[p] = i, all.rank[i], all.crowding[i]
        p += all.kept[i]
        i += 1
