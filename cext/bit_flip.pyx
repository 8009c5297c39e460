"""Standard bit mutation."""

import numpy as np

from ._arguments import matrix, probability

from libc.math cimport log1p
from libc.stdint cimport uint8_t

from _random cimport bitgen_of, bitgen_t, failures


def bit_flip(X, prob, bit_generator):
    """Flip each bit independently with probability `prob`.

    Parameters
    ----------
    X : (n, n_var) bool
        Bit strings, one per row.
    prob : float
        Probability of flipping a bit; 1 / n_var is the usual choice.
    bit_generator : numpy.random.BitGenerator
        Draws one double per flip and one more; none if `prob` is 0.

    Returns
    -------
    flipped : (n, n_var) bool
        A new array.

    Raises
    ------
    ShapeError
        `X` is not a two-dimensional array of bool.
    ConfigurationError
        `prob` is outside [0, 1].

    Notes
    -----
    A copy, and O(1 + flips): the gaps between flips are drawn, not each bit's fate.

    Source: the operator: Mühlenbein (1992), "How genetic algorithms really work: mutation and
    hillclimbing"; the gaps: Jansen, Zarges (2011), "Analysis of evolutionary algorithms: from
    computational complexity analysis to algorithm engineering".
    """
    cdef double flip = probability(prob, "prob")
    result = matrix(X, "X", np.bool_).copy()
    if flip == 0.0:
        return result
    cdef uint8_t[::1] bits = result.reshape(-1).view(np.uint8)
    cdef Py_ssize_t position = 0, size = bits.shape[0]
    cdef double log_miss = log1p(-flip), gap
    cdef bitgen_t *source = bitgen_of(bit_generator)
    with bit_generator.lock:
        with nogil:
            while position < size:
                gap = failures(source, log_miss)
                if gap >= size - position:
                    break       # compared as a double: it may exceed every integer
                position += <Py_ssize_t>gap
                bits[position] ^= 1
                position += 1
    return result
