"""Uniform crossover of bits, in place: what the kernels share."""

from libc.stdint cimport uint8_t, uint64_t

from _random cimport bitgen_t, chosen, uniform


cdef inline void exchange(
    uint8_t *bits, Py_ssize_t n_pairs, Py_ssize_t n_var, double prob, double prob_var,
    bitgen_t *source,
) noexcept nogil:
    """Exchange bits of rows 2 i and 2 i + 1, for every pair i.

    Draws a double per pair; for a crossed pair, see ``chosen`` for every 64 variables.
    """
    cdef Py_ssize_t i, j, start, n
    cdef uint64_t choice
    cdef uint8_t differs
    cdef uint8_t *a
    cdef uint8_t *b
    for i in range(n_pairs):
        if uniform(source) >= prob:
            continue
        for start in range(0, n_var, 64):
            n = min(64, n_var - start)
            choice = chosen(n, prob_var, source)
            a = bits + 2 * i * n_var + start
            b = a + n_var
            for j in range(n):
                differs = (a[j] ^ b[j]) & <uint8_t>(choice >> j & 1)
                a[j] ^= differs
                b[j] ^= differs
