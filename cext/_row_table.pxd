"""A hash table of rows by what they hold: open addressing, pointers to the rows.

A row is hashed once when it is added, so that n rows cost O(n width). Rows must stay where they are
and what they are while the table is used.
"""

from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy


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


cdef inline bint insert(RowTable *table, const char *row) noexcept nogil:
    """False if an equal row is there. There must be room."""
    cdef uint64_t hash = _hash_of(row, table.width, table.floats)
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


cdef inline uint64_t _mixed(uint64_t hash, uint64_t word) noexcept nogil:
    hash = (hash ^ word) * <uint64_t>0x9E3779B97F4A7C15     # 2**64 / golden ratio
    return hash ^ (hash >> 32)


cdef inline uint64_t _word_at(const char *at, bint floats) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, at, 8)
    return 0 if floats and word == <uint64_t>1 << 63 else word      # of the two zeros, one


cdef inline uint64_t _hash_of(const char *row, Py_ssize_t width, bint floats) noexcept nogil:
    """Four chains of multiplications, which a processor works on side by side."""
    cdef uint64_t a = width, b = 1, c = 2, d = 3, rest = 0
    cdef Py_ssize_t at = 0
    while at + 32 <= width:
        a = _mixed(a, _word_at(row + at, floats))
        b = _mixed(b, _word_at(row + at + 8, floats))
        c = _mixed(c, _word_at(row + at + 16, floats))
        d = _mixed(d, _word_at(row + at + 24, floats))
        at += 32
    while at + 8 <= width:
        a = _mixed(a, _word_at(row + at, floats))
        at += 8
    if at < width:
        memcpy(&rest, row + at, width - at)
        b = _mixed(b, rest)
    a = _mixed(_mixed(_mixed(a, b), c), d)
    return a ^ (a >> 29)


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
