"""A binary tournament: what the kernels share."""

from libc.stdint cimport int64_t

from _random cimport below, bitgen_t


cdef inline Py_ssize_t winner(
    const int64_t *rank, const double *crowding, Py_ssize_t n, bitgen_t *source
) noexcept nogil:
    """The better of two distinct contestants in [0, n): lower rank, then larger crowding distance.

    Of equals the one drawn first wins, which is a fair coin: either order is as likely. One
    contestant wins without a draw.

    Source: Deb, Pratap, Agarwal, Meyarivan (2002), "A fast and elitist multiobjective genetic
    algorithm: NSGA-II", section III.B, the crowded-comparison operator.
    """
    cdef Py_ssize_t a, b
    if n == 1:
        return 0
    a = below(source, n)
    b = below(source, n - 1)
    b += b >= a     # the n - 1 others, in order
    # Bits, not branches: half of these comparisons would be predicted wrong.
    cdef bint b_wins = (rank[b] < rank[a]) | ((rank[b] == rank[a]) & (crowding[b] > crowding[a]))
    return b if b_wins else a
