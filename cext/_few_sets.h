/* Ranks of up to 256 points by sets of dominators: one set for each point, and one for each front.

   Points are numbered so that none is dominated by a later one, and sorted by each of the other
   objectives (_order.h): a point's dominators come before it in all of these orders. Whoever is
   dominated by a point of some front is dominated by one of every better front, too; so the rank
   is found by bisection, an intersection at each step.

   Source: Zhang, Tian, Cheng, Jin (2015), "An efficient approach to nondominated sorting for
   evolutionary multiobjective optimization", ENS-BS; dominators as sets of bits: _dominator_sets.h. */
#ifndef PARETIDE_FEW_SETS_H
#define PARETIDE_FEW_SETS_H

#include <stdint.h>
#include <string.h>

#include "_dominator_sets.h"
#include "_paths.h"

typedef uint64_t Words[SET_WORDS];

static inline int intersect(const Words a, const Words b)
{
    uint64_t common = 0;
    for (int w = 0; w < SET_WORDS; w++) common |= a[w] & b[w];
    return common != 0;
}

/* Find the dominators of each of n <= BLOCK points; `lists` (k, n): the points in each order. */
PARETIDE_BODY void find_dominators_body(int k, const uint32_t *lists, uint32_t n, Set *dominators)
{
    for (int j = -1; j < k; j++) {
        Set before;
        memset(&before, 0, sizeof before);
        for (uint32_t o = 0; o < n; o++) {
            uint32_t i = j < 0 ? o : lists[(size_t)j * n + o];
            if (j < 0) dominators[i] = before;
            else INTERSECT(dominators[i], before);
            ADD_MEMBER(before, i);
        }
    }
}

PARETIDE_PATHS(find_dominators, (int k, const uint32_t *lists, uint32_t n, Set *dominators),
               (k, lists, n, dominators))

/* Rank n <= BLOCK distinct points; `fronts` and `dominators` are room for n sets each. */
static void rank_few(
    int k, const uint32_t *lists, uint32_t n, uint32_t *rank, Set *dominators, Words *fronts)
{
    uint32_t n_fronts = 0;
    find_dominators(k, lists, n, dominators);
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t *mine = (const uint64_t *)&dominators[i];
        uint32_t low = 0, high = n_fronts;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (intersect(mine, fronts[middle])) low = middle + 1;
            else high = middle;
        }
        if (low == n_fronts) memset(fronts[n_fronts++], 0, sizeof *fronts);
        fronts[low][i / 64] |= (uint64_t)1 << i % 64;
        rank[i] = low;
    }
}

#endif
