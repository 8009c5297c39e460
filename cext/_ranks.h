/* Non-dominated ranks of the rows of a matrix: the memory, the order, and one of the methods. */
#ifndef PARETIDE_RANKS_H
#define PARETIDE_RANKS_H

#include <stdint.h>

#include "_divide.h"
#include "_dominator_sets.h"
#include "_few_sets.h"
#include "_memory.h"
#include "_order.h"
#include "_staircases.h"
#include "_sweep.h"

/* DIVISION divides down to a few points, for tests; DOMINATOR_SETS divides what is worth it. */
enum { BEST, SWEEP, STAIRCASES, DOMINATOR_SETS, DIVISION };

/* Three objectives: up to here sets are faster for most data. */
enum { FEW_FOR_STAIRCASES = 2000 };

static int best_method(uint32_t n, int m)
{
    if (m <= 2) return SWEEP;
    return m == 3 && n > FEW_FOR_STAIRCASES ? STAIRCASES : DOMINATOR_SETS;
}

static Sorting room_for(uint32_t n, Memory *memory)
{
    Sorting room;
    room.keys = take(memory, n, sizeof *room.keys);
    room.words = take(memory, n, sizeof *room.words);
    room.spare = take(memory, n, sizeof *room.spare);
    return room;
}

/* Rank distinct points by sets of dominators, many of them by divide and conquer. `lists` (k, n):
   the points sorted by each objective but the first. */
static void rank_sets(
    int k, const uint32_t *lists, uint32_t n, uint32_t *rank, int method, Memory *memory)
{
    int divided = n > FEW_TO_RANK || method == DIVISION;
    size_t all = (size_t)n * k;
    if (n <= BLOCK && !divided) {
        Set *dominators = take(memory, n, sizeof *dominators);
        Words *fronts = take(memory, n, sizeof *fronts);
        if (!memory->missing) rank_few(k, lists, n, rank, dominators, fronts);
        return;
    }
    uint32_t *ordinal = take(memory, all, sizeof *ordinal);
    Ranking sets = {n, k, ordinal, lists, rank, NULL, NULL, NULL};
    sets.ordinals = take(memory, (size_t)(n / 64 + 1) * k, sizeof *sets.ordinals);
    sets.tables = take(memory, (size_t)(BLOCK + 1) * k, sizeof *sets.tables);
    sets.ascending = take(memory, (size_t)BLOCK * k, sizeof *sets.ascending);
    if (memory->missing) return;
    memset(rank, 0, n * sizeof *rank);
    if (divided) {
        Division division = {rank, NULL, NULL, NULL, ordinal, NULL, sets, 0, 0};
        division.number = take(memory, n, sizeof *division.number);
        division.side = take(memory, n, sizeof *division.side);
        division.sorted = take(memory, all, sizeof *division.sorted);
        division.known = take(memory, n, sizeof *division.known);
        division.few_to_rank = method == DIVISION ? 40 : FEW_TO_RANK;
        division.few_to_raise = method == DIVISION ? 10 : FEW_TO_RAISE;
        if (memory->missing || !rank_range(&division, lists, n, k, 0)) memory->missing = 1;
        return;
    }
    for (int j = 0; j < k; j++)
        for (uint32_t o = 0; o < n; o++) ordinal[(size_t)lists[(size_t)j * n + o] * k + j] = o;
    rank_by_dominator_sets(&sets);
}

/* Rank distinct points with three objectives by staircases; return 0 if that was given up. */
static int rank_stairs(
    const double *F, const uint32_t *points, uint32_t n, uint32_t *rank, Memory *memory)
{
    Staircase *fronts = take(memory, n, sizeof *fronts);
    Step *arena = take(memory, 4 * (size_t)n, sizeof *arena);
    return !memory->missing && rank_by_staircases(F, points, n, rank, fronts, arena);
}

/* Rank the rows of F (n, m), n >= 1 and m >= 1; return whether there was memory enough.

   `orders` (m, n), if it is not NULL, becomes the rows in lexicographic order, then these sorted
   stably by each further objective; if there are two, only those of one rank are. */
static int rank_rows(
    const double *F, uint32_t n, int m, int method, int64_t *result, uint32_t *orders)
{
    Memory memory;
    open_memory(&memory);
    Sorting room = room_for(n, &memory);
    uint32_t *rows = orders ? orders : take(&memory, n, sizeof *rows);
    if (method == BEST) method = best_method(n, m);
    if (!memory.missing) {
        lexicographic_order(F, n, m, rows, room);
        if (m == 1) {
            rank_values(F, rows, n, result);
        } else if (method == SWEEP) {
            double *lowest = take(&memory, (size_t)n + WIDTH, sizeof *lowest);
            if (!memory.missing) rank_by_sweep(F, rows, n, result, lowest);
            if (orders) reverse_rows(F, n, rows, orders + n);
        } else {
            uint32_t *points = take(&memory, n, sizeof *points);
            uint32_t *start = take(&memory, (size_t)n + 1, sizeof *start);
            uint32_t *rank = take(&memory, n, sizeof *rank);
            uint32_t *lists = take(&memory, (size_t)n * (m - 1), sizeof *lists);
            if (!memory.missing) {
                uint32_t count = merge_equal_rows(F, n, m, rows, points, start);
                int by_stairs =
                    method == STAIRCASES && rank_stairs(F, points, count, rank, &memory);
                for (int j = 0; j < m - 1 && (orders || !by_stairs); j++) {
                    uint32_t *sorted = lists + (size_t)j * count;
                    sort_points(F, m, j + 1, points, count, sorted, room);
                    if (orders)
                        unmerge(sorted, count, rows, start, orders + (size_t)(j + 1) * n);
                }
                if (!by_stairs) rank_sets(m - 1, lists, count, rank, method, &memory);
                for (uint32_t k = 0; k < count && !memory.missing; k++)
                    for (uint32_t i = start[k]; i < start[k + 1]; i++) result[rows[i]] = rank[k];
            }
        }
    }
    give_back(&memory);
    return !memory.missing;
}

/* The orders of rank_rows without ranks, sorted by all objectives; returns the same. */
static inline int order_rows(const double *F, uint32_t n, int m, uint32_t *orders)
{
    Memory memory;
    open_memory(&memory);
    Sorting room = room_for(n, &memory);
    uint32_t *sorted = take(&memory, n, sizeof *sorted);
    if (!memory.missing) {
        lexicographic_order(F, n, m, orders, room);
        for (int j = 1; j < m; j++) {
            sort_points(F, m, j, orders, n, sorted, room);
            for (uint32_t i = 0; i < n; i++) orders[(size_t)j * n + i] = orders[sorted[i]];
        }
    }
    give_back(&memory);
    return !memory.missing;
}

#endif
