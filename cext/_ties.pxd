"""Points that tie in an objective, in a random order."""

from libc.stdint cimport uint32_t

from _random cimport below, bitgen_t


cdef inline void shuffle_ties(
    const double *values,   # (n,) ascending
    uint32_t *rows,         # (n,): theirs
    Py_ssize_t n,
    bitgen_t *source,
) noexcept nogil:
    """Any order of the rows of equal values becomes equally likely.

    If all are equal it does not matter how they stand.
    """
    cdef Py_ssize_t first = 0, end, p, q, n_ties = 0
    for p in range(1, n):
        n_ties += values[p] == values[p - 1]
    if n_ties == 0 or n_ties == n - 1:
        return
    while first < n:
        end = first + 1
        while end < n and values[end] == values[first]:
            end += 1
        for p in range(end - 1, first, -1):
            q = first + <Py_ssize_t>below(source, p - first + 1)
            rows[p], rows[q] = rows[q], rows[p]
        first = end
