/* The least of eight keys: who wins cannot be guessed, so nothing here is left to a branch. */
#ifndef PARETIDE_MATCH_H
#define PARETIDE_MATCH_H

#include <stdint.h>

enum { PLAYERS = 8 };

/* Which of two places has the lesser key, the first of equals. */
static inline uint32_t better_of(const uint64_t *key, uint32_t a, uint32_t b)
{
    return a ^ ((a ^ b) & (0 - (uint32_t)(key[b] < key[a])));
}

static inline uint32_t least_of_match(const uint64_t *key)
{
    uint32_t a = better_of(key, 0, 1), b = better_of(key, 2, 3);
    uint32_t c = better_of(key, 4, 5), d = better_of(key, 6, 7);
    return better_of(key, better_of(key, a, b), better_of(key, c, d));
}

static inline int count_equal(const uint64_t *key, uint64_t least)
{
    int n = 0;
    for (int i = 0; i < PLAYERS; i++) n += key[i] == least;
    return n;
}

#endif
