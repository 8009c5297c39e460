"""Standard bit mutation, in place: what the kernels share."""

from libc.stdint cimport uint8_t

from _random cimport bitgen_t, failure_scale, next_success


cdef inline void flip(
    uint8_t *bits, Py_ssize_t size, double prob, bitgen_t *source
) noexcept nogil:
    """Flip each of the bits, one a byte, with probability `prob`.

    Draws a 64-bit word per flip and one more; none of these if `prob` is 0.
    """
    cdef Py_ssize_t position = 0
    cdef double scale
    if prob == 0.0:
        return
    scale = failure_scale(prob)
    while position < size:
        position = next_success(source, scale, position, size)
        if position == size:
            break
        bits[position] ^= 1
        position += 1
