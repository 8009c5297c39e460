"""Binary tournaments among contestants from permutations: what the kernels share."""

cimport numpy as cnp
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memset

from _arrays cimport is_plain
from _random cimport below, bitgen_t


cdef struct Tournaments:
    const int64_t *rank         # (n,): what decides if there is no F
    const double *crowding      # (n,)
    const double *F             # (n, n_obj) minimized, or NULL
    const double *violation     # (n,), of F; NULL once it is seen that nobody violates anything
    Py_ssize_t n, n_obj
    uint32_t *order             # (n,): of the contestants, each XOR its place, so that zeros are 0, 1, ...
    bint shuffled               # whether something else stands there
    Py_ssize_t met              # of this permutation
    bitgen_t *source


cdef inline bint read_tournaments(
    Tournaments *these, object rank, object crowding, object F, object violation
) noexcept:
    """Point at arrays as they come from a run; False if they have to be converted or refused."""
    if not (is_plain(rank, cnp.NPY_INT64, 1) and is_plain(crowding, cnp.NPY_DOUBLE, 1)):
        return False
    these.rank = <const int64_t *>cnp.PyArray_DATA(rank)
    these.crowding = <const double *>cnp.PyArray_DATA(crowding)
    these.n, these.n_obj = cnp.PyArray_DIM(rank, 0), 0
    these.F = these.violation = NULL
    if not 0 < these.n < <Py_ssize_t>1 << 32 or cnp.PyArray_DIM(crowding, 0) != these.n:
        return False
    if F is None:
        return violation is None
    if not (is_plain(F, cnp.NPY_DOUBLE, 2) and is_plain(violation, cnp.NPY_DOUBLE, 1)):
        return False
    these.F = <const double *>cnp.PyArray_DATA(F)
    these.violation = <const double *>cnp.PyArray_DATA(violation)
    these.n_obj = cnp.PyArray_DIM(F, 1)
    return cnp.PyArray_DIM(F, 0) == cnp.PyArray_DIM(violation, 0) == these.n


cdef inline void open_tournaments(
    Tournaments *these, uint32_t *zeros, bitgen_t *source
) noexcept nogil:
    """Nobody has met; ``zeros`` (n,) is memory for the order."""
    cdef Py_ssize_t i
    cdef bint feasible = True
    these.order, these.source = zeros, source
    these.shuffled, these.met = False, 0
    if these.violation != NULL:
        for i in range(these.n):
            feasible &= not (these.violation[i] > 0.0)
        if feasible:    # then no comparison looks it up at two random places
            these.violation = NULL


cdef inline void start_again(Tournaments *these) noexcept nogil:
    """The contestants stand in order, as at the beginning of a call."""
    if these.shuffled:
        memset(these.order, 0, these.n * sizeof(uint32_t))
    these.shuffled, these.met = False, 0


cdef inline Py_ssize_t winner(Tournaments *these) noexcept nogil:
    """The better of the next two contestants of the permutation, in [0, n).

    A permutation is drawn while it is used (Fisher, Yates), and followed by another when less than
    two are left. One contestant wins without a draw.
    """
    cdef Py_ssize_t a, b
    if these.n == 1:
        return 0
    if these.n - these.met < 2:
        these.met = 0
    a = _next(these)
    b = _next(these)
    return b if _second_wins(these, a, b) else a


cdef inline Py_ssize_t _next(Tournaments *these) noexcept nogil:
    """One that has not met anybody, at random."""
    cdef Py_ssize_t place = these.met
    cdef Py_ssize_t other = place + <Py_ssize_t>below(these.source, these.n - place)
    cdef uint32_t first = these.order[place] ^ <uint32_t>place
    cdef uint32_t drawn = these.order[other] ^ <uint32_t>other
    these.order[other] = first ^ <uint32_t>other
    these.order[place] = drawn ^ <uint32_t>place
    these.shuffled, these.met = True, place + 1
    return drawn


cdef inline bint _second_wins(
    const Tournaments *these, Py_ssize_t a, Py_ssize_t b
) noexcept nogil:
    """Whether b dominates a or is, where neither dominates, less crowded.

    Of equals the first wins, which is a fair coin: either order is as likely.

    Source: Deb, Pratap, Agarwal, Meyarivan (2002), "A fast and elitist multiobjective genetic
    algorithm: NSGA-II", section VI.A, constrained dominance, in the place of ranks as in their code.
    """
    # Bits, not branches: half of these comparisons would be predicted wrong.
    cdef bint a_less = 0, b_less = 0    # in some objective
    cdef double x = 0.0, y = 0.0
    cdef const double *p
    cdef const double *q
    cdef Py_ssize_t j
    if these.F == NULL:
        a_less, b_less = these.rank[a] < these.rank[b], these.rank[b] < these.rank[a]
    else:
        if these.violation != NULL:
            x, y = these.violation[a], these.violation[b]
        if (x > 0.0) | (y > 0.0):
            a_less, b_less = x < y, y < x
        else:
            p, q = these.F + a * these.n_obj, these.F + b * these.n_obj
            for j in range(these.n_obj):
                a_less |= p[j] < q[j]
                b_less |= q[j] < p[j]
    return (b_less & (not a_less)) | (
        (a_less == b_less) & (these.crowding[b] > these.crowding[a])
    )
