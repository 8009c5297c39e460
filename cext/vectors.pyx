"""Short vectors without the price of NumPy's dispatch: a generation takes several of them."""

from ._arguments import count

cimport numpy as cnp
from libc.stdint cimport int32_t, int64_t

from _arrays cimport new_vector

ctypedef fused Number:
    double
    int32_t


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
    cdef Py_ssize_t i
    cdef int64_t start = first
    cdef cnp.ndarray vector = _read_only(n, cnp.NPY_INT64)
    cdef int64_t *to = <int64_t *>cnp.PyArray_DATA(vector)
    for i in range(cnp.PyArray_DIM(vector, 0)):
        to[i] = start + i
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
    return _full[double](n, value, cnp.NPY_DOUBLE)


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
    return _full[int32_t](n, value, cnp.NPY_INT32)


cdef cnp.ndarray _full(object n, Number value, int dtype):
    cdef Py_ssize_t i
    cdef cnp.ndarray vector = _read_only(n, dtype)
    cdef Number *to = <Number *>cnp.PyArray_DATA(vector)
    for i in range(cnp.PyArray_DIM(vector, 0)):
        to[i] = value
    return vector


cdef cnp.ndarray _read_only(object n, int dtype):
    """A new vector, which only this module will write."""
    cdef cnp.ndarray vector = new_vector(n if n >= 0 else count(n, "n"), dtype)
    cnp.PyArray_CLEARFLAGS(vector, cnp.NPY_ARRAY_WRITEABLE)
    return vector
