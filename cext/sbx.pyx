"""Simulated binary crossover (SBX) within bounds."""

import numpy as np

from ._arguments import bounds, distribution_index, matrix, probability

from libc.math cimport pow

from _clip cimport clip, positive_part
from _random cimport bitgen_of, bitgen_t, uniform

# Nearer than this two parents' values are taken for equal (the constant of Deb's NSGA-II code).
cdef double APART = 1e-14


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
        Draws a double per pair, one per variable of a crossed pair, two per crossed variable.

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
    real-parameter optimization". One draw serves both children of a variable, as in Deb's code.
    """
    A = matrix(A, "A", np.float64)
    B = matrix(B, "B", np.float64, A.shape)
    cdef const double[:, ::1] first = A, second = B
    cdef Py_ssize_t n_pairs = first.shape[0], n_var = first.shape[1], i, j
    low_bounds, high_bounds = bounds(lower, upper, n_var)
    cdef const double[::1] low = low_bounds, high = high_bounds
    cdef double power = distribution_index(eta) + 1.0
    cdef double cross_pair = probability(prob, "prob")
    cdef double cross_variable = probability(prob_var, "prob_var")
    result = np.empty((2 * n_pairs, n_var), dtype=np.float64)
    result[0::2] = A
    result[1::2] = B
    cdef double[:, ::1] child = result
    cdef double near, far, u, below_near, above_far
    cdef bitgen_t *source = bitgen_of(bit_generator)
    with bit_generator.lock:
        with nogil:
            for i in range(n_pairs):
                if uniform(source) >= cross_pair:
                    continue
                for j in range(n_var):
                    if uniform(source) >= cross_variable:
                        continue
                    near, far = first[i, j], second[i, j]
                    if near > far:
                        near, far = far, near
                    if far - near <= APART or low[j] == high[j]:
                        continue
                    u = uniform(source)
                    below_near = 0.5 * (
                        (near + far) - _spread(u, near - low[j], far - near, power) * (far - near)
                    )
                    above_far = 0.5 * (
                        (near + far) + _spread(u, high[j] - far, far - near, power) * (far - near)
                    )
                    below_near = clip(below_near, low[j], high[j])
                    above_far = clip(above_far, low[j], high[j])
                    if uniform(source) < 0.5:
                        child[2 * i, j] = above_far
                        child[2 * i + 1, j] = below_near
                    else:
                        child[2 * i, j] = below_near
                        child[2 * i + 1, j] = above_far
    return result


cdef inline double _spread(double u, double room, double gap, double power) noexcept nogil:
    """The spread factor beta_q: children's distance over parents', at quantile u.

    room is the distance from the outer parent to its bound, gap that between the parents.
    """
    # Parents that rounding put outside have no room, rather than a negative power of a negative.
    cdef double beta = 1.0 + 2.0 * positive_part(room) / gap
    cdef double alpha = 2.0 - pow(beta, -power)
    if u * alpha <= 1.0:
        return pow(u * alpha, 1.0 / power)                  # contracting: beta_q <= 1
    return pow(1.0 / (2.0 - u * alpha), 1.0 / power)        # expanding, up to beta at u = 1
