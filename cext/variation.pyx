"""The children of a population of real vectors, as one call."""

import numpy as np

from ..errors import ShapeError
from ._arguments import bounds, count, distribution_index, matrix, probability, vector

from libc.math cimport INFINITY
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from _bounds cimport are_intervals
from _polynomial_mutation cimport mutate
from _random cimport bitgen_of, bitgen_t
from _sbx cimport cross
from _tournament cimport winner


cdef extern from "_prefetch.h":
    void paretide_prefetch(const void *start, size_t size) noexcept nogil

def real_children(
    X, rank, crowding, k, lower, upper,
    eta_crossover, prob, prob_var, eta_mutation, prob_mutation, bit_generator,
):
    """Select parents by tournaments, cross them in pairs and mutate their children.

    The same as ``binary_tournament``, ``sbx`` and ``polynomial_mutation`` one after the other for
    every 16 pairs, to the bit and to the draw, without what lies between them. If `k` is odd the
    last pair has one child only.

    Parameters
    ----------
    X : (n, n_var) float64
        Candidates, inside the bounds.
    rank, crowding : (n,) int64, (n,) float64
        What decides tournaments, as in ``binary_tournament``.
    k : int
        Number of children.
    lower, upper : (n_var,) float64
        Bounds; where they are equal the variable is left alone.
    eta_crossover, prob, prob_var : float
        As in ``sbx``.
    eta_mutation, prob_mutation : float
        As in ``polynomial_mutation``.
    bit_generator : numpy.random.BitGenerator
        Draws what the three draw.

    Returns
    -------
    children : (k, n_var) float64
        Those of pair i in rows 2 i and 2 i + 1.
    rows : (k, 2) int64
        Both parents of each child.

    Raises
    ------
    ShapeError
        `X` has no rows, or an array does not fit the others.
    ConfigurationError
        `k` or an eta is negative, bounds are out of order or infinite, or a probability is outside
        [0, 1].

    Notes
    -----
    O(k n_var); memory beside the result: a few blocks of 12 KiB. Source: as of the three.
    """
    cdef const double[:, ::1] parents
    cdef const int64_t[::1] ranks
    cdef const double[::1] distances, low, high
    cdef double wide, cross_pair, cross_variable, small, mutate_variable
    cdef Py_ssize_t n, n_var, n_children
    cdef bint fits
    # As all of it comes from a run: taken as it is. Checks by Python cost more than a small call.
    try:
        parents, ranks, distances, low, high = X, rank, crowding, lower, upper
        wide, cross_pair, cross_variable = eta_crossover, prob, prob_var
        small, mutate_variable, n_children = eta_mutation, prob_mutation, k
        n, n_var = parents.shape[0], parents.shape[1]
        fits = (
            0 < n < <Py_ssize_t>1 << 32 and n_children >= 0
            and ranks.shape[0] == n and distances.shape[0] == n
            and low.shape[0] == n_var and high.shape[0] == n_var
            and are_intervals(&low[0], &high[0], n_var)
            and 0.0 <= wide < INFINITY and 0.0 <= small < INFINITY
            and 0.0 <= cross_pair <= 1.0 and 0.0 <= cross_variable <= 1.0
            and 0.0 <= mutate_variable <= 1.0
        )
    except (TypeError, ValueError):
        fits = False
    if not fits:
        return real_children(
            *_checked(
                X, rank, crowding, k, lower, upper,
                eta_crossover, prob, prob_var, eta_mutation, prob_mutation,
            ),
            bit_generator,
        )
    cdef Py_ssize_t n_pairs = (n_children + 1) // 2
    children = np.empty((2 * n_pairs, n_var))
    rows = np.empty((2 * n_pairs, 2), np.int64)
    cdef double[:, ::1] child = children
    cdef int64_t[:, ::1] row = rows
    cdef Py_ssize_t i, start, stop, width = n_var * sizeof(double)
    cdef bitgen_t *source = bitgen_of(bit_generator)
    with bit_generator.lock:
        with nogil:
            for start in range(0, n_pairs, 16):     # all of it in the first cache
                stop = min(start + 16, n_pairs)
                for i in range(2 * start, 2 * stop, 2):
                    row[i, 0] = row[i + 1, 0] = winner(&ranks[0], &distances[0], n, source)
                    row[i, 1] = row[i + 1, 1] = winner(&ranks[0], &distances[0], n, source)
                    paretide_prefetch(&parents[row[i, 0], 0], width)
                    paretide_prefetch(&parents[row[i, 1], 0], width)
                for i in range(2 * start, 2 * stop):
                    memcpy(&child[i, 0], &parents[row[i, i & 1], 0], width)
                cross(
                    &child[2 * start, 0], stop - start, n_var, &low[0], &high[0],
                    wide, cross_pair, cross_variable, source,
                )
                mutate(
                    &child[2 * start, 0], min(2 * stop, n_children) - 2 * start, n_var,
                    &low[0], &high[0], small, mutate_variable, source,
                )
    if n_children & 1:
        return children[:n_children], rows[:n_children]
    return children, rows


def _checked(
    X, rank, crowding, k, lower, upper, eta_crossover, prob, prob_var, eta_mutation, prob_mutation
):
    """The arguments, converted without loss; raises where one of them is wrong."""
    X = matrix(X, "X", np.float64)
    n, n_var = X.shape
    if not 0 < n < 1 << 32:
        raise ShapeError(f"X must have between 1 and 2**32 - 1 rows; got {n}")
    return (
        X, vector(rank, "rank", np.int64, n), vector(crowding, "crowding", np.float64, n),
        count(k, "k"), *bounds(lower, upper, n_var),
        distribution_index(eta_crossover), probability(prob, "prob"),
        probability(prob_var, "prob_var"),
        distribution_index(eta_mutation), probability(prob_mutation, "prob_mutation"),
    )
