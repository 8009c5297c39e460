"""Truncation of one front by current crowding distance: a heap, and linked neighbours.

Distances only grow while neighbours are removed, so that a key in the heap may lag behind: whoever
comes to the top with an old distance gets the new one and sinks. That spares most of the sinking.

Source: Zheng, Doerr (2022), "Better approximation guarantees for the NSGA-II by using the current
crowding distance", algorithm 2.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int64_t, uint64_t

from _gaps cimport gap
from _heap cimport Key, fill_top, make_heap, sift_down, sortable
from _memory cimport Memory, take


cdef struct Cut:
    Py_ssize_t m            # objectives; of the n rows not all need be in the front
    Py_ssize_t size         # of the heap
    const double *points    # (n, m)
    const double *priority  # (n,): among equal distances the smaller goes first
    double *scale           # (m,)
    double *span            # (m,)
    double *gaps            # (n, m): between the neighbours of a point, 0 without a range
    int64_t *links          # (n, m, 2): neighbours below and above, -1 beyond an extreme
    Key *heap               # (n,): afterwards the kept are heap[:keep]


cdef inline void open_cut(
    Cut *cut, Py_ssize_t n, Py_ssize_t m, const double *points, const double *priority,
    Memory *memory,
) noexcept nogil:
    """Take memory for a cut; see whether it is missing before anything else."""
    cut.m, cut.size, cut.points, cut.priority = m, 0, points, priority
    cut.scale = <double *>take(memory, m, sizeof(double))
    cut.span = <double *>take(memory, m, sizeof(double))
    cut.gaps = <double *>take(memory, n * m, sizeof(double))
    cut.links = <int64_t *>take(memory, 2 * n * m, sizeof(int64_t))
    cut.heap = <Key *>take(memory, n, sizeof(Key))


cdef inline void enter(Cut *cut, int64_t i) noexcept nogil:
    """Point i belongs to the front; it must be linked in every objective."""
    cut.heap[cut.size].distance, cut.heap[cut.size].point = sortable(distance_of(cut, i)), i
    cut.size += 1


cdef inline void link(
    Cut *cut, Py_ssize_t j, int64_t i, double gap, int64_t below, int64_t above
) noexcept nogil:
    """Point i stands between two others in objective j, -1 for no one, with a gap around it."""
    cdef int64_t at = i * cut.m + j
    cut.links[2 * at], cut.links[2 * at + 1], cut.gaps[at] = below, above, gap


cdef inline void measure_gap(Cut *cut, Py_ssize_t j, int64_t i) noexcept nogil:
    cdef Py_ssize_t m = cut.m
    cdef const int64_t *links = cut.links + 2 * (i * m + j)
    cdef double width = INFINITY
    if cut.span[j] == 0.0:
        width = 0.0
    elif links[0] >= 0 and links[1] >= 0:
        width = gap(
            cut.points[links[0] * m + j], cut.points[links[1] * m + j], cut.scale[j], cut.span[j]
        )
    cut.gaps[i * m + j] = width


cdef inline double distance_of(const Cut *cut, int64_t i) noexcept nogil:
    """The sum of the gaps, always in one order so that equals are equal."""
    cdef const double *gaps = cut.gaps + i * cut.m
    cdef double total = 0.0
    cdef Py_ssize_t j
    for j in range(cut.m):
        total += gaps[j]
    return total


cdef inline void remove_most_crowded(Cut *cut, Py_ssize_t keep) noexcept nogil:
    """Leave `keep` points, once all have entered."""
    cdef Py_ssize_t m = cut.m, size = cut.size, j
    cdef int64_t removed, below, above
    cdef uint64_t distance
    cdef Key *heap = cut.heap
    cdef int64_t *links = cut.links
    make_heap(size, heap, cut.priority)
    while size > keep:
        removed = heap[0].point
        distance = sortable(distance_of(cut, removed))
        if heap[0].distance < distance:     # an old one
            heap[0].distance = distance
            sift_down(0, size, heap, cut.priority)
            continue
        size -= 1
        fill_top(heap[size], size, heap, cut.priority)
        for j in range(m):
            below, above = links[2 * (removed * m + j)], links[2 * (removed * m + j) + 1]
            if below >= 0:
                links[2 * (below * m + j) + 1] = above
            if above >= 0:
                links[2 * (above * m + j)] = below
            if below >= 0:
                measure_gap(cut, j, below)
            if above >= 0:
                measure_gap(cut, j, above)
