"""A hash table of rows by what they hold: open addressing, pointers to the rows.

A row is hashed once when it is added, so that n rows cost O(n width). Rows must stay where they are
and what they are while the table is used.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy


cdef extern from "_row_hash.h" nogil:
    void paretide_hash_rows(
        const char *rows, Py_ssize_t n, Py_ssize_t width, bint floats, uint64_t *hashes
    )


cdef struct Entry:
    uint64_t hash
    const char *row     # NULL where the table is empty


cdef struct RowTable:
    Entry *entries
    Py_ssize_t room         # a power of two
    Py_ssize_t held
    Py_ssize_t width        # of a row, in bytes
    bint floats             # doubles: the two zeros are equal


cdef inline bint open_table(
    RowTable *table, Py_ssize_t n, Py_ssize_t width, bint floats
) noexcept nogil:
    """An empty table with room for n rows, to be closed; False if memory is short."""
    table.room, table.held, table.width, table.floats = 16, 0, width, floats
    while table.room < 2 * n:
        table.room *= 2
    table.entries = <Entry *>calloc(table.room, sizeof(Entry))
    return table.entries != NULL


cdef inline void close_table(RowTable *table) noexcept nogil:
    free(table.entries)


cdef inline bint reserve(RowTable *table, Py_ssize_t n) noexcept nogil:
    """Room for n rows, at most half of the table; False if memory is short."""
    cdef RowTable larger
    cdef Py_ssize_t old, place
    if 2 * n <= table.room:
        return True
    if not open_table(&larger, n, table.width, table.floats):
        return False
    for old in range(table.room):
        if table.entries[old].row != NULL:
            place = table.entries[old].hash & (larger.room - 1)
            while larger.entries[place].row != NULL:
                place = (place + 1) & (larger.room - 1)
            larger.entries[place] = table.entries[old]
    free(table.entries)
    table.entries, table.room = larger.entries, larger.room
    return True


cdef inline Py_ssize_t insert_rows(
    RowTable *table, const char *rows, Py_ssize_t n, int64_t *repeated
) noexcept nogil:
    """Insert n rows; returns how many equal one that is there already. There must be room.

    `repeated` becomes their numbers, ascending; NULL if nobody wants them.
    """
    cdef uint64_t[64] hashes
    cdef Py_ssize_t start, i, k = 0
    for start in range(0, n, 64):
        paretide_hash_rows(
            rows + start * table.width, min(64, n - start), table.width, table.floats, hashes
        )
        for i in range(start, min(start + 64, n)):
            if not _insert(table, rows + i * table.width, hashes[i - start]):
                if repeated != NULL:
                    repeated[k] = i
                k += 1
    return k


cdef inline bint insert(RowTable *table, const char *row) noexcept nogil:
    """False if an equal row is there. There must be room."""
    return not insert_rows(table, row, 1, NULL)


cdef inline bint _insert(RowTable *table, const char *row, uint64_t hash) noexcept nogil:
    cdef Py_ssize_t place = hash & (table.room - 1)
    cdef Entry *entry = &table.entries[place]
    while entry.row != NULL:
        if entry.hash == hash and _equal(entry.row, row, table.width, table.floats):
            return False
        place = (place + 1) & (table.room - 1)
        entry = &table.entries[place]
    entry.hash = hash
    entry.row = row
    table.held += 1
    return True


cdef inline uint64_t _word_at(const char *at, bint floats) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, at, 8)
    return 0 if floats and word == <uint64_t>1 << 63 else word      # of the two zeros, one


cdef inline bint _equal(
    const char *a, const char *b, Py_ssize_t width, bint floats
) noexcept nogil:
    cdef Py_ssize_t at
    if memcmp(a, b, width) == 0:
        return True
    if not floats:
        return False
    for at in range(0, width, 8):
        if _word_at(a + at, True) != _word_at(b + at, True):
            return False
    return True
