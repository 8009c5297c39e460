"""A set of rows of which only hashes of 128 bits are kept: has a row ever been here?

Two different rows are taken to be equal with a probability below n**2 / 2**127 among n of them. The
hashes are kept in the order in which they came, so that what came last can be taken back.
"""

import numpy as np

from ..errors import ShapeError
from ._arguments import check_dtype

cimport numpy as cnp
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy

from _arrays cimport new_vector

cnp.import_array()


cdef extern from "_wide_hash.h" nogil:
    void paretide_wide_hash(
        const char *row, Py_ssize_t width, bint floats, uint64_t *first, uint64_t *second
    )


cdef struct Wide:
    uint64_t first
    uint64_t second


cdef class HashSet:
    """Hashes of rows of n_var values of one dtype; of floats the two zeros are equal.

    Parameters
    ----------
    n_var : int
        Length of a row.
    dtype : numpy dtype
        Of its values: float64, or one whose equal values have equal bytes (bool, integers).

    Notes
    -----
    O(n_var) for each row added, 16 bytes and two to four places of 8 bytes for each that is held.
    """

    cdef Wide *hashes           # in the order in which they came
    cdef int64_t *places        # number of a hash plus one; 0 where nothing is
    cdef Py_ssize_t held, room, n_places
    cdef Py_ssize_t n_var, width
    cdef bint floats
    cdef object dtype

    def __cinit__(self, n_var, dtype):
        self.dtype = check_dtype(dtype)
        self.n_var, self.width = n_var, n_var * self.dtype.itemsize
        self.floats = self.dtype.kind == "f"
        self.held, self.room, self.n_places = 0, 0, 16
        self.places = <int64_t *>calloc(self.n_places, sizeof(int64_t))
        if self.places == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.hashes)
        free(self.places)

    def __len__(self):
        """How many different rows have been added."""
        return self.held

    def add(self, X):
        """Add the rows of `X`; return those that were there already, or are earlier in `X`.

        Parameters
        ----------
        X : (n, n_var)
            Of the set's dtype.

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
        cdef Py_ssize_t n = X.shape[0], i, k = 0
        cdef cnp.ndarray rows = new_vector(n, cnp.NPY_INT64)
        cdef int64_t *repeated = <int64_t *>cnp.PyArray_DATA(rows)
        cdef const char *row = <const char *>cnp.PyArray_DATA(X)
        cdef Wide hash
        if not self._reserve(self.held + n):
            raise MemoryError
        with nogil:
            for i in range(n):
                paretide_wide_hash(
                    row + i * self.width, self.width, self.floats, &hash.first, &hash.second
                )
                if not self._insert(hash):
                    repeated[k] = i
                    k += 1
        return rows[:k]

    def take_back(self, held):
        """Forget all but the first `held` rows that were added."""
        if not 0 <= held <= self.held:
            raise ValueError(f"{self.held} rows are held; got {held}")
        if held == self.held:
            return
        self.held = held
        for place in range(self.n_places):
            self.places[place] = 0
        self._enter_all()

    def hashes_of(self):
        """(n, 2) uint64 of all rows, in the order in which they were added."""
        found = np.empty((self.held, 2), dtype=np.uint64)
        if self.held:
            memcpy(cnp.PyArray_DATA(found), self.hashes, self.held * sizeof(Wide))
        return found

    def add_hashes(self, hashes):
        """Add rows by their hashes, (n, 2) uint64 that `hashes_of` gave."""
        hashes = np.ascontiguousarray(hashes)
        if hashes.ndim != 2 or hashes.shape[1] != 2 or hashes.dtype != np.uint64:
            raise ShapeError(f"hashes must be (n, 2) uint64; got {hashes.shape} {hashes.dtype}")
        cdef Py_ssize_t n = hashes.shape[0], i
        cdef const Wide *first = <const Wide *>cnp.PyArray_DATA(hashes)
        if not self._reserve(self.held + n):
            raise MemoryError
        for i in range(n):
            self._insert(first[i])

    cdef bint _reserve(self, Py_ssize_t n) noexcept:
        """Room for n rows, in at most half of the places; False if memory is short."""
        cdef Py_ssize_t room = max(16, self.room), n_places = self.n_places
        cdef void *larger
        while room < n:
            room *= 2
        if room > self.room:
            larger = realloc(self.hashes, room * sizeof(Wide))
            if larger == NULL:
                return False
            self.hashes, self.room = <Wide *>larger, room
        while n_places < 2 * n:
            n_places *= 2
        if n_places > self.n_places:
            larger = calloc(n_places, sizeof(int64_t))
            if larger == NULL:
                return False
            free(self.places)
            self.places, self.n_places = <int64_t *>larger, n_places
            self._enter_all()
        return True

    cdef void _enter_all(self) noexcept:
        """Put the numbers of all hashes in their places, which are empty."""
        cdef Py_ssize_t i
        for i in range(self.held):
            self.places[self._place_of(self.hashes[i])] = i + 1

    cdef inline Py_ssize_t _place_of(self, Wide hash) noexcept nogil:
        """Where a hash is, or would be."""
        cdef Py_ssize_t place = hash.first & (self.n_places - 1)
        cdef Wide *there
        while self.places[place]:
            there = &self.hashes[self.places[place] - 1]
            if there.first == hash.first and there.second == hash.second:
                break
            place = (place + 1) & (self.n_places - 1)
        return place

    cdef inline bint _insert(self, Wide hash) noexcept nogil:
        """False if it is there. There must be room."""
        cdef Py_ssize_t place = self._place_of(hash)
        if self.places[place]:
            return False
        self.hashes[self.held] = hash
        self.held += 1
        self.places[place] = self.held
        return True
