"""Rows of two matrices as if one stood below the other, without putting them together first."""

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


cdef cnp.ndarray _gather(cnp.ndarray rows, cnp.ndarray first, cnp.ndarray second):
    cdef Py_ssize_t n, k, p, wrong = -1
    cdef Py_ssize_t n_rows = cnp.PyArray_DIM(rows, 0), width = cnp.PyArray_ITEMSIZE(first)
    cdef int j, n_dim = cnp.PyArray_NDIM(first), dtype = cnp.PyArray_TYPE(first)
    cdef cnp.npy_intp[32] shape
    cdef bint fits = (
        0 < n_dim <= 32 and cnp.PyArray_NDIM(second) == n_dim and cnp.PyArray_TYPE(second) == dtype
        and (cnp.PyArray_ISNUMBER(first) or cnp.PyArray_ISBOOL(first))
    )
    shape[0] = n_rows
    for j in range(1, n_dim if fits else 0):
        shape[j] = cnp.PyArray_DIM(first, j)
        width *= shape[j]
        fits = fits and cnp.PyArray_DIM(second, j) == shape[j]
    if not fits:
        raise ShapeError(
            "two arrays of numbers must differ in their number of rows alone; got "
            f"{np.shape(first)} {first.dtype} and {np.shape(second)} {second.dtype}"
        )
    n, k = cnp.PyArray_DIM(first, 0), cnp.PyArray_DIM(second, 0)
    cdef cnp.ndarray gathered = cnp.PyArray_SimpleNew(n_dim, shape, dtype)
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
