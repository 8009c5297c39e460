"""Children of pairs of bit strings: uniform crossover and bit-flips, as one call."""

import numpy as np

from ._arguments import contestants, count, matrix, probability, vector

cimport numpy as cnp
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from _arrays cimport is_plain, new_matrix
from _bit_flip cimport flip
from _distinct cimport breed_children
from _exchange cimport exchange
from _random cimport bitgen_of, bitgen_t
from _tournament cimport Tournaments, open_tournaments, read_tournaments, start_again, winner


cdef struct Mating:
    const uint8_t *X                # (n, n_var)
    Tournaments tournaments         # among n
    Py_ssize_t n, n_var
    double prob, prob_var, prob_flip
    bitgen_t *source


cnp.import_array()


def crossed_bits(
    X, rank, crowding, k, prob, prob_var, prob_flip, bit_generator,
    redraws=None, ids=None, F=None, violation=None,
):
    """Select parents by tournaments, exchange bits of pairs and flip some of their children's.

    If `k` is odd the last pair has one child only.

    Parameters
    ----------
    X : (n, n_var) bool
        Bit strings, one per row.
    rank, crowding : (n,) int64, (n,) float64
        What decides tournaments, as in ``binary_tournament``.
    k : int
        Number of children.
    prob, prob_var : float
        Probability of crossing a pair, and that a bit of a crossed pair changes places with the
        other's.
    prob_flip : float
        Probability of flipping a bit; 1 / n_var is the usual choice.
    bit_generator : numpy.random.BitGenerator
        Draws what ``binary_tournament`` draws; a double per pair; for a crossed pair a 64-bit word
        for every 64 bits if `prob_var` is 1/2, otherwise a double per bit; and a word per flip and
        one more, none of these if `prob_flip` is 0.
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
        Those of pair i in rows 2 i and 2 i + 1, but for those drawn again. Fewer, if some are left
        out.
    rows : (k, 2) int64
        Both parents of each child.

    Raises
    ------
    ShapeError
        `X` is not a two-dimensional array of bool, it has no rows, or an array does not fit it.
    ConfigurationError
        `k` or `redraws` is negative, or a probability outside [0, 1].

    Notes
    -----
    O(n + k n_var). Source: the crossover: Syswerda (1989), "Uniform crossover in genetic
    algorithms"; the flips: see ``bit_children``.
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
        mating.prob, mating.prob_var, mating.prob_flip = prob, prob_var, prob_flip
        n_children, n_redraws = k, -1 if redraws is None else redraws
        fits = (
            (ids is None or (is_plain(ids, cnp.NPY_INT64, 1) and len(ids) == mating.n))
            and mating.tournaments.n == mating.n and n_children >= 0
            and (redraws is None or n_redraws >= 0)
            and 0.0 <= mating.prob <= 1.0 and 0.0 <= mating.prob_var <= 1.0
            and 0.0 <= mating.prob_flip <= 1.0
        )
    if not fits:
        X = matrix(X, "X", np.bool_)
        rank, crowding, F, violation = contestants(rank, crowding, F, violation, X)
        return crossed_bits(
            X, rank, crowding, count(k, "k"), probability(prob, "prob"),
            probability(prob_var, "prob_var"), probability(prob_flip, "prob_flip"), bit_generator,
            None if redraws is None else count(redraws, "redraws"),
            None if ids is None else vector(ids, "ids", np.int64, len(X)),
            F, violation,
        )
    cdef Py_ssize_t room = n_children + (n_children & 1)    # of the last pair both are made
    cdef cnp.ndarray children = new_matrix(room, mating.n_var, cnp.NPY_BOOL)
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
                _breed, &mating, <const char *>mating.X, mating.n, mating.n_var, False,
                child, row, n_children, n_redraws, id,
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
    cdef Mating *mating = <Mating *>how
    cdef int64_t *row       # of a pair: its parents, twice
    cdef Py_ssize_t n_var = mating.n_var, i, pairs = (k + 1) // 2
    start_again(&mating.tournaments)
    for i in range(pairs):
        row = couples + 4 * i
        row[0] = row[2] = winner(&mating.tournaments)
        row[1] = row[3] = winner(&mating.tournaments)
    for i in range(2 * pairs):
        memcpy(children + i * n_var, mating.X + couples[2 * i + (i & 1)] * n_var, n_var)
    exchange(
        <uint8_t *>children, pairs, n_var, mating.prob, mating.prob_var, mating.source
    )
    flip(<uint8_t *>children, k * n_var, mating.prob_flip, mating.source)
