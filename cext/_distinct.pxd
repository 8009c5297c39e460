"""Children of which none equals a parent or another child: duplicates are bred again."""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from _row_table cimport RowTable, close_table, insert, insert_rows, open_table


ctypedef void (*Breed)(
    const void *how, char *children, int64_t *couples, Py_ssize_t k
) noexcept nogil
"""Write k children, rows of bytes, and the rows of both parents; there is room for an even k."""


cdef inline Py_ssize_t breed_children(
    Breed breed,
    const void *how,
    const char *parents,    # (n, width)
    Py_ssize_t n,
    Py_ssize_t width,
    bint floats,
    char *children,         # (k, width)
    int64_t *couples,       # (k, 2): of rows, or ids if there are any
    Py_ssize_t k,
    Py_ssize_t redraws,     # -1 takes children as they come
    const int64_t *ids,     # (n,), or NULL
) noexcept nogil:
    """Breed up to k children; returns how many there are, -1 if memory is short."""
    cdef Py_ssize_t i
    if redraws < 0:
        breed(how, children, couples, k)
    else:
        k = _breed_distinct(
            breed, how, parents, n, width, floats, children, couples, k, redraws
        )
    for i in range(2 * k if ids != NULL else 0):
        if couples[i] >= 0:     # -1 is no parent
            couples[i] = ids[couples[i]]
    return k


cdef inline Py_ssize_t _breed_distinct(
    Breed breed,
    const void *how,
    const char *parents,    # (n, width)
    Py_ssize_t n,
    Py_ssize_t width,
    bint floats,
    char *children,         # (k, width)
    int64_t *couples,       # (k, 2)
    Py_ssize_t k,
    Py_ssize_t redraws,
) noexcept nogil:
    """Breed k children, then those again that repeat others, up to `redraws` times.

    Returns how many are new, which are the first; -1 if memory is short, before a draw.
    """
    cdef RowTable seen
    cdef Py_ssize_t i, again, still
    cdef int64_t *repeated = <int64_t *>malloc((3 * k + 2) * sizeof(int64_t))
    cdef int64_t *their_couples = repeated + k
    cdef char *fresh = <char *>malloc((k + 1) * width + 1)
    cdef bint enough = open_table(&seen, n + k, width, floats)
    if repeated == NULL or fresh == NULL or not enough:
        k = -1
    else:
        insert_rows(&seen, parents, n, NULL)
        breed(how, children, couples, k)
        again = insert_rows(&seen, children, k, repeated)
        while again and redraws:
            breed(how, fresh, their_couples, again)
            still = 0
            for i in range(again):
                memcpy(children + repeated[i] * width, fresh + i * width, width)
                memcpy(couples + 2 * repeated[i], their_couples + 2 * i, 2 * sizeof(int64_t))
                if not insert(&seen, children + repeated[i] * width):
                    repeated[still] = repeated[i]
                    still += 1
            again = still
            redraws -= 1
        k = _without(repeated, again, width, children, couples, k)
    free(repeated)
    free(fresh)
    close_table(&seen)
    return k


cdef inline Py_ssize_t _without(
    const int64_t *rows, Py_ssize_t n_rows, Py_ssize_t width,
    char *children, int64_t *couples, Py_ssize_t k,
) noexcept nogil:
    """Remove some of the k rows, which ascend; returns how many are left."""
    cdef Py_ssize_t i, p = 0, left = 0
    if n_rows == 0:
        return k
    for i in range(k):
        if p < n_rows and rows[p] == i:
            p += 1
            continue
        if left < i:
            memcpy(children + left * width, children + i * width, width)
            memcpy(couples + 2 * left, couples + 2 * i, 2 * sizeof(int64_t))
        left += 1
    return left
