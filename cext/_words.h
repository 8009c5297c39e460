/* Finding and counting the bits of a 64-bit word. */
#ifndef PARETIDE_WORDS_H
#define PARETIDE_WORDS_H

#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)

/* The first two are not defined for 0. */
static inline int lowest_bit(uint64_t word) { return __builtin_ctzll(word); }
static inline int highest_bit(uint64_t word) { return 63 - __builtin_clzll(word); }
static inline int count_bits(uint64_t word) { return __builtin_popcountll(word); }

#else

/* By pairs, fours and bytes, which a multiplication adds up. */
static inline int count_bits(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (int)(word * 0x0101010101010101u >> 56);
}

static inline int lowest_bit(uint64_t word) { return count_bits((word & (0 - word)) - 1); }

static inline int highest_bit(uint64_t word)
{
    for (int shift = 1; shift < 64; shift *= 2) word |= word >> shift;
    return count_bits(word) - 1;
}

#endif

#endif
