/* The orders of points that ranking needs: lexicographic, and by each objective.

   Ties are settled here, once and for all. Points are put into lexicographic order, in which none
   is dominated by a later one, and equal ones, which are adjacent, are merged. Sorting these points
   by another objective stably gives each an ordinal in it, and of two points the earlier dominates
   the later if and only if it has the lower ordinal in each: no two are equal any more. */
#ifndef PARETIDE_ORDER_H
#define PARETIDE_ORDER_H

#include "_radix.h"

/* Room for the sorting of n rows. */
typedef struct {
    uint64_t *keys;  /* (n,) */
    uint64_t *words; /* (n,): their lower halves are rows, in the order so far */
    uint64_t *spare; /* (n,) */
} Sorting;

/* The first objective from `first` on in which rows a and b differ, or m. */
static inline int first_difference(const double *F, int m, uint32_t a, uint32_t b, int first)
{
    const double *x = F + (size_t)a * m, *y = F + (size_t)b * m;
    int j = first;
    while (j < m && x[j] == y[j]) j++;
    return j;
}

static inline int precedes(const double *F, int m, uint32_t a, uint32_t b, int first)
{
    int j = first_difference(F, m, a, b, first);
    return j < m && F[(size_t)a * m + j] < F[(size_t)b * m + j];
}

/* Sort n rows, given by words, lexicographically by their objectives from `first` on. */
static void sort_rows(const double *F, int m, uint64_t *words, uint32_t n, int first, Sorting room)
{
    if (n <= FEW) {
        for (uint32_t i = 1; i < n; i++) {
            uint32_t row = (uint32_t)words[i], k = i;
            for (; k > 0 && precedes(F, m, row, (uint32_t)words[k - 1], first); k--)
                words[k] = words[k - 1];
            words[k] = row;
        }
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = (uint32_t)words[i];
        room.keys[row] = sortable(F[(size_t)row * m + first]);
    }
    sort_words(room.keys, words, room.spare, n);
    if (first + 1 == m) return;
    for (uint32_t start = 0, end; start < n; start = end) {
        uint64_t upper = words[start] >> 32;
        uint32_t row = (uint32_t)words[start];
        end = start + 1;
        /* Keys lie scattered; they are looked at only where upper halves leave a doubt. */
        while (end < n && words[end] >> 32 == upper
               && room.keys[(uint32_t)words[end]] == room.keys[row])
            end++;
        if (end - start > 1) sort_rows(F, m, words + start, end - start, first + 1, room);
    }
}

/* Put all rows of F (n, m) into lexicographic order. */
static void lexicographic_order(const double *F, uint32_t n, int m, uint32_t *rows, Sorting room)
{
    for (uint32_t i = 0; i < n; i++) room.words[i] = i;
    sort_rows(F, m, room.words, n, 0, room);
    for (uint32_t i = 0; i < n; i++) rows[i] = (uint32_t)room.words[i];
}

/* points[k] becomes the first row of the k-th group of equal ones, which is from start[k] to
   start[k + 1] in `rows`; return how many points there are. */
static uint32_t merge_equal_rows(
    const double *F, uint32_t n, int m, const uint32_t *rows, uint32_t *points, uint32_t *start)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || first_difference(F, m, rows[i - 1], rows[i], 0) < m) {
            start[count] = i;
            points[count++] = rows[i];
        }
    }
    start[count] = n;
    return count;
}

/* The rows that points are, in their order; equal ones as they stand in `rows`. */
static void unmerge(
    const uint32_t *sorted, uint32_t count, const uint32_t *rows, const uint32_t *start,
    uint32_t *result)
{
    for (uint32_t o = 0; o < count; o++)
        for (uint32_t i = start[sorted[o]]; i < start[sorted[o] + 1]; i++) *result++ = rows[i];
}

/* Rows of F (n, 2) from the last in lexicographic order to the first, equal ones as they are: those
   of one rank ascend in the second objective. */
static void reverse_rows(const double *F, uint32_t n, const uint32_t *rows, uint32_t *result)
{
    for (uint32_t end = n, first; end > 0; end = first) {
        for (first = end - 1; first > 0; first--)
            if (first_difference(F, 2, rows[first - 1], rows[first], 0) < 2) break;
        for (uint32_t i = first; i < end; i++) *result++ = rows[i];
    }
}

/* sorted[o] becomes the point with ordinal o in objective j. */
static void sort_points(
    const double *F, int m, int j, const uint32_t *points, uint32_t count, uint32_t *sorted,
    Sorting room)
{
    for (uint32_t k = 0; k < count; k++) {
        room.keys[k] = sortable(F[(size_t)points[k] * m + j]);
        room.words[k] = k;
    }
    sort_words(room.keys, room.words, room.spare, count);
    for (uint32_t o = 0; o < count; o++) sorted[o] = (uint32_t)room.words[o];
}

#endif
