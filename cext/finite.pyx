"""Whether all values of some arrays are finite."""

import numpy as np

from ._arguments import matrix

cimport numpy as cnp

from _arrays cimport is_plain

cnp.import_array()


def all_finite(*arrays):
    """Look for NaN and infinity.

    Parameters
    ----------
    *arrays : (n, m) float64
        Any values.

    Returns
    -------
    finite : bool
        True if there is neither.

    Raises
    ------
    ShapeError
        One of them is not two-dimensional.

    Notes
    -----
    O(n m). Nothing is allocated: NumPy takes two passes and a mask for it.
    """
    cdef double wrong = 0.0
    for values in arrays:
        if not is_plain(values, cnp.NPY_DOUBLE, 2):
            values = matrix(values, "F", np.float64)
        wrong += _wrong(<const double *>cnp.PyArray_DATA(values), cnp.PyArray_SIZE(values))
    return wrong == 0.0


cdef double _wrong(const double *x, Py_ssize_t n) noexcept:
    """0, or NaN, which stays."""
    cdef double wrong = 0.0
    cdef Py_ssize_t i
    with nogil:
        for i in range(n):
            wrong += x[i] - x[i]
    return wrong
