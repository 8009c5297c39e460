"""A binary heap of points, the next to be removed on top."""

from libc.stdint cimport int64_t, uint64_t


cdef extern from "_sortable.h" nogil:
    uint64_t sortable(double value)


cdef struct Key:
    uint64_t distance   # ``sortable``, in the order of the numbers
    uint64_t priority
    int64_t point


cdef inline Key key_of(double distance, double priority, int64_t point) noexcept nogil:
    cdef Key key
    key.distance, key.priority, key.point = sortable(distance), sortable(priority), point
    return key


cdef inline bint goes_first(const Key *a, const Key *b) noexcept nogil:
    """The smaller distance goes first, then the smaller priority, then the smaller number."""
    # Bits, not branches: half of these comparisons would be predicted wrong.
    return (a.distance < b.distance) | (
        (a.distance == b.distance) & (
            (a.priority < b.priority) | ((a.priority == b.priority) & (a.point < b.point))
        )
    )


cdef inline void sift_down(
    Py_ssize_t start,
    Py_ssize_t size,
    Key *heap,      # heap[p] goes before heap[2 p + 1] and heap[2 p + 2]
) noexcept nogil:
    """Move the key at heap[start] down until it goes before both under it.

    To the very end, and up again from there: most keys belong far down.
    Source: Wegener (1993), "Bottom-up heapsort".
    """
    cdef Py_ssize_t p = start, child = 2 * start + 1
    cdef Key moving = heap[start]
    while child < size:
        if child + 1 < size:
            child += goes_first(&heap[child + 1], &heap[child])
        heap[p] = heap[child]
        p = child
        child = 2 * p + 1
    while p > start and goes_first(&moving, &heap[(p - 1) // 2]):
        heap[p] = heap[(p - 1) // 2]
        p = (p - 1) // 2
    heap[p] = moving
