"""A set of rows of matrices, by what they hold: which rows repeat others?

An open-addressed table of pointers into the matrices, which are kept alive and must not change. A
row is hashed once when it is added, so that n rows cost O(n n_var).
"""

import numpy as np

from ..errors import ShapeError
from ._arguments import check_dtype

from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

cdef uint64_t NEGATIVE_ZERO = <uint64_t>1 << 63
cdef uint64_t ODD = 0x9E3779B97F4A7C15      # 2**64 / golden ratio: spreads neighbouring words


cdef struct Entry:
    uint64_t hash
    const char *row     # NULL where the table is empty


cdef inline uint64_t mixed(uint64_t hash, uint64_t word) noexcept nogil:
    hash = (hash ^ word) * ODD
    return hash ^ (hash >> 32)


cdef inline uint64_t word_at(const char *at, bint floats) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, at, 8)
    return 0 if floats and word == NEGATIVE_ZERO else word


cdef uint64_t hash_of(const char *row, Py_ssize_t width, bint floats) noexcept nogil:
    """Four chains of multiplications, which a processor works on side by side."""
    cdef uint64_t a = width, b = 1, c = 2, d = 3, rest = 0
    cdef Py_ssize_t at = 0
    while at + 32 <= width:
        a = mixed(a, word_at(row + at, floats))
        b = mixed(b, word_at(row + at + 8, floats))
        c = mixed(c, word_at(row + at + 16, floats))
        d = mixed(d, word_at(row + at + 24, floats))
        at += 32
    while at + 8 <= width:
        a = mixed(a, word_at(row + at, floats))
        at += 8
    if at < width:
        memcpy(&rest, row + at, width - at)
        b = mixed(b, rest)
    a = mixed(mixed(mixed(a, b), c), d)
    return a ^ (a >> 29)


cdef bint equal(const char *a, const char *b, Py_ssize_t width, bint floats) noexcept nogil:
    cdef Py_ssize_t at
    if memcmp(a, b, width) == 0:
        return True
    if not floats:
        return False
    for at in range(0, width, 8):
        if word_at(a + at, True) != word_at(b + at, True):
            return False
    return True


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

    cdef Entry *table
    cdef Py_ssize_t room        # a power of two
    cdef Py_ssize_t held
    cdef Py_ssize_t n_var, width
    cdef bint floats
    cdef object dtype
    cdef list kept              # the matrices that entries point into

    def __cinit__(self, n_var, dtype, n=8):
        self.dtype = check_dtype(dtype)
        self.n_var = n_var
        self.width = n_var * self.dtype.itemsize
        self.floats = self.dtype.kind == "f"
        self.room, self.held = 16, 0
        while self.room < 2 * n:
            self.room *= 2
        self.kept = []
        self.table = <Entry *>calloc(self.room, sizeof(Entry))
        if self.table == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.table)

    def __len__(self):
        """How many different rows there are."""
        return self.held

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
        cdef Py_ssize_t n = X.shape[0], k = 0, i
        if n == 0:
            return np.empty(0, dtype=np.int64)
        self.kept.append(X)
        self._reserve(self.held + n)
        rows = np.empty(n, dtype=np.int64)
        cdef int64_t[::1] repeated = rows
        cdef Py_buffer memory
        PyObject_GetBuffer(X, &memory, PyBUF_C_CONTIGUOUS)
        cdef const char *first = <const char *>memory.buf
        with nogil:
            for i in range(n):
                if not self._insert(first + i * self.width):
                    repeated[k] = i
                    k += 1
        PyBuffer_Release(&memory)
        return rows[:k]

    cdef int _reserve(self, Py_ssize_t n) except -1:
        """Room for n rows, at most half of the table."""
        cdef Py_ssize_t room = self.room, old, place
        cdef Entry *larger
        while room < 2 * n:
            room *= 2
        if room == self.room:
            return 0
        larger = <Entry *>calloc(room, sizeof(Entry))
        if larger == NULL:
            raise MemoryError
        for old in range(self.room):
            if self.table[old].row != NULL:
                place = self.table[old].hash & (room - 1)
                while larger[place].row != NULL:
                    place = (place + 1) & (room - 1)
                larger[place] = self.table[old]
        free(self.table)
        self.table, self.room = larger, room
        return 0

    cdef bint _insert(self, const char *row) noexcept nogil:
        """False if an equal row is there."""
        cdef uint64_t hash = hash_of(row, self.width, self.floats)
        cdef Py_ssize_t place = hash & (self.room - 1)
        while self.table[place].row != NULL:
            if self.table[place].hash == hash and equal(
                self.table[place].row, row, self.width, self.floats
            ):
                return False
            place = (place + 1) & (self.room - 1)
        self.table[place].hash = hash
        self.table[place].row = row
        self.held += 1
        return True
