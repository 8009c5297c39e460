/* Stable sorting of doubles, as integers, by radix.

   A double becomes an unsigned key of the same order. What n keys exceed the least of them by, cut
   to its most significant 8, 16, 24 or 32 bits, and the index of each make one word; the words are
   sorted by radix, digits of 8 bits from the least significant to the most. So many bits are kept
   that few keys agree in all of them; those are sorted again among each other by what was cut, so
   that the time is linear whatever the values.

   Source: Knuth, The Art of Computer Programming 3, 5.2.5, algorithm R. */
#ifndef PARETIDE_RADIX_H
#define PARETIDE_RADIX_H

#include <stdint.h>
#include <string.h>

#include "_words.h"
#include "_paths.h"
#include "_sortable.h"

/* Up to FEW are sorted by insertion, which is then faster than counting in 256 buckets. */
enum { BUCKETS = 256, MOST_DIGITS = 4, FEW = 24 };

PARETIDE_BODY void sort_by_constant_digits(uint64_t *words, uint64_t *spare, uint32_t n, int digits)
{
    uint32_t places[MOST_DIGITS][BUCKETS];
    uint64_t *from = words, *to = spare;
    memset(places, 0, digits * sizeof places[0]);
    for (uint32_t i = 0; i < n; i++)
        for (int digit = 0; digit < digits; digit++)
            places[digit][words[i] >> (32 + 8 * digit) & 255]++;
    for (int digit = 0; digit < digits; digit++) {
        uint32_t *place = places[digit], total = 0;
        int shift = 32 + 8 * digit;
        if (place[words[0] >> shift & 255] == n) continue; /* the same digit everywhere */
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            uint32_t size = place[bucket];
            place[bucket] = total;
            total += size;
        }
        for (uint32_t i = 0; i < n; i++) {
            uint64_t word = from[i];
            to[place[word >> shift & 255]++] = word;
        }
        uint64_t *other = from;
        from = to;
        to = other;
    }
    if (from != words) memcpy(words, from, n * sizeof *words);
}

/* Sort words by the lowest digits of their upper halves, stably; `spare` has room for as many. */
static void sort_by_digits(uint64_t *words, uint64_t *spare, uint32_t n, int digits)
{
    switch (digits) {
    case 1: sort_by_constant_digits(words, spare, n, 1); break;
    case 2: sort_by_constant_digits(words, spare, n, 2); break;
    case 3: sort_by_constant_digits(words, spare, n, 3); break;
    default: sort_by_constant_digits(words, spare, n, 4);
    }
}

/* Sort words by the keys of the indices that are their lower halves, stably. The upper halves are
   overwritten such that equal keys have equal ones. */
static void sort_words(const uint64_t *keys, uint64_t *words, uint64_t *spare, uint32_t n)
{
    uint64_t low = UINT64_MAX, high = 0, differing = 0, first = keys[(uint32_t)words[0]];
    if (n <= FEW) {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t index = (uint32_t)words[i], k = i;
            for (; k > 0 && keys[(uint32_t)words[k - 1]] > keys[index]; k--)
                words[k] = words[k - 1];
            words[k] = index;
        }
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t key = keys[(uint32_t)words[i]];
        differing |= key ^ first;
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    if (low == high) {
        for (uint32_t i = 0; i < n; i++) words[i] = (uint32_t)words[i];
        return;
    }
    int digits = n < 512 ? 2 : n < 32768 ? 3 : 4;
    int cut = highest_bit(high - low) + 1 - 8 * digits;
    if (cut < 0) cut = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t index = (uint32_t)words[i];
        words[i] = (keys[index] - low) >> cut << 32 | index;
    }
    sort_by_digits(words, spare, n, digits);
    if (!(differing & (((uint64_t)1 << cut) - 1))) return; /* nothing was cut */
    for (uint32_t start = 0, end; start < n; start = end) {
        for (end = start + 1; end < n && words[end] >> 32 == words[start] >> 32; end++) {}
        if (end - start > 1) sort_words(keys, words + start, spare, end - start);
    }
}

#endif
