"""Binary tournament selection by constrained dominance, then crowding distance."""

import numpy as np

from ._arguments import contestants, count

cimport numpy as cnp
from libc.stdint cimport int64_t, uint32_t
from libc.stdlib cimport calloc, free

from _arrays cimport new_vector
from _random cimport bitgen_of, bitgen_t
from _tournament cimport Tournaments, open_tournaments, read_tournaments, winner


cnp.import_array()


def binary_tournament(rank, crowding, k, bit_generator, F=None, violation=None):
    """Select `k` winners, each of its own tournament between two distinct contestants.

    Contestants come from a permutation of everybody, two after two; when less than two are left,
    from another. So everybody meets somebody as often as everybody else. The one that dominates the
    other wins: feasible before infeasible, less violation before more, dominance among the
    feasible. Without `F` the one of lower rank. Where neither does, the larger crowding distance
    wins, then a fair coin: the one drawn first. A population of one wins and draws nothing.

    Parameters
    ----------
    rank : (n,) int64
        Ranks, lower is better; not looked at if there is `F`.
    crowding : (n,) float64
        Crowding distances, larger is better, inf allowed.
    k : int
        Number of tournaments.
    bit_generator : numpy.random.BitGenerator
        Draws two 64-bit integers a tournament, more in the rare case of a rejection.
    F : (n, n_obj) float64 or None
        Objectives, minimized, no NaN.
    violation : (n,) float64, or None without `F`
        Total constraint violation, 0 where feasible.

    Returns
    -------
    winners : (k,) int64
        Indices in [0, n).

    Raises
    ------
    ShapeError
        `rank` is empty or not a vector, another array is not as long, or only one of `F` and
        `violation` is given.
    ConfigurationError
        `k` is negative.

    Notes
    -----
    O(n + k n_obj). Source: Deb, Pratap, Agarwal, Meyarivan (2002), "A fast and elitist
    multiobjective genetic algorithm: NSGA-II", sections III.B and VI.A; permutations and dominance
    in the place of ranks: their code, and that of pymoo and DEAP.
    """
    cdef Tournaments these
    cdef Py_ssize_t n_winners = count(k, "k"), t
    if not read_tournaments(&these, rank, crowding, F, violation):
        rank, crowding, F, violation = contestants(rank, crowding, F, violation)
        return binary_tournament(rank, crowding, n_winners, bit_generator, F, violation)
    cdef cnp.ndarray result = new_vector(n_winners, cnp.NPY_INT64)
    cdef int64_t *winners = <int64_t *>cnp.PyArray_DATA(result)
    cdef bitgen_t *source = bitgen_of(bit_generator)
    cdef uint32_t *order = <uint32_t *>calloc(these.n, sizeof(uint32_t))
    if order == NULL:
        raise MemoryError
    open_tournaments(&these, order, source)
    with bit_generator.lock:
        with nogil:
            for t in range(n_winners):
                winners[t] = winner(&these)
    free(order)
    return result
