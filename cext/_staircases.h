/* Ranks of points with three objectives: bisect over fronts, and in each over its staircase.

   In lexicographic order a front dominates the next point if and only if one of its members is
   nowhere above it in the other two objectives, y and z. So a front is kept as the staircase of its
   minima in (y, z). All staircases live in one arena of 4 n steps, in which one that is full moves
   to twice its room: a front of s members claims 1 + 2 + 4 + ... < 4 s steps in its life.

   O(n log(n)**2) comparisons. Inserting a step moves those behind it in memory: few, unless y and z
   are opposed and x is not, which makes a staircase of a whole front. Then it is given up after
   1000 n moves, which cost about as much as sets of dominators do.

   Source: Kung, Luccio, Preparata (1975), "On finding the maxima of a set of vectors"; bisection
   over the fronts: Zhang, Tian, Cheng, Jin (2015), "An efficient approach to nondominated sorting
   for evolutionary multiobjective optimization", ENS-BS. */
#ifndef PARETIDE_STAIRCASES_H
#define PARETIDE_STAIRCASES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MOST_MOVES = 1000 };

typedef struct {
    double y, z;
} Step;

typedef struct {
    Step *steps; /* y ascending strictly, z descending strictly */
    uint32_t size;
    uint32_t room;
} Staircase;

/* How many steps have an ordinate of at most y. The bisection is free of branches, of which a
   processor would mispredict every other. */
static inline uint32_t steps_up_to(const Staircase *stairs, double y)
{
    const Step *first = stairs->steps;
    uint32_t left = stairs->size;
    while (left > 1) {
        uint32_t half = left / 2;
        first += half & (0 - (uint32_t)(first[half].y <= y));
        left -= half;
    }
    return (uint32_t)(first - stairs->steps) + (left > 0 && first->y <= y);
}

/* Whether a step is nowhere above (y, z); of those up to y the last has the least z. */
static inline int covers(const Staircase *stairs, double y, double z)
{
    uint32_t reached = steps_up_to(stairs, y);
    return reached > 0 && stairs->steps[reached - 1].z <= z;
}

/* Insert a step that is not covered and drop those it covers; return how many it moves. */
static inline uint32_t add_step(Staircase *stairs, double y, double z, Step **unused)
{
    uint32_t first = steps_up_to(stairs, y), last, behind;
    if (first > 0 && stairs->steps[first - 1].y == y)
        first--; /* not covered, so that step is above (y, z) and covered by it */
    for (last = first; last < stairs->size && stairs->steps[last].z >= z; last++) {}
    if (first == last && stairs->size == stairs->room) {
        stairs->room = stairs->room > 0 ? 2 * stairs->room : 1;
        if (stairs->size > 0) memcpy(*unused, stairs->steps, stairs->size * sizeof(Step));
        stairs->steps = *unused;
        *unused += stairs->room;
    }
    behind = stairs->size - last;
    memmove(stairs->steps + first + 1, stairs->steps + last, behind * sizeof(Step));
    stairs->steps[first].y = y;
    stairs->steps[first].z = z;
    stairs->size = first + 1 + behind;
    return behind;
}

/* Rank n distinct points, rows of F (:, 3) in lexicographic order; return 0 if it was given up.
   `fronts` has room for n staircases, `unused` for 4 n steps. */
static int rank_by_staircases(
    const double *F, const uint32_t *points, uint32_t n, uint32_t *rank, Staircase *fronts,
    Step *unused)
{
    static const Staircase empty = {NULL, 0, 0};
    uint64_t moved = 0;
    uint32_t n_fronts = 0;
    for (uint32_t i = 0; i < n; i++) {
        double y = F[3 * (size_t)points[i] + 1], z = F[3 * (size_t)points[i] + 2];
        /* If front k dominates the point so does every front before k, by transitivity. Here
           branches are faster: what is guessed right need not wait for a staircase. */
        uint32_t low = 0, high = n_fronts;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (covers(&fronts[middle], y, z))
                low = middle + 1;
            else
                high = middle;
        }
        if (low == n_fronts) fronts[n_fronts++] = empty;
        moved += add_step(&fronts[low], y, z, &unused);
        if (moved > (uint64_t)n * MOST_MOVES) return 0;
        rank[i] = low;
    }
    return 1;
}

#endif
