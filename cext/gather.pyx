"""Rows of two arrays as if one stood below the other, without putting them together first."""

import numpy as np

from ..errors import ShapeError
from ._arguments import vector

from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int64_t
from libc.string cimport memcpy


def gather(first, second, rows):
    """``np.concatenate([first, second])[rows]``.

    Parameters
    ----------
    first, second : (n, ...), (k, ...)
        Contiguous arrays of one dtype, of the same shape but for the first axis.
    rows : (r,) int64
        In [0, n + k).

    Returns
    -------
    gathered : (r, ...)
        A new array.

    Raises
    ------
    ShapeError
        The arrays do not fit each other, or a row is out of range.

    Notes
    -----
    O(r), beside the values.
    """
    if not (first.flags.c_contiguous and second.flags.c_contiguous):
        first, second = np.ascontiguousarray(first), np.ascontiguousarray(second)
    if first.dtype != second.dtype or first.shape[1:] != second.shape[1:]:
        raise ShapeError(
            f"first and second must differ in their number of rows alone; got {first.shape} "
            f"{first.dtype} and {second.shape} {second.dtype}"
        )
    cdef const int64_t[::1] wanted
    try:
        wanted = rows
    except (TypeError, ValueError):     # not as they are: convert them, or say what is wrong
        wanted = vector(rows, "rows", np.int64)
    cdef Py_ssize_t n = first.shape[0], k = second.shape[0], r = wanted.shape[0], p
    cdef Py_ssize_t width = 0, wrong = -1
    result = np.empty((r,) + first.shape[1:], dtype=first.dtype)
    if r == 0:
        return result
    width = result.nbytes // r
    cdef Py_buffer above, below, to
    PyObject_GetBuffer(first, &above, PyBUF_C_CONTIGUOUS)
    PyObject_GetBuffer(second, &below, PyBUF_C_CONTIGUOUS)
    PyObject_GetBuffer(result, &to, PyBUF_C_CONTIGUOUS)
    with nogil:
        for p in range(r):
            if not 0 <= wanted[p] < n + k:
                wrong = p
                break
            if wanted[p] < n:
                memcpy(<char *>to.buf + p * width, <char *>above.buf + wanted[p] * width, width)
            else:
                memcpy(
                    <char *>to.buf + p * width, <char *>below.buf + (wanted[p] - n) * width, width
                )
    PyBuffer_Release(&above)
    PyBuffer_Release(&below)
    PyBuffer_Release(&to)
    if wrong >= 0:
        raise ShapeError(f"rows must be from 0 to {n + k - 1}; row {wrong} is {wanted[wrong]}")
    return result
