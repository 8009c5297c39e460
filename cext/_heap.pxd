"""A binary heap of points that knows where each of them stands: the next to be removed on top."""

from libc.stdint cimport int64_t


cdef inline bint goes_first(
    Py_ssize_t a, Py_ssize_t b, const double *distance, const double *priority
) noexcept nogil:
    """The smaller distance goes first, then the smaller priority, then the smaller index."""
    if distance[a] != distance[b]:
        return distance[a] < distance[b]
    if priority[a] != priority[b]:
        return priority[a] < priority[b]
    return a < b


cdef inline void sift_down(
    Py_ssize_t start,
    Py_ssize_t size,
    int64_t *heap,          # the points, heap[p] going before heap[2 p + 1] and heap[2 p + 2]
    int64_t *place,         # heap[place[i]] == i
    const double *distance,
    const double *priority,
) noexcept nogil:
    """Move the point at heap[start] down until it goes before both points under it."""
    cdef Py_ssize_t p = start, child
    cdef int64_t moving = heap[start]
    while True:
        child = 2 * p + 1
        if child >= size:
            break
        if child + 1 < size and goes_first(heap[child + 1], heap[child], distance, priority):
            child += 1
        if goes_first(moving, heap[child], distance, priority):
            break
        heap[p] = heap[child]
        place[heap[p]] = p
        p = child
    heap[p] = moving
    place[moving] = p
