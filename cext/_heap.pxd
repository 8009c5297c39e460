"""A binary heap of points, the next to be removed on top."""

from libc.stdint cimport int64_t, uint64_t


cdef extern from "_sortable.h" nogil:
    uint64_t sortable(double value)


cdef struct Key:
    uint64_t distance   # ``sortable``, in the order of the numbers
    int64_t point


cdef inline bint goes_first(const Key *a, const Key *b, const double *priority) noexcept nogil:
    """The smaller distance goes first, then the smaller priority, then the smaller number."""
    # Whether distances are equal is guessed well, which of them is smaller is not: no branch there.
    return (a.distance < b.distance) | (
        a.distance == b.distance and (
            priority[a.point] < priority[b.point]
            or (priority[a.point] == priority[b.point] and a.point < b.point)
        )
    )


cdef inline void sift_down(
    Py_ssize_t start,
    Py_ssize_t size,
    Key *heap,              # heap[p] goes before heap[2 p + 1] and heap[2 p + 2]
    const double *priority,
) noexcept nogil:
    """Move the key at heap[start] down until it goes before both under it."""
    cdef Py_ssize_t p = start, child = 2 * start + 1
    cdef Key moving = heap[start]
    while child < size:
        if child + 1 < size:
            child += goes_first(&heap[child + 1], &heap[child], priority)
        if goes_first(&moving, &heap[child], priority):
            break
        heap[p] = heap[child]
        p, child = child, 2 * child + 1
    heap[p] = moving


cdef inline void fill_top(
    Key moving, Py_ssize_t size, Key *heap, const double *priority
) noexcept nogil:
    """Put a key that belongs far down in the place of the top one.

    To the very end, and up again from there. Source: Wegener (1993), "Bottom-up heapsort".
    """
    cdef Py_ssize_t p = 0, child = 1
    while child < size:
        if child + 1 < size:
            child += goes_first(&heap[child + 1], &heap[child], priority)
        heap[p] = heap[child]
        p, child = child, 2 * child + 1
    while p > 0 and goes_first(&moving, &heap[(p - 1) // 2], priority):
        heap[p] = heap[(p - 1) // 2]
        p = (p - 1) // 2
    heap[p] = moving
