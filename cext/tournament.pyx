"""Binary tournament selection by rank, then crowding distance."""

import numpy as np

from ..errors import ShapeError
from ._arguments import count, vector

from libc.stdint cimport int64_t

from _random cimport bitgen_of, bitgen_t
from _tournament cimport winner


def binary_tournament(rank, crowding, k, bit_generator):
    """Select `k` winners, each of its own tournament between two distinct contestants.

    The lower rank wins, then the larger crowding distance, then a fair coin: the one drawn first. A
    population of one wins every tournament and draws nothing.

    Parameters
    ----------
    rank : (n,) int64
        Non-domination ranks, lower is better.
    crowding : (n,) float64
        Crowding distances, larger is better, inf allowed.
    k : int
        Number of tournaments.
    bit_generator : numpy.random.BitGenerator
        Draws two 64-bit integers a tournament, more in the rare case of a rejection.

    Returns
    -------
    winners : (k,) int64
        Indices in [0, n).

    Raises
    ------
    ShapeError
        `rank` is empty or not a vector, or `crowding` is not as long.
    ConfigurationError
        `k` is negative.

    Notes
    -----
    O(k). Source: Deb, Pratap, Agarwal, Meyarivan (2002), "A fast and elitist multiobjective genetic
    algorithm: NSGA-II", section III.B, the crowded-comparison operator.
    """
    cdef const int64_t[::1] ranks = vector(rank, "rank", np.int64)
    cdef Py_ssize_t n = ranks.shape[0], t
    cdef const double[::1] distances = vector(crowding, "crowding", np.float64, n)
    cdef Py_ssize_t n_winners = count(k, "k")
    if not 0 < n < 1 << 32:
        raise ShapeError(f"rank must have between 1 and 2**32 - 1 contestants; got {n}")
    result = np.empty(n_winners, dtype=np.int64)
    cdef int64_t[::1] winners = result
    cdef bitgen_t *source = bitgen_of(bit_generator)
    with bit_generator.lock:
        with nogil:
            for t in range(n_winners):
                winners[t] = winner(&ranks[0], &distances[0], n, source)
    return result
