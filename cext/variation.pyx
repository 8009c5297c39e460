"""The children of a population of real vectors, as one call."""

import numpy as np

from ._arguments import bounds, contestants, count, distribution_index, matrix, probability, vector

cimport numpy as cnp
from libc.math cimport INFINITY
from libc.stdint cimport int64_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from _arrays cimport is_plain, new_matrix
from _bounds cimport are_intervals
from _distinct cimport breed_children
from _polynomial_mutation cimport mutate
from _random cimport bitgen_of, bitgen_t
from _sbx cimport cross
from _tournament cimport Tournaments, open_tournaments, read_tournaments, start_again, winner


cdef extern from "_prefetch.h":
    void paretide_prefetch(const void *start, size_t size) noexcept nogil


cdef struct Mating:
    const double *X                 # (n, n_var)
    Tournaments tournaments         # among n
    Py_ssize_t n, n_var
    const double *low               # (n_var,)
    const double *high              # (n_var,)
    double eta_crossover, prob, prob_var, eta_mutation, prob_mutation
    bitgen_t *source


cnp.import_array()


def real_children(
    X, rank, crowding, k, lower, upper,
    eta_crossover, prob, prob_var, eta_mutation, prob_mutation, bit_generator,
    redraws=None, ids=None, F=None, violation=None,
):
    """Select parents by tournaments, cross them in pairs and mutate their children.

    The same as ``binary_tournament``, ``sbx`` and ``polynomial_mutation`` one after the other for
    every 16 pairs, to the bit and to the draw, without what lies between them; the permutations of
    the tournaments go on from 16 to 16. If `k` is odd the last pair has one child only.

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
    redraws : int or None
        How often children that equal a row of `X` or one another are drawn again. Those that still
        do are left out. None takes them as they come.
    ids : (n,) int64 or None
        What parents are called instead of by their rows.
    F, violation : (n, n_obj) float64, (n,) float64, or both None
        What decides tournaments before crowding, instead of `rank`.

    Returns
    -------
    children : (k, n_var) float64
        Those of pair i in rows 2 i and 2 i + 1, but for those drawn again. Fewer, if some are left
        out.
    rows : (k, 2) int64
        Both parents of each child.

    Raises
    ------
    ShapeError
        `X` has no rows, or an array does not fit the others.
    ConfigurationError
        `k`, `redraws` or an eta is negative, bounds are out of order or infinite, or a probability
        is outside [0, 1].

    Notes
    -----
    O(n + k n_var), and O(n n_var) with `redraws`; memory beside the result: a few blocks of 12 KiB, with
    `redraws` a table of both (``_row_table.pxd``) and the children once more. Source: as of the three.
    """
    cdef Mating mating
    cdef Py_ssize_t n_children, n_redraws
    cdef const int64_t *id = NULL
    cdef bint fits = (
        is_plain(X, cnp.NPY_DOUBLE, 2)
        and read_tournaments(&mating.tournaments, rank, crowding, F, violation)
        and is_plain(lower, cnp.NPY_DOUBLE, 1) and is_plain(upper, cnp.NPY_DOUBLE, 1)
    )
    if fits:    # as all of it comes from a run; checks by Python cost more than a small call
        mating.n, mating.n_var = cnp.PyArray_DIM(X, 0), cnp.PyArray_DIM(X, 1)
        mating.X = <const double *>cnp.PyArray_DATA(X)
        mating.low = <const double *>cnp.PyArray_DATA(lower)
        mating.high = <const double *>cnp.PyArray_DATA(upper)
        mating.eta_crossover, mating.prob, mating.prob_var = eta_crossover, prob, prob_var
        mating.eta_mutation, mating.prob_mutation = eta_mutation, prob_mutation
        n_children, n_redraws = k, -1 if redraws is None else redraws
        fits = (
            (ids is None or (is_plain(ids, cnp.NPY_INT64, 1) and len(ids) == mating.n))
            and mating.tournaments.n == mating.n and n_children >= 0
            and (redraws is None or n_redraws >= 0)
            and cnp.PyArray_DIM(lower, 0) == cnp.PyArray_DIM(upper, 0) == mating.n_var
            and are_intervals(mating.low, mating.high, mating.n_var)
            and 0.0 <= mating.eta_crossover < INFINITY and 0.0 <= mating.eta_mutation < INFINITY
            and 0.0 <= mating.prob <= 1.0 and 0.0 <= mating.prob_var <= 1.0
            and 0.0 <= mating.prob_mutation <= 1.0
        )
    if not fits:
        X = matrix(X, "X", np.float64)
        rank, crowding, F, violation = contestants(rank, crowding, F, violation, X)
        return real_children(
            X, rank, crowding, count(k, "k"), *bounds(lower, upper, X.shape[1]),
            distribution_index(eta_crossover), probability(prob, "prob"),
            probability(prob_var, "prob_var"),
            distribution_index(eta_mutation), probability(prob_mutation, "prob_mutation"),
            bit_generator,
            None if redraws is None else count(redraws, "redraws"),
            None if ids is None else vector(ids, "ids", np.int64, len(X)),
            F, violation,
        )
    cdef Py_ssize_t room = n_children + (n_children & 1)    # of the last pair both are made
    cdef cnp.ndarray children = new_matrix(room, mating.n_var, cnp.NPY_DOUBLE)
    cdef cnp.ndarray rows = new_matrix(room, 2, cnp.NPY_INT64)
    cdef char *child = <char *>cnp.PyArray_DATA(children)
    cdef int64_t *row = <int64_t *>cnp.PyArray_DATA(rows)
    if ids is not None:
        id = <const int64_t *>cnp.PyArray_DATA(ids)
    mating.source = bitgen_of(bit_generator)
    cdef uint32_t *order = <uint32_t *>calloc(mating.n, sizeof(uint32_t))
    if order == NULL:
        raise MemoryError
    open_tournaments(&mating.tournaments, order, mating.source)
    with bit_generator.lock:
        with nogil:
            n_children = breed_children(
                _breed, &mating, <const char *>mating.X, mating.n,
                mating.n_var * sizeof(double), True, child, row, n_children, n_redraws, id,
            )
    free(order)
    if n_children < 0:
        raise MemoryError
    if n_children == room:
        return children, rows
    return children[:n_children], rows[:n_children]


cdef void _breed(
    const void *how, char *children, int64_t *couples, Py_ssize_t k
) noexcept nogil:
    """Pair after pair, 16 at a time, so that all of it stays in the first cache."""
    cdef Mating *mating = <Mating *>how
    cdef double *child = <double *>children
    cdef int64_t *row       # of a pair: its parents, twice
    cdef Py_ssize_t n_var = mating.n_var, width = n_var * sizeof(double), i, start, stop
    start_again(&mating.tournaments)
    for start in range(0, k, 32):
        stop = min(start + 32, k + (k & 1))
        for i in range(start, stop, 2):
            row = couples + 2 * i
            row[0] = row[2] = winner(&mating.tournaments)
            row[1] = row[3] = winner(&mating.tournaments)
            paretide_prefetch(mating.X + row[0] * n_var, width)
            paretide_prefetch(mating.X + row[1] * n_var, width)
        for i in range(start, stop):
            memcpy(child + i * n_var, mating.X + couples[2 * i + (i & 1)] * n_var, width)
        cross(
            child + start * n_var, (stop - start) // 2, n_var, mating.low, mating.high,
            mating.eta_crossover, mating.prob, mating.prob_var, mating.source,
        )
        mutate(
            child + start * n_var, min(stop, k) - start, n_var,
            mating.low, mating.high, mating.eta_mutation, mating.prob_mutation, mating.source,
        )
