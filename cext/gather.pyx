"""Rows of two matrices as if one stood below the other."""

import numpy as np

from ..errors import ShapeError
from ._arguments import vector

cimport numpy as cnp
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from _arrays cimport is_plain

cnp.import_array()


def gather(rows, *pairs):
    """``np.concatenate(pair)[rows]`` of several pairs of arrays.

    Parameters
    ----------
    rows : (r,) int64
        In [0, n + k).
    *pairs : ((n, ...), (k, ...))
        Arrays of one dtype, without objects, of the same shape but for the first axis. ``n`` and
        ``k`` are those of all pairs.

    Returns
    -------
    gathered : list of (r, ...)
        New arrays, read-only.

    Raises
    ------
    ShapeError
        The arrays do not fit each other, or a row is out of range.

    Notes
    -----
    O(r), beside the values.
    """
    if not is_plain(rows, cnp.NPY_INT64, 1):
        rows = vector(rows, "rows", np.int64)
    return [_gather(rows, _plain(first), _plain(second)) for first, second in pairs]


cdef cnp.ndarray _plain(object array):
    return array if cnp.PyArray_ISCARRAY_RO(array) else np.require(array, None, ["C", "A"])


def stack(first, second):
    """``np.concatenate((first, second))``, for small arrays without the price of its dispatch.

    Parameters
    ----------
    first, second : (n, ...), (k, ...)
        As in ``gather``.

    Returns
    -------
    both : (n + k, ...)
        A new array.

    Raises
    ------
    ShapeError
        The arrays do not fit each other.

    Notes
    -----
    O(n + k), beside the values.
    """
    cdef cnp.ndarray above = _plain(first), below = _plain(second)
    cdef Py_ssize_t width = _width(above, below), n = cnp.PyArray_DIM(above, 0) * width
    cdef cnp.ndarray both = _like(above, cnp.PyArray_DIM(above, 0) + cnp.PyArray_DIM(below, 0))
    cdef char *to = <char *>cnp.PyArray_DATA(both)
    memcpy(to, cnp.PyArray_DATA(above), n)
    memcpy(to + n, cnp.PyArray_DATA(below), cnp.PyArray_DIM(below, 0) * width)
    return both


cdef Py_ssize_t _width(cnp.ndarray first, cnp.ndarray second) except -1:
    """Bytes of a row; raises ShapeError where the rows of both are not alike."""
    cdef int j, n_dim = cnp.PyArray_NDIM(first), dtype = cnp.PyArray_TYPE(first)
    cdef Py_ssize_t width = cnp.PyArray_ITEMSIZE(first)
    cdef bint fits = (
        0 < n_dim <= 32 and cnp.PyArray_NDIM(second) == n_dim and cnp.PyArray_TYPE(second) == dtype
        and (cnp.PyArray_ISNUMBER(first) or cnp.PyArray_ISBOOL(first))
    )
    for j in range(1, n_dim if fits else 0):
        width *= cnp.PyArray_DIM(first, j)
        fits = fits and cnp.PyArray_DIM(second, j) == cnp.PyArray_DIM(first, j)
    if not fits:
        raise ShapeError(
            "two arrays of numbers must differ in their number of rows alone; got "
            f"{np.shape(first)} {first.dtype} and {np.shape(second)} {second.dtype}"
        )
    return width


cdef cnp.ndarray _like(cnp.ndarray array, cnp.npy_intp n):
    """A new array of so many rows."""
    cdef cnp.npy_intp[32] shape
    cdef int j, n_dim = cnp.PyArray_NDIM(array)
    shape[0] = n
    for j in range(1, n_dim):
        shape[j] = cnp.PyArray_DIM(array, j)
    return cnp.PyArray_SimpleNew(n_dim, shape, cnp.PyArray_TYPE(array))


cdef cnp.ndarray _gather(cnp.ndarray rows, cnp.ndarray first, cnp.ndarray second):
    cdef Py_ssize_t width = _width(first, second), p, wrong = -1
    cdef Py_ssize_t n = cnp.PyArray_DIM(first, 0), k = cnp.PyArray_DIM(second, 0)
    cdef Py_ssize_t n_rows = cnp.PyArray_DIM(rows, 0)
    cdef cnp.ndarray gathered = _like(first, n_rows)
    cdef const int64_t *row = <const int64_t *>cnp.PyArray_DATA(rows)
    cdef const char *above = <const char *>cnp.PyArray_DATA(first)
    cdef const char *below = <const char *>cnp.PyArray_DATA(second)
    cdef char *to = <char *>cnp.PyArray_DATA(gathered)
    with nogil:
        for p in range(n_rows):
            if not 0 <= row[p] < n + k:
                wrong = p
                break
            memcpy(
                to + p * width,
                above + row[p] * width if row[p] < n else below + (row[p] - n) * width,
                width,
            )
    if wrong >= 0:
        raise ShapeError(f"rows must be from 0 to {n + k - 1}; row {wrong} is {row[wrong]}")
    cnp.PyArray_CLEARFLAGS(gathered, cnp.NPY_ARRAY_WRITEABLE)
    return gathered
