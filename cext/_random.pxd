"""Random numbers inside a nogil loop, straight from a NumPy bit generator's C interface.

The capsule "BitGenerator" holds function pointers, so nothing of NumPy has to be linked.
Whoever draws holds ``bit_generator.lock``: threads that share a generator then cannot tear it.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.math cimport floor, log1p
from libc.stdint cimport uint32_t, uint64_t


cdef extern from "numpy/random/bitgen.h":
    ctypedef struct bitgen_t:
        void *state                                             # the generator's own
        uint64_t (*next_uint64)(void *state) noexcept nogil     # uniform on all 64 bits
        double (*next_double)(void *state) noexcept nogil       # uniform on [0, 1), 53 bits


cdef extern from "_power.h":
    const double PARETIDE_LOG2_E
    double paretide_log2(double x) noexcept nogil

cdef extern from "_unit.h":
    double paretide_unit(uint64_t word) noexcept nogil


cdef inline bitgen_t *bitgen_of(object bit_generator) except NULL:
    capsule = getattr(bit_generator, "capsule", None)
    if capsule is None:
        raise TypeError(
            "bit_generator must be a numpy.random.BitGenerator, such as rng.bit_generator; "
            f"got {type(bit_generator).__name__}"
        )
    # Valid as long as the Python object lives: the caller keeps it for the whole loop.
    return <bitgen_t *>PyCapsule_GetPointer(capsule, "BitGenerator")


cdef inline double uniform(bitgen_t *source) noexcept nogil:
    """A double in [0, 1): one draw, the same as ``Generator.random()``."""
    return source.next_double(source.state)


cdef inline uint64_t word(bitgen_t *source) noexcept nogil:
    """64 random bits: one draw."""
    return source.next_uint64(source.state)


cdef inline uint64_t below(bitgen_t *source, uint64_t bound) noexcept nogil:
    """An integer in [0, bound), exactly uniform, for 1 <= bound < 2**32.

    Source: Lemire (2019), "Fast random integer generation in an interval", algorithm 5, with 32
    bits: the upper half of each 64-bit draw, since a 64 by 64 bit product is not portable C.
    """
    cdef uint64_t product = (word(source) >> 32) * bound
    cdef uint64_t excess
    if <uint32_t>product < bound:
        # Only here can a draw be one of the 2**32 mod bound that would make some numbers likelier.
        excess = ((<uint64_t>1 << 32) - bound) % bound
        while <uint32_t>product < excess:
            product = (word(source) >> 32) * bound
    return product >> 32


cdef inline Py_ssize_t next_success(
    bitgen_t *source, double scale, Py_ssize_t trial, Py_ssize_t n
) noexcept nogil:
    """The first of the trials from `trial` on that succeeds, n if none before n does: one draw.

    For the scale see ``failure_scale``. How many fail is geometric, and compared as a double: for a
    tiny probability it exceeds every integer type.
    Source: Devroye (1986), "Non-Uniform Random Variate Generation", chapter X.2, inversion.
    """
    cdef double failures = floor(paretide_log2(paretide_unit(word(source))) * scale)
    return n if failures >= n - trial else trial + <Py_ssize_t>failures


cdef inline double failure_scale(double prob) noexcept nogil:
    """1 / log2(1 - prob), where 0 < prob <= 1: from -inf up to -0, which gives no failures."""
    return 1.0 / (log1p(-prob) * PARETIDE_LOG2_E)


cdef inline uint64_t chosen(Py_ssize_t n, double prob, bitgen_t *source) noexcept nogil:
    """n <= 64 bits, each 1 with probability prob, from the lowest up.

    Draws one word if prob is 1/2, otherwise a double for each bit.
    """
    cdef uint64_t bits = 0
    cdef Py_ssize_t j
    if prob == 0.5:
        return word(source) & (<uint64_t>-1 >> (64 - n))
    for j in range(n):
        bits |= <uint64_t>(uniform(source) < prob) << j
    return bits
