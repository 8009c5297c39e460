/* Sorting doubles with their rows, stably: the same order on every machine.

   Few items are merged bottom up from runs that are inserted; many are distributed by the digits of
   their keys, least significant first, leaving out digits in which all agree (radix sort: Knuth,
   "The Art of Computer Programming" 3, section 5.2.5). */
#ifndef PARETIDE_SORTING_H
#define PARETIDE_SORTING_H

#include <stdint.h>
#include <string.h>

typedef struct {
    uint64_t key;
    int64_t row;
} paretide_item;

enum { PARETIDE_RUN = 8, PARETIDE_MANY = 1024, PARETIDE_DIGIT = 11, PARETIDE_DIGITS = 6 };

/* Keys order as their finite values do; the two zeros have one key. */
static inline uint64_t paretide_key(double value)
{
    uint64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((bits >> 63) ? UINT64_MAX : (uint64_t)1 << 63);
}

static inline void paretide_insert_runs(paretide_item *items, int64_t n)
{
    for (int64_t first = 0; first < n; first += PARETIDE_RUN) {
        int64_t end = first + PARETIDE_RUN < n ? first + PARETIDE_RUN : n;
        for (int64_t i = first + 1; i < end; i++) {
            paretide_item moving = items[i];
            int64_t place = i;
            for (; place > first && items[place - 1].key > moving.key; place--)
                items[place] = items[place - 1];
            items[place] = moving;
        }
    }
}

static inline void paretide_merge_sort(paretide_item *items, paretide_item *spare, int64_t n)
{
    paretide_item *from = items, *to = spare;
    paretide_insert_runs(items, n);
    for (int64_t width = PARETIDE_RUN; width < n; width *= 2) {
        for (int64_t first = 0; first < n; first += 2 * width) {
            int64_t middle = first + width < n ? first + width : n;
            int64_t end = middle + width < n ? middle + width : n;
            int64_t a = first, b = middle, out = first;
            while (a < middle && b < end) {  /* without branches: half of them would be wrong */
                int right = from[b].key < from[a].key;
                to[out++] = from[right ? b : a];
                b += right;
                a += !right;
            }
            memcpy(to + out, from + a, (middle - a) * sizeof *to);
            memcpy(to + out + (middle - a), from + b, (end - b) * sizeof *to);
        }
        paretide_item *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
}

static inline void paretide_radix_sort(paretide_item *items, paretide_item *spare, int64_t n)
{
    enum { SIZE = 1 << PARETIDE_DIGIT };
    int64_t counts[PARETIDE_DIGITS][SIZE];
    paretide_item *from = items, *to = spare;
    memset(counts, 0, sizeof counts);
    for (int64_t i = 0; i < n; i++)
        for (int digit = 0; digit < PARETIDE_DIGITS; digit++)
            counts[digit][items[i].key >> (digit * PARETIDE_DIGIT) & (SIZE - 1)]++;
    for (int digit = 0; digit < PARETIDE_DIGITS; digit++) {
        int64_t *count = counts[digit], before = 0;
        int shift = digit * PARETIDE_DIGIT;
        if (count[from[0].key >> shift & (SIZE - 1)] == n)
            continue;
        for (int value = 0; value < SIZE; value++) {
            int64_t here = count[value];
            count[value] = before;
            before += here;
        }
        for (int64_t i = 0; i < n; i++)
            to[count[from[i].key >> shift & (SIZE - 1)]++] = from[i];
        paretide_item *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
}

/* Ascending keys; equal keys stay in the order they were in. spare has room for n. */
static inline void paretide_sort(paretide_item *items, paretide_item *spare, int64_t n)
{
    if (n < PARETIDE_MANY)
        paretide_merge_sort(items, spare, n);
    else
        paretide_radix_sort(items, spare, n);
}

#endif
