/* The bits of a double as an integer, and back; the lowest bit of an integer. */
#ifndef PARETIDE_BITS_H
#define PARETIDE_BITS_H

#include <stdint.h>
#include <string.h>
#if defined(_MSC_VER)
#include <intrin.h>
#endif

static inline uint64_t paretide_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double paretide_double(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Position of the lowest 1 of bits != 0. */
static inline int paretide_lowest(uint64_t bits)
{
#if defined(_MSC_VER)
    unsigned long position;
    _BitScanForward64(&position, bits);
    return (int)position;
#else
    return __builtin_ctzll(bits);
#endif
}

#endif
