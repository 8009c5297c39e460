"""A heap of points, the next to be removed on top; under each place are four.

Half as many levels as with two: what is waited for is one comparison after the other.

Source: Johnson (1975), "Priority queues with update and finding minimum spanning trees".
"""

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


cdef inline Py_ssize_t first_child(
    Py_ssize_t p, Py_ssize_t size, const Key *heap, const double *priority
) noexcept nogil:
    """Which of heap[4 p + 1] to heap[4 p + 4] goes before the others; there must be one."""
    cdef Py_ssize_t child = 4 * p + 1, other = child + 2, first = child
    if child + 3 < size:
        child += goes_first(&heap[child + 1], &heap[child], priority)
        other += goes_first(&heap[other + 1], &heap[other], priority)
        return other if goes_first(&heap[other], &heap[child], priority) else child
    for other in range(child + 1, size):
        if goes_first(&heap[other], &heap[first], priority):
            first = other
    return first


cdef inline void sift_down(
    Py_ssize_t p, Py_ssize_t size, Key *heap, const double *priority
) noexcept nogil:
    """Move the key at heap[p] down until it goes before all under it."""
    cdef Py_ssize_t child
    cdef Key moving = heap[p]
    while 4 * p + 1 < size:
        child = first_child(p, size, heap, priority)
        if goes_first(&moving, &heap[child], priority):
            break
        heap[p] = heap[child]
        p = child
    heap[p] = moving


cdef inline void fill_top(
    Key moving, Py_ssize_t size, Key *heap, const double *priority
) noexcept nogil:
    """Put a key that belongs far down in the place of the top one.

    To the very end, and up again from there. Source: Wegener (1993), "Bottom-up heapsort".
    """
    cdef Py_ssize_t p = 0, child
    while 4 * p + 1 < size:
        child = first_child(p, size, heap, priority)
        heap[p] = heap[child]
        p = child
    while p > 0 and goes_first(&moving, &heap[(p - 1) // 4], priority):
        heap[p] = heap[(p - 1) // 4]
        p = (p - 1) // 4
    heap[p] = moving


cdef inline void make_heap(Py_ssize_t size, Key *heap, const double *priority) noexcept nogil:
    """Order keys so that heap[p] goes before those under it."""
    cdef Py_ssize_t p
    for p in range((size + 2) // 4 - 1, -1, -1):
        sift_down(p, size, heap, priority)
