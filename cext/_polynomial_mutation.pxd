"""Polynomial mutation, in place, of a matrix: what the kernels share."""

from libc.stdint cimport uint64_t

from _random cimport bitgen_t, failure_scale, next_success, word


cdef extern from "_polynomial_mutation.h":
    enum: PARETIDE_MUTATED
    ctypedef struct paretide_mutated:
        double *x
        double *low
        double *high
        uint64_t *word
        Py_ssize_t *place
    void paretide_mutate(paretide_mutated *block, Py_ssize_t n, double power) noexcept nogil


cdef inline void mutate(
    double *X, Py_ssize_t n, Py_ssize_t n_var, const double *low, const double *high,
    double eta, double prob, bitgen_t *source,
) noexcept nogil:
    """Mutate each of the n_var values in each of the n rows with probability prob.

    Draws a word for each gap between mutations and one for each mutation; none if prob is 0. Values
    that do not mutate are not written.
    """
    cdef paretide_mutated block
    cdef Py_ssize_t position = 0, size = n * n_var, held = 0, j
    cdef double scale, rows_each = 1.0 / n_var
    if prob == 0.0:
        return
    scale = failure_scale(prob)
    while position < size:
        position = next_success(source, scale, position, size)
        if position == size:
            break
        # The row by a product, since a division takes long. Half a place off the start of a row it
        # is exact for fewer than 2**50 values.
        j = position - n_var * <Py_ssize_t>((position + 0.5) * rows_each)
        if low[j] < high[j]:
            block.x[held] = X[position]
            block.low[held] = low[j]
            block.high[held] = high[j]
            block.word[held] = word(source)
            block.place[held] = position
            held += 1
            if held == PARETIDE_MUTATED:
                _write(X, &block, held, eta)
                held = 0
        position += 1
    _write(X, &block, held, eta)


cdef inline void _write(
    double *X, paretide_mutated *block, Py_ssize_t n, double eta
) noexcept nogil:
    cdef Py_ssize_t i
    paretide_mutate(block, n, eta + 1.0)
    for i in range(n):
        X[block.place[i]] = block.x[i]
