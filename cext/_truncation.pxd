"""Truncation of one front by current crowding distance: a heap, and linked neighbours.

Source: Zheng, Doerr (2022), "Better approximation guarantees for the NSGA-II by using the current
crowding distance", algorithm 2.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

from _gaps cimport gap, scaled_range
from _heap cimport sift_down


cdef struct Cut:
    Py_ssize_t n, m
    const double *points    # (n, m)
    const double *priority  # (n,): among equal distances the smaller goes first
    double *distance        # (n,)
    double *scale           # (m,)
    double *span            # (m,)
    int64_t *links          # (n, m, 2): neighbours below and above, -1 beyond an extreme
    int64_t *heap           # (n,): afterwards the kept are heap[:keep]
    int64_t *place          # (n,)


cdef inline bint open_cut(
    Cut *cut, Py_ssize_t n, Py_ssize_t m, const double *points, const double *priority
) noexcept nogil:
    """Memory for a cut; False if there is none."""
    cut.n, cut.m, cut.points, cut.priority = n, m, points, priority
    cut.distance = <double *>malloc((n + 2 * m) * sizeof(double))
    cut.links = <int64_t *>malloc((2 * n * m + 2 * n) * sizeof(int64_t))
    cut.scale = cut.distance + n
    cut.span = cut.scale + m
    cut.heap = cut.links + 2 * n * m
    cut.place = cut.heap + n
    return cut.distance != NULL and cut.links != NULL


cdef inline void close_cut(Cut *cut) noexcept nogil:
    free(cut.distance)
    free(cut.links)


cdef inline void link(
    Cut *cut, Py_ssize_t j, Py_ssize_t p, int64_t i, int64_t before
) noexcept nogil:
    """Point i stands at place p of objective j, after another or first."""
    cut.links[2 * (i * cut.m + j)] = before
    cut.links[2 * (i * cut.m + j) + 1] = -1
    if p > 0:
        cut.links[2 * (before * cut.m + j) + 1] = i


cdef inline double current_distance(const Cut *cut, Py_ssize_t i) noexcept nogil:
    """The whole crowding distance of i, always added up in one order so that equals are equal."""
    cdef double total = 0.0
    cdef Py_ssize_t j, m = cut.m
    cdef int64_t below, above
    for j in range(m):
        if cut.span[j] == 0.0:
            continue
        below, above = cut.links[2 * (i * m + j)], cut.links[2 * (i * m + j) + 1]
        if below < 0 or above < 0:
            return INFINITY
        total += gap(
            cut.points[below * m + j], cut.points[above * m + j], cut.scale[j], cut.span[j]
        )
    return total


cdef inline void remove_most_crowded(Cut *cut, Py_ssize_t keep) noexcept nogil:
    """Leave `keep` points, once all are linked in every objective and ranges are known."""
    cdef Py_ssize_t m = cut.m, size = cut.n, j, p, side
    cdef int64_t removed, i
    cdef int64_t *links
    for p in range(size):
        cut.heap[p] = cut.place[p] = p
        cut.distance[p] = current_distance(cut, p)
    for p in range(size // 2 - 1, -1, -1):
        sift_down(p, size, cut.heap, cut.place, cut.distance, cut.priority)
    while size > keep:
        removed = cut.heap[0]
        size -= 1
        cut.heap[0] = cut.heap[size]
        cut.place[cut.heap[0]] = 0
        sift_down(0, size, cut.heap, cut.place, cut.distance, cut.priority)
        links = cut.links + 2 * removed * m
        for j in range(m):
            for side in range(2):
                i = links[2 * j + side]
                if i >= 0:
                    cut.links[2 * (i * m + j) + 1 - side] = links[2 * j + 1 - side]
        for j in range(m):
            if cut.span[j] == 0.0:
                continue
            for side in range(2):
                i = links[2 * j + side]
                # With two objectives the neighbour below in one is that above in the other.
                if i < 0 or (j > 0 and cut.span[j - 1] > 0.0 and i == links[2 * j - 1 - side]):
                    continue
                cut.distance[i] = current_distance(cut, i)
                # Gaps only widen, and rounding is monotone: never upwards.
                sift_down(cut.place[i], size, cut.heap, cut.place, cut.distance, cut.priority)
