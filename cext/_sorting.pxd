"""The order of points in one objective, ties at random."""

from libc.stdint cimport int64_t, uint64_t

from _random cimport below, bitgen_t


cdef extern from "_sorting.h" nogil:
    ctypedef struct Item "paretide_item":
        uint64_t key
        int64_t row
    uint64_t key_of "paretide_key"(double value)
    void sort_items "paretide_sort"(Item *items, Item *spare, Py_ssize_t n)


cdef inline void shuffle_ties(Item *items, Py_ssize_t n, bitgen_t *source) noexcept nogil:
    """Every arrangement of equal keys that are next to each other is equally likely."""
    cdef Py_ssize_t first = 0, end, p, q
    while first < n:
        end = first + 1
        while end < n and items[end].key == items[first].key:
            end += 1
        for p in range(end - 1, first, -1):
            q = first + <Py_ssize_t>below(source, p - first + 1)
            items[p], items[q] = items[q], items[p]
        first = end
