/* A hash of 128 bits of a row of bytes, for sets that keep hashes alone: rows that differ must not
   meet, whatever is regular about them.

   Two chains of 64 bits take in one word after the other, each step a bijection of the chain, with
   different constants; the finalizer is that of splitmix64 (Steele, Lea, Flood, "Fast splittable
   pseudorandom number generators", OOPSLA 2014). */
#ifndef PARETIDE_WIDE_HASH_H
#define PARETIDE_WIDE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t paretide_mixed(uint64_t word)
{
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9u;
    word = (word ^ word >> 27) * 0x94D049BB133111EBu;
    return word ^ word >> 31;
}

static inline void paretide_wide_hash(
    const char *row, ptrdiff_t width, int floats, uint64_t *first, uint64_t *second)
{
    uint64_t a = 0x9E3779B97F4A7C15u ^ (uint64_t)width, b = 0xD1B54A32D192ED03u + (uint64_t)width;
    for (ptrdiff_t at = 0; at < width; at += 8) {
        uint64_t word = 0;
        memcpy(&word, row + at, width - at < 8 ? width - at : 8);
        if (floats && word == (uint64_t)1 << 63)
            word = 0;                                                   /* zeros are equal */
        a = paretide_mixed(a ^ word);
        b = paretide_mixed(b + 0x9E3779B97F4A7C15u + word) ^ b << 1;
    }
    *first = paretide_mixed(a + 1);
    *second = paretide_mixed(b ^ a << 32);
}

#endif
