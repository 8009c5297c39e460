"""Polynomial mutation within bounds."""

import numpy as np

from ._arguments import bounds, distribution_index, matrix, probability

from libc.math cimport log1p, pow

from _clip cimport clip, positive_part
from _random cimport bitgen_of, bitgen_t, failures, uniform


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
        Draws a double for each gap between mutations and one for each mutation.

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
    cdef Py_ssize_t n = X.shape[0], n_var = X.shape[1], j
    low_bounds, high_bounds = bounds(lower, upper, n_var)
    cdef const double[::1] low = low_bounds, high = high_bounds
    cdef double power = distribution_index(eta) + 1.0
    cdef double mutate = probability(prob, "prob")
    result = X.copy()
    if mutate == 0.0 or result.size == 0:
        return result
    cdef double[::1] x = result.reshape(-1)
    cdef Py_ssize_t position = 0, size = x.shape[0]
    cdef double log_miss = log1p(-mutate), gap, step
    cdef bitgen_t *source = bitgen_of(bit_generator)
    with bit_generator.lock:
        with nogil:
            while position < size:
                gap = failures(source, log_miss)
                if gap >= size - position:
                    break       # compared as a double: it may exceed every integer
                position += <Py_ssize_t>gap
                j = position % n_var
                if low[j] < high[j]:
                    step = _step(uniform(source), x[position], low[j], high[j], power)
                    x[position] = clip(x[position] + step, low[j], high[j])
                position += 1
    return result


cdef inline double _step(double u, double x, double low, double high, double power) noexcept nogil:
    """The change of x at quantile u: delta_q (high - low)."""
    cdef double span = high - low
    cdef double room, share
    # A value that rounding put outside has no room, rather than the power of a negative.
    if u < 0.5:
        room = positive_part(1.0 - (x - low) / span)        # 1 - delta_1
        share = 2.0 * u + (1.0 - 2.0 * u) * pow(room, power)
        return (pow(share, 1.0 / power) - 1.0) * span
    room = positive_part(1.0 - (high - x) / span)           # 1 - delta_2
    share = 2.0 * (1.0 - u) + 2.0 * (u - 0.5) * pow(room, power)
    return (1.0 - pow(share, 1.0 / power)) * span
