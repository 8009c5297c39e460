"""Simulated binary crossover, in place, of the rows of a matrix: what the kernels share."""

from libc.math cimport fabs
from libc.stdint cimport uint64_t

from _random cimport bitgen_t, chosen, uniform, word


cdef extern from "_bits.h":
    int paretide_lowest(uint64_t bits) noexcept nogil

cdef extern from "_sbx.h":
    const double PARETIDE_APART
    enum: PARETIDE_CROSSED
    ctypedef struct paretide_crossed:
        double *first
        double *second
        double *low
        double *high
        uint64_t *word
        Py_ssize_t *place
    void paretide_cross(paretide_crossed *block, Py_ssize_t n, double power) noexcept nogil


cdef inline void cross(
    double *children, Py_ssize_t n_pairs, Py_ssize_t n_var, const double *low, const double *high,
    double eta, double prob, double prob_var, bitgen_t *source,
) noexcept nogil:
    """Replace the parents in rows 2 i and 2 i + 1 by their children, for every pair i.

    Draws a double per pair; for the variables of a crossed pair see ``chosen``; a 64-bit word per
    variable chosen. Values that are not crossed are not written.
    """
    cdef paretide_crossed block
    cdef Py_ssize_t held = 0, i, j, start
    cdef uint64_t choice
    cdef const double *a
    cdef const double *b
    for i in range(n_pairs):
        if uniform(source) >= prob:
            continue
        a = children + 2 * i * n_var
        b = a + n_var
        for start in range(0, n_var, 64):
            choice = chosen(min(64, n_var - start), prob_var, source)
            if held + min(64, n_var - start) > PARETIDE_CROSSED:
                _write(children, n_var, &block, held, eta)
                held = 0
            while choice:
                j = start + paretide_lowest(choice)
                choice &= choice - 1    # without its lowest bit
                block.first[held] = a[j]
                block.second[held] = b[j]
                block.low[held] = low[j]
                block.high[held] = high[j]
                block.word[held] = word(source)
                block.place[held] = a + j - children
                # Held only if it can be crossed; otherwise the next one takes its column.
                held += (fabs(a[j] - b[j]) > PARETIDE_APART) & (low[j] < high[j])
    _write(children, n_var, &block, held, eta)


cdef inline void _write(
    double *children, Py_ssize_t n_var, paretide_crossed *block, Py_ssize_t n, double eta
) noexcept nogil:
    cdef Py_ssize_t i
    paretide_cross(block, n, eta + 1.0)
    for i in range(n):
        children[block.place[i]] = block.first[i]
        children[block.place[i] + n_var] = block.second[i]
