"""Polynomial mutation within bounds."""

import numpy as np

from ._arguments import bounds, distribution_index, matrix, probability, vector

from _bounds cimport are_intervals
from _polynomial_mutation cimport mutate
from _random cimport bitgen_of, bitgen_t


def polynomial_mutation(X, lower, upper, eta, prob, bit_generator):
    """Mutate each variable of each row with probability `prob`.

    A mutated value moves by a fraction of its variable's range, polynomially distributed, which the
    bounds bend so that it does not leave them. Every other value stays the same to the bit.

    Parameters
    ----------
    X : (n, n_var) float64
        Candidates, inside the bounds.
    lower, upper : (n_var,) float64
        Bounds; where they are equal the variable is left alone.
    eta : float
        Distribution index, >= 0; the larger, the smaller the steps.
    prob : float
        Probability of mutating a variable.
    bit_generator : numpy.random.BitGenerator
        Draws a 64-bit word for each gap between mutations and one for each mutation.

    Returns
    -------
    mutated : (n, n_var) float64
        A new array.

    Raises
    ------
    ShapeError
        `X` is not two-dimensional, or a bound is not (n_var,).
    ConfigurationError
        Bounds out of order or infinite, `eta` negative, or `prob` outside [0, 1].

    Notes
    -----
    A copy, and O(1 + mutations): the gaps between mutations are drawn, not each variable's fate.

    Source: Deb, Goyal (1996), "A combined genetic adaptive search (GeneAS) for engineering design",
    in the form with a distance to either bound of Deb's NSGA-II code.
    """
    X = matrix(X, "X", np.float64)
    cdef Py_ssize_t n_var = X.shape[1]
    cdef const double[::1] low = vector(lower, "lower", np.float64, n_var)
    cdef const double[::1] high = vector(upper, "upper", np.float64, n_var)
    if not are_intervals(&low[0], &high[0], n_var):
        bounds(lower, upper, n_var)     # says which is none
    cdef double index = distribution_index(eta)
    cdef double mutate_variable = probability(prob, "prob")
    mutated = X.copy()
    cdef double[:, ::1] x = mutated
    cdef bitgen_t *source = bitgen_of(bit_generator)
    with bit_generator.lock:
        with nogil:
            mutate(
                &x[0, 0], x.shape[0], n_var, &low[0], &high[0],
                index, mutate_variable, source,
            )
    return mutated
