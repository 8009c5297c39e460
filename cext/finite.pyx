"""Whether all values of an array are finite."""

import numpy as np

from ._arguments import matrix


def all_finite(F):
    """Look for NaN and infinity.

    Parameters
    ----------
    F : (n, m) float64
        Any values.

    Returns
    -------
    finite : bool
        True if there is neither.

    Raises
    ------
    ShapeError
        `F` is not two-dimensional.

    Notes
    -----
    O(n m). Nothing is allocated: NumPy takes two passes and a mask for it.
    """
    cdef const double[:, ::1] values
    try:
        values = F
    except (TypeError, ValueError):     # not as it is: convert it, or say what is wrong
        values = matrix(F, "F", np.float64)
    cdef Py_ssize_t i, n = values.shape[0] * values.shape[1]
    if n == 0:
        return True
    cdef const double *x = &values[0, 0]
    cdef double wrong = 0.0
    with nogil:
        for i in range(n):
            wrong += x[i] - x[i]    # 0, or NaN, which stays
    return wrong == 0.0
