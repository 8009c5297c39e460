"""Short vectors at a third of NumPy's price: a generation takes several of them."""

from ._arguments import count

cimport numpy as cnp
from libc.stdint cimport int32_t, int64_t

from _arrays cimport new_vector

cnp.import_array()


def arange_int64(first, n):
    """``np.arange(first, first + n)``.

    Parameters
    ----------
    first : int
        The first of them.
    n : int
        How many.

    Returns
    -------
    vector : (n,) int64
        New, read-only.

    Raises
    ------
    ConfigurationError
        `n` is negative.
    OverflowError
        `first` has more than 64 bits.

    Notes
    -----
    O(n).
    """
    cdef Py_ssize_t size = n if n >= 0 else count(n, "n"), i
    cdef int64_t start = first
    cdef cnp.ndarray vector = new_vector(size, cnp.NPY_INT64)
    cdef int64_t *to = <int64_t *>cnp.PyArray_DATA(vector)
    for i in range(size):
        to[i] = start + i
    cnp.PyArray_CLEARFLAGS(vector, cnp.NPY_ARRAY_WRITEABLE)
    return vector


def full_float64(n, value):
    """``np.full(n, value)``.

    Parameters
    ----------
    n : int
        How many.
    value : float
        All of them.

    Returns
    -------
    vector : (n,) float64
        New, read-only.

    Raises
    ------
    ConfigurationError
        `n` is negative.
    OverflowError
        `value` is an int beyond all floats.

    Notes
    -----
    O(n).
    """
    cdef Py_ssize_t size = n if n >= 0 else count(n, "n"), i
    cdef double all_of_them = value
    cdef cnp.ndarray vector = new_vector(size, cnp.NPY_DOUBLE)
    cdef double *to = <double *>cnp.PyArray_DATA(vector)
    for i in range(size):
        to[i] = all_of_them
    cnp.PyArray_CLEARFLAGS(vector, cnp.NPY_ARRAY_WRITEABLE)
    return vector


def full_int32(n, value):
    """``np.full(n, value, np.int32)``.

    Parameters
    ----------
    n : int
        How many.
    value : int
        All of them.

    Returns
    -------
    vector : (n,) int32
        New, read-only.

    Raises
    ------
    ConfigurationError
        `n` is negative.
    OverflowError
        `value` has more than 32 bits.

    Notes
    -----
    O(n).
    """
    cdef Py_ssize_t size = n if n >= 0 else count(n, "n"), i
    cdef int32_t all_of_them = value
    cdef cnp.ndarray vector = new_vector(size, cnp.NPY_INT32)
    cdef int32_t *to = <int32_t *>cnp.PyArray_DATA(vector)
    for i in range(size):
        to[i] = all_of_them
    cnp.PyArray_CLEARFLAGS(vector, cnp.NPY_ARRAY_WRITEABLE)
    return vector
