"""Truncation of one front by current crowding distance: a tournament, and linked neighbours.

Source: Zheng, Doerr (2022), "Better approximation guarantees for the NSGA-II by using the current
crowding distance", algorithm 2.
"""

from libc.math cimport INFINITY
from libc.stdint cimport uint32_t, uint64_t

from _gaps cimport gap
from _memory cimport Memory, take
from _winner_tree cimport GONE, Tree, open_tree, play_all, rekey, winner_of_all


cdef extern from "_sortable.h" nogil:
    uint64_t sortable(double value)     # less than GONE for all but NaN

cdef extern from *:
    """
    #define NOBODY UINT32_MAX
    """
    const uint32_t NOBODY


cdef struct Place:          # of a point in an objective
    double value            # scaled
    double gap              # between the neighbours; 0 without a range
    uint32_t below, above   # the neighbours, NOBODY beyond an extreme


cdef struct Cut:
    Py_ssize_t size, m
    double *span            # (m,): scaled
    Place *places           # (size, m)
    Tree tree               # of distances


cdef inline void open_cut(
    Cut *cut, Py_ssize_t size, Py_ssize_t m, const double *priority, Memory *memory
) noexcept nogil:
    """Take memory for a front of size >= 1; see whether it is missing before anything else.

    Among equal distances those of less priority (size,) go first.
    """
    cut.size, cut.m = size, m
    cut.span = <double *>take(memory, m, sizeof(double))
    cut.places = <Place *>take(memory, size * m, sizeof(Place))
    open_tree(&cut.tree, size, priority, memory)


cdef inline void link(
    Cut *cut, Py_ssize_t j, const uint32_t *line, const double *values, double scale, double span,
    const double *gaps,
) noexcept nogil:
    """Objective j: the points in its order, and what is known of them; all (size,)."""
    cdef Py_ssize_t p
    cdef Place *place
    cut.span[j] = span
    for p in range(cut.size):
        place = cut.places + line[p] * cut.m + j
        place.value, place.gap = values[p] * scale, gaps[p]
        place.below = line[p - 1] if p > 0 else NOBODY
        place.above = line[p + 1] if p < cut.size - 1 else NOBODY


cdef inline double distance_of(const Cut *cut, Py_ssize_t i) noexcept nogil:
    """The sum of the gaps, always in one order so that equals are equal."""
    cdef const Place *place = cut.places + i * cut.m
    cdef double total = 0.0
    cdef Py_ssize_t j
    for j in range(cut.m):
        total += place[j].gap
    return total


cdef inline void remove_most_crowded(Cut *cut, Py_ssize_t keep) noexcept nogil:
    """Leave `keep` points, once all objectives are linked; see ``is_left``."""
    cdef Py_ssize_t i, left = cut.size
    cdef uint32_t removed
    for i in range(cut.size):
        cut.tree.key[i] = sortable(distance_of(cut, i))
    play_all(&cut.tree)
    while left > keep:
        removed = winner_of_all(&cut.tree)
        rekey(&cut.tree, removed, GONE)
        _unlink(cut, removed)
        left -= 1


cdef inline bint is_left(const Cut *cut, Py_ssize_t i) noexcept nogil:
    return cut.tree.key[i] != GONE


cdef inline void _unlink(Cut *cut, Py_ssize_t i) noexcept nogil:
    """The neighbours of a point become each other's, in every objective."""
    cdef Py_ssize_t m = cut.m, j
    cdef uint32_t below, above
    for j in range(m):
        below, above = cut.places[i * m + j].below, cut.places[i * m + j].above
        if below != NOBODY:
            cut.places[below * m + j].above = above
        if above != NOBODY:
            cut.places[above * m + j].below = below
        if below != NOBODY:
            _measure_again(cut, j, below)
        if above != NOBODY:
            _measure_again(cut, j, above)


cdef inline void _measure_again(Cut *cut, Py_ssize_t j, uint32_t i) noexcept nogil:
    """A neighbour in objective j is another now."""
    cdef Py_ssize_t m = cut.m
    cdef Place *place = cut.places + i * m + j
    if cut.span[j] == 0.0:
        place.gap = 0.0
    elif place.below == NOBODY or place.above == NOBODY:
        place.gap = INFINITY
    else:
        place.gap = gap(
            cut.places[place.below * m + j].value, cut.places[place.above * m + j].value,
            1.0, cut.span[j],
        )
    rekey(&cut.tree, i, sortable(distance_of(cut, i)))
