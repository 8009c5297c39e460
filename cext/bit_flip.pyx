"""Children of bit strings: the winners of tournaments with some bits flipped, as one call."""

import numpy as np

from ._arguments import contestants, count, matrix, probability, vector

cimport numpy as cnp
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from _arrays cimport is_plain, new_matrix
from _distinct cimport breed_children
from _bit_flip cimport flip
from _random cimport bitgen_of, bitgen_t
from _tournament cimport Tournaments, open_tournaments, read_tournaments, start_again, winner


cdef struct Mating:
    const uint8_t *X                # (n, n_var)
    Tournaments tournaments         # among n
    Py_ssize_t n, n_var
    double prob
    bitgen_t *source


cnp.import_array()


def bit_children(X, rank, crowding, k, prob, bit_generator, redraws=None, ids=None, F=None, violation=None):
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
    redraws : int or None
        How often children that equal a row of `X` or one another are drawn again. Those that still
        do are left out. None takes them as they come.
    ids : (n,) int64 or None
        What parents are called instead of by their rows.
    F, violation : (n, n_obj) float64, (n,) float64, or both None
        What decides tournaments before crowding, instead of `rank`.

    Returns
    -------
    children : (k, n_var) bool
        Fewer, if some are left out.
    rows : (k, 2) int64
        The parent of each child, and -1.

    Raises
    ------
    ShapeError
        `X` is not a two-dimensional array of bool, it has no rows, or an array does not fit it.
    ConfigurationError
        `k` or `redraws` is negative, or `prob` outside [0, 1].

    Notes
    -----
    A copy, and O(n + k + flips): the gaps between flips are drawn, not each bit's fate.

    Source: the operator: Mühlenbein (1992), "How genetic algorithms really work: mutation and
    hillclimbing"; the gaps: Jansen, Zarges (2011), "Analysis of evolutionary algorithms: from
    computational complexity analysis to algorithm engineering".
    """
    cdef Mating mating
    cdef Py_ssize_t n_children, n_redraws
    cdef const int64_t *id = NULL
    cdef bint fits = (
        is_plain(X, cnp.NPY_BOOL, 2)
        and read_tournaments(&mating.tournaments, rank, crowding, F, violation)
    )
    if fits:    # as all of it comes from a run; checks by Python cost more than a small call
        mating.n, mating.n_var = cnp.PyArray_DIM(X, 0), cnp.PyArray_DIM(X, 1)
        mating.X = <const uint8_t *>cnp.PyArray_DATA(X)
        mating.prob = prob
        n_children, n_redraws = k, -1 if redraws is None else redraws
        fits = (
            (ids is None or (is_plain(ids, cnp.NPY_INT64, 1) and len(ids) == mating.n))
            and mating.tournaments.n == mating.n and n_children >= 0
            and (redraws is None or n_redraws >= 0)
            and 0.0 <= mating.prob <= 1.0
        )
    if not fits:
        X = matrix(X, "X", np.bool_)
        rank, crowding, F, violation = contestants(rank, crowding, F, violation, X)
        return bit_children(
            X, rank, crowding, count(k, "k"), probability(prob, "prob"), bit_generator,
            None if redraws is None else count(redraws, "redraws"),
            None if ids is None else vector(ids, "ids", np.int64, len(X)),
            F, violation,
        )
    cdef cnp.ndarray children = new_matrix(n_children, mating.n_var, cnp.NPY_BOOL)
    cdef cnp.ndarray rows = new_matrix(n_children, 2, cnp.NPY_INT64)
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
                _breed, &mating, <const char *>mating.X, mating.n, mating.n_var, False,
                child, row, n_children, n_redraws, id,
            )
    free(order)
    if n_children < 0:
        raise MemoryError
    if n_children == k:
        return children, rows
    return children[:n_children], rows[:n_children]


cdef void _breed(
    const void *how, char *children, int64_t *couples, Py_ssize_t k
) noexcept nogil:
    cdef Mating *mating = <Mating *>how
    cdef Py_ssize_t i
    start_again(&mating.tournaments)
    for i in range(k):
        couples[2 * i] = winner(&mating.tournaments)
        couples[2 * i + 1] = -1
        memcpy(
            children + i * mating.n_var, mating.X + couples[2 * i] * mating.n_var, mating.n_var
        )
    flip(<uint8_t *>children, k * mating.n_var, mating.prob, mating.source)
