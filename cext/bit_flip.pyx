"""Children of bit strings: the winners of tournaments with some bits flipped, as one call."""

import numpy as np

from ..errors import ShapeError
from ._arguments import count, matrix, probability, vector

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy

from _random cimport bitgen_of, bitgen_t, failure_scale, failures
from _tournament cimport winner

BOOL, BYTE = np.dtype(np.bool_), np.dtype(np.uint8)


def bit_children(X, rank, crowding, k, prob, bit_generator):
    """Select `k` parents by tournaments and flip each of their bits with probability `prob`.

    Parameters
    ----------
    X : (n, n_var) bool
        Bit strings, one per row.
    rank, crowding : (n,) int64, (n,) float64
        What decides tournaments, as in ``binary_tournament``.
    k : int
        Number of children.
    prob : float
        Probability of flipping a bit; 1 / n_var is the usual choice.
    bit_generator : numpy.random.BitGenerator
        Draws what ``binary_tournament`` draws, then a 64-bit word per flip and one more; none of
        these if `prob` is 0.

    Returns
    -------
    children : (k, n_var) bool
    rows : (k, 2) int64
        The parent of each child, and -1.

    Raises
    ------
    ShapeError
        `X` is not a two-dimensional array of bool, it has no rows, or an array does not fit it.
    ConfigurationError
        `k` is negative or `prob` outside [0, 1].

    Notes
    -----
    A copy, and O(k + flips): the gaps between flips are drawn, not each bit's fate.

    Source: the operator: Mühlenbein (1992), "How genetic algorithms really work: mutation and
    hillclimbing"; the gaps: Jansen, Zarges (2011), "Analysis of evolutionary algorithms: from
    computational complexity analysis to algorithm engineering".
    """
    cdef const uint8_t[:, ::1] parents
    cdef const int64_t[::1] ranks
    cdef const double[::1] distances
    cdef double flip
    cdef Py_ssize_t n, n_var, n_children
    cdef bint fits
    # As all of it comes from a run: taken as it is. Checks by Python cost more than a small call.
    try:
        fits = X.dtype == BOOL
        parents, ranks, distances = X.view(BYTE), rank, crowding
        flip, n_children = prob, k
        n, n_var = parents.shape[0], parents.shape[1]
        fits = (
            fits and 0 < n < <Py_ssize_t>1 << 32 and n_children >= 0 and 0.0 <= flip <= 1.0
            and ranks.shape[0] == n and distances.shape[0] == n
        )
    except (AttributeError, TypeError, ValueError):
        fits = False
    if not fits:
        return bit_children(*_checked(X, rank, crowding, k, prob), bit_generator)
    children = np.empty((n_children, n_var), BOOL)
    rows = np.empty((n_children, 2), np.int64)
    cdef uint8_t[:, ::1] child = children.view(BYTE)
    cdef int64_t[:, ::1] row = rows
    cdef Py_ssize_t i
    cdef bitgen_t *source = bitgen_of(bit_generator)
    with bit_generator.lock:
        with nogil:
            for i in range(n_children):
                row[i, 0] = winner(&ranks[0], &distances[0], n, source)
                row[i, 1] = -1
                memcpy(&child[i, 0], &parents[row[i, 0], 0], n_var)
            _flip(&child[0, 0], n_children * n_var, flip, source)
    return children, rows


cdef void _flip(uint8_t *bits, Py_ssize_t size, double prob, bitgen_t *source) noexcept nogil:
    cdef Py_ssize_t position = 0
    cdef double scale, gap
    if prob == 0.0:
        return
    scale = failure_scale(prob)
    while position < size:
        gap = failures(source, scale)
        if gap >= size - position:
            break       # compared as a double: it may exceed every integer
        position += <Py_ssize_t>gap
        bits[position] ^= 1
        position += 1


def _checked(X, rank, crowding, k, prob):
    """The arguments, converted without loss; raises where one of them is wrong."""
    X = matrix(X, "X", np.bool_)
    n = len(X)
    if not 0 < n < 1 << 32:
        raise ShapeError(f"X must have between 1 and 2**32 - 1 rows; got {n}")
    return (
        X, vector(rank, "rank", np.int64, n), vector(crowding, "crowding", np.float64, n),
        count(k, "k"), probability(prob, "prob"),
    )
