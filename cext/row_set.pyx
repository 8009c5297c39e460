"""A set of rows of matrices, by what they hold: which rows repeat others?

The matrices are kept alive and must not change. ``_row_table.pxd`` has the table.
"""

import numpy as np

from ..errors import ShapeError
from ._arguments import check_dtype

cimport numpy as cnp
from libc.stdint cimport int64_t

from _arrays cimport new_vector
from _row_table cimport RowTable, close_table, insert_rows, open_table, reserve

cnp.import_array()


cdef class RowSet:
    """Rows of n_var values of one dtype; of floats the two zeros are equal.

    Parameters
    ----------
    n_var : int
        Length of a row.
    dtype : numpy dtype
        Of its values: float64, or one whose equal values have equal bytes (bool, integers).
    n : int
        How many rows are to be expected.

    Notes
    -----
    O(n_var) for each row added.
    """

    cdef RowTable table
    cdef Py_ssize_t n_var
    cdef object dtype
    cdef list kept              # the matrices that the table points into

    def __cinit__(self, n_var, dtype, n=8):
        self.dtype = check_dtype(dtype)
        self.n_var = n_var
        self.kept = []
        if not open_table(
            &self.table, n, n_var * self.dtype.itemsize, self.dtype.kind == "f"
        ):
            raise MemoryError

    def __dealloc__(self):
        close_table(&self.table)

    def __len__(self):
        """How many different rows there are."""
        return self.table.held

    def add(self, X):
        """Add the rows of `X`; return those that were in the set already, or are earlier in `X`.

        Parameters
        ----------
        X : (n, n_var)
            Of the set's dtype. Rows that are not returned must not change while the set is used.

        Returns
        -------
        rows : (k,) int64
            Ascending row numbers.

        Raises
        ------
        ShapeError
            `X` has another width or dtype.
        """
        if type(X) is not np.ndarray or not X.flags.c_contiguous:
            X = np.ascontiguousarray(X)
        if X.ndim != 2 or X.shape[1] != self.n_var or X.dtype != self.dtype:
            raise ShapeError(
                f"X must be (n, {self.n_var}) {self.dtype}; got {X.shape} {X.dtype}"
            )
        cdef Py_ssize_t n = X.shape[0], k
        cdef cnp.ndarray rows = new_vector(n, cnp.NPY_INT64)
        cdef int64_t *repeated = <int64_t *>cnp.PyArray_DATA(rows)
        cdef const char *first = <const char *>cnp.PyArray_DATA(X)
        if not reserve(&self.table, self.table.held + n):
            raise MemoryError
        self.kept.append(X)
        with nogil:
            k = insert_rows(&self.table, first, n, repeated)
        return rows[:k]
