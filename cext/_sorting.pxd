"""The order of points in one objective, ties at random."""

from libc.stdint cimport uint32_t, uint64_t

from _random cimport below, bitgen_t


cdef extern from "_radix.h" nogil:
    uint64_t sortable(double value)
    void sort_words(const uint64_t *keys, uint64_t *words, uint64_t *spare, uint32_t n)


cdef struct Order:
    uint64_t *keys      # (n,): of point i, in the order of its values
    uint64_t *words     # (n,): the points in their order; the upper halves mean nothing
    uint64_t *spare     # (n,)


cdef inline Py_ssize_t at(const Order *order, Py_ssize_t p) noexcept nogil:
    """The point that stands at place p."""
    return <uint32_t>order.words[p]


cdef inline uint64_t key_at(const Order *order, Py_ssize_t p) noexcept nogil:
    return order.keys[at(order, p)]


cdef inline void sort_points(Order *order, Py_ssize_t n) noexcept nogil:
    """By ascending key, stably."""
    cdef Py_ssize_t p
    for p in range(1, n):
        if key_at(order, p - 1) > key_at(order, p):
            sort_words(order.keys, order.words, order.spare, <uint32_t>n)
            return


cdef inline void shuffle_ties(Order *order, Py_ssize_t n, bitgen_t *source) noexcept nogil:
    """Every arrangement of equals, which are next to each other, is equally likely."""
    cdef Py_ssize_t first = 0, end, p, q
    while first < n:
        end = first + 1
        while end < n and key_at(order, end) == key_at(order, first):
            end += 1
        for p in range(end - 1, first, -1):
            q = first + <Py_ssize_t>below(source, p - first + 1)
            order.words[p], order.words[q] = order.words[q], order.words[p]
        first = end
