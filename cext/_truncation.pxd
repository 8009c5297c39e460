"""Truncation of one front by current crowding distance: a heap, and linked neighbours.

Distances only grow while neighbours are removed, so that a key in the heap may lag behind: whoever
comes to the top with an old distance gets the new one and sinks. That spares most of the sinking.

Source: Zheng, Doerr (2022), "Better approximation guarantees for the NSGA-II by using the current
crowding distance", algorithm 2.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

from _gaps cimport gap, scaled_range
from _heap cimport Key, key_of, sift_down, sortable


cdef struct Cut:
    Py_ssize_t n, m
    const double *points    # (n, m)
    const double *priority  # (n,): among equal distances the smaller goes first
    double *scale           # (m,)
    double *span            # (m,)
    double *gaps            # (n, m): between the neighbours of a point, 0 without a range
    double *distance        # (n,): their sum, always in one order so that equals are equal
    int64_t *links          # (n, m, 2): neighbours below and above, -1 beyond an extreme
    Key *heap               # (n,): afterwards the kept are heap[:keep]


cdef inline bint open_cut(
    Cut *cut, Py_ssize_t n, Py_ssize_t m, const double *points, const double *priority
) noexcept nogil:
    """Memory for a cut; False if there is none."""
    cut.n, cut.m, cut.points, cut.priority = n, m, points, priority
    cut.scale = <double *>malloc((n * m + n + 2 * m) * sizeof(double))
    cut.span = cut.scale + m
    cut.gaps = cut.span + m
    cut.distance = cut.gaps + n * m
    cut.links = <int64_t *>malloc((2 * n * m + 1) * sizeof(int64_t))
    cut.heap = <Key *>malloc(n * sizeof(Key))
    return cut.scale != NULL and cut.links != NULL and cut.heap != NULL


cdef inline void close_cut(Cut *cut) noexcept nogil:
    free(cut.scale)
    free(cut.links)
    free(cut.heap)


cdef inline void link(
    Cut *cut, Py_ssize_t j, Py_ssize_t p, int64_t i, int64_t before
) noexcept nogil:
    """Point i stands at place p of objective j, after another or first."""
    cut.links[2 * (i * cut.m + j)] = before
    cut.links[2 * (i * cut.m + j) + 1] = -1
    if p > 0:
        cut.links[2 * (before * cut.m + j) + 1] = i


cdef inline void measure_gap(Cut *cut, int64_t i, Py_ssize_t j) noexcept nogil:
    """The gap around point i in objective j, once all are linked and ranges are known."""
    cdef Py_ssize_t m = cut.m
    cdef int64_t below = cut.links[2 * (i * m + j)], above = cut.links[2 * (i * m + j) + 1]
    if cut.span[j] == 0.0:
        cut.gaps[i * m + j] = 0.0
    elif below < 0 or above < 0:
        cut.gaps[i * m + j] = INFINITY
    else:
        cut.gaps[i * m + j] = gap(
            cut.points[below * m + j], cut.points[above * m + j], cut.scale[j], cut.span[j]
        )


cdef inline void add_up(Cut *cut, int64_t i) noexcept nogil:
    cdef double total = 0.0
    cdef Py_ssize_t j
    for j in range(cut.m):
        total += cut.gaps[i * cut.m + j]
    cut.distance[i] = total


cdef inline void remove_most_crowded(Cut *cut, Py_ssize_t keep) noexcept nogil:
    """Leave `keep` points, once all are linked in every objective and ranges are known."""
    cdef Py_ssize_t m = cut.m, size = cut.n, j, side
    cdef int64_t removed, i
    cdef int64_t *links
    for i in range(size):
        for j in range(m):
            measure_gap(cut, i, j)
        add_up(cut, i)
        cut.heap[i] = key_of(cut.distance[i], cut.priority[i], i)
    for i in range(size // 2 - 1, -1, -1):
        sift_down(i, size, cut.heap)
    while size > keep:
        removed = cut.heap[0].point
        if cut.heap[0].distance < sortable(cut.distance[removed]):      # an old one
            cut.heap[0].distance = sortable(cut.distance[removed])
            sift_down(0, size, cut.heap)
            continue
        size -= 1
        cut.heap[0] = cut.heap[size]
        sift_down(0, size, cut.heap)
        for j in range(m):
            links = cut.links + 2 * (removed * m + j)
            for side in range(2):
                if links[side] >= 0:
                    cut.links[2 * (links[side] * m + j) + 1 - side] = links[1 - side]
            for side in range(2):
                if links[side] >= 0:
                    measure_gap(cut, links[side], j)
                    add_up(cut, links[side])
