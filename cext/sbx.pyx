"""Simulated binary crossover (SBX) within bounds."""

import numpy as np

from ._arguments import bounds, distribution_index, matrix, probability, vector

from _bounds cimport are_intervals
from _random cimport bitgen_of, bitgen_t
from _sbx cimport cross


def sbx(A, B, lower, upper, eta, prob, prob_var, bit_generator):
    """Cross row i of `A` with row i of `B`, for every i.

    A pair is crossed with probability `prob`, each of its variables with probability `prob_var`. A
    crossed variable gives two values that spread around the parents' as one-point crossover of
    binary strings would; the bounds bend the distribution so that it does not leave them. The two
    values go to either child with probability 1/2. Every other value is the parent's, to the bit.

    Parameters
    ----------
    A, B : (k, n_var) float64
        Parents, inside the bounds.
    lower, upper : (n_var,) float64
        Bounds; where they are equal the variable is left alone.
    eta : float
        Distribution index, >= 0; the larger, the nearer the children stay to their parents.
    prob, prob_var : float
        Probability of crossing a pair, and a variable of a crossed pair.
    bit_generator : numpy.random.BitGenerator
        Draws a double per pair. For a crossed pair, a 64-bit word for every 64 variables if
        `prob_var` is 1/2, otherwise a double per variable; and a word for each variable that these
        choose.

    Returns
    -------
    children : (2 k, n_var) float64
        Those of pair i in rows 2 i (after `A`) and 2 i + 1 (after `B`).

    Raises
    ------
    ShapeError
        `A` and `B` differ in shape, or a bound is not (n_var,).
    ConfigurationError
        Bounds out of order or infinite, `eta` negative, or a probability outside [0, 1].

    Notes
    -----
    O(k n_var). Source: Deb, Agrawal (1995), "Simulated binary crossover for continuous search
    space"; the bounds: Deb, Sindhya, Okabe (2007), "Self-adaptive simulated binary crossover for
    real-parameter optimization". One number serves both children of a variable, as in Deb's code.
    """
    A = matrix(A, "A", np.float64)
    B = matrix(B, "B", np.float64, A.shape)
    cdef Py_ssize_t n_pairs = A.shape[0], n_var = A.shape[1]
    cdef const double[::1] low = vector(lower, "lower", np.float64, n_var)
    cdef const double[::1] high = vector(upper, "upper", np.float64, n_var)
    if not are_intervals(&low[0], &high[0], n_var):
        bounds(lower, upper, n_var)     # says which is none
    cdef double index = distribution_index(eta)
    cdef double cross_pair = probability(prob, "prob")
    cdef double cross_variable = probability(prob_var, "prob_var")
    children = np.empty((2 * n_pairs, n_var), dtype=np.float64)
    children[0::2] = A
    children[1::2] = B
    cdef double[:, ::1] child = children
    cdef bitgen_t *source = bitgen_of(bit_generator)
    with bit_generator.lock:
        with nogil:
            cross(
                &child[0, 0], n_pairs, n_var, &low[0], &high[0],
                index, cross_pair, cross_variable, source,
            )
    return children
