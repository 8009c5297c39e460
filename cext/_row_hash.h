/* Hashes of rows of bytes: sums of a product for each word, none of which waits for another.

   Source: Black, Halevi, Krawczyk, Krovetz, Rogaway (1999), "UMAC: fast and secure message
   authentication", the hash function NH. */
#ifndef PARETIDE_ROW_HASH_H
#define PARETIDE_ROW_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "_paths.h"

#define PARETIDE_GOLDEN 0x9E3779B97F4A7C15u     /* 2**64 / golden ratio */
#define PARETIDE_MINUS_ZERO ((uint64_t)1 << 63)

PARETIDE_BODY uint64_t paretide_product(uint64_t word)
{
    return (word >> 32) * (word & UINT32_MAX);
}

PARETIDE_BODY void paretide_hash_rows_body(
    const char *rows, ptrdiff_t n, ptrdiff_t width, int floats, uint64_t *hashes)
{
    ptrdiff_t n_words = width / 8, n_rest = width % 8;
    for (ptrdiff_t i = 0; i < n; i++, rows += width) {
        uint64_t hash = 0, rest = 0;
        for (ptrdiff_t j = 0; j < n_words; j++) {
            uint64_t word, key = PARETIDE_GOLDEN * ((uint64_t)j + 1);
            memcpy(&word, rows + 8 * j, 8);
            word = floats && word == PARETIDE_MINUS_ZERO ? 0 : word;    /* zeros are equal */
            hash += paretide_product(word ^ key);
        }
        memcpy(&rest, rows + 8 * n_words, n_rest);
        hash = (hash + paretide_product(rest ^ PARETIDE_GOLDEN)) * PARETIDE_GOLDEN;
        hashes[i] = hash ^ hash >> 32;
    }
}

PARETIDE_PATHS(paretide_hash_rows, (const char *rows, ptrdiff_t n, ptrdiff_t width, int floats,
               uint64_t *hashes), (rows, n, width, floats, hashes))

#endif
