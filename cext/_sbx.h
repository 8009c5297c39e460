/* The values of simulated binary crossover, for a block of crossed variables.

   Source: Deb, Sindhya, Okabe (2007), "Self-adaptive simulated binary crossover for real-parameter
   optimization": the distribution bent by the bounds. With c = beta**-power the published
   2 - u (2 - c) is written 2 (1 - u) + u c, which cancels nothing. Sums of two values are taken of
   their halves, which are exact and do not overflow near the largest number. */
#ifndef PARETIDE_SBX_H
#define PARETIDE_SBX_H

#include <stddef.h>

#include "_clip.h"
#include "_power.h"
#include "_unit.h"

/* Nearer than this two parents' values are taken for equal (the constant of Deb's NSGA-II code). */
#define PARETIDE_APART 1e-14

#define PARETIDE_CROSSED 256    /* variables in a block: 12 KiB, well inside the first cache */

/* A variable of a pair in each column: the parents' values, which become the children's. */
typedef struct {
    double first[PARETIDE_CROSSED], second[PARETIDE_CROSSED];
    double low[PARETIDE_CROSSED], high[PARETIDE_CROSSED];
    uint64_t word[PARETIDE_CROSSED];        /* random: 52 bits are u, the lowest swaps the children */
    ptrdiff_t place[PARETIDE_CROSSED];      /* of the first value in the matrix of children */
} paretide_crossed;

/* 1 / beta: what beta_q can at most be, where `room` is the distance from the outer parent to its
   bound, and `half` that between the parents, halved. Parents that rounding put outside have no
   room, rather than a negative one. */
PARETIDE_BODY double paretide_bound(double room, double half)
{
    return half / (half + paretide_positive_part(room));
}

/* The spread factor beta_q, children's distance over parents', at quantile u, where c is
   beta**-power. */
PARETIDE_BODY double paretide_spread(double u, double c, double power)
{
    double inner = u * (2.0 - c), outer = 2.0 * (1.0 - u) + u * c;
    int contracting = inner <= 1.0;     /* beta_q <= 1; otherwise expanding, up to beta at u = 1 */
    return paretide_power(contracting ? inner : outer, contracting ? 1.0 / power : -1.0 / power);
}

PARETIDE_BODY void paretide_cross_body(paretide_crossed *block, ptrdiff_t n, double power)
{
    double down[PARETIDE_CROSSED], up[PARETIDE_CROSSED], base[PARETIDE_CROSSED];
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = block->first[i], b = block->second[i];
        double lesser = a < b ? a : b, greater = a < b ? b : a, half = 0.5 * (greater - lesser);
        down[i] = paretide_bound(lesser - block->low[i], half);
        up[i] = paretide_bound(block->high[i] - greater, half);
    }
    paretide_powers(down, base, n, power);
    paretide_powers(up, base, n, power);
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = block->first[i], b = block->second[i], middle = 0.5 * a + 0.5 * b;
        double half = 0.5 * (a < b ? b - a : a - b), u = paretide_unit(block->word[i]);
        double lesser = middle - paretide_spread(u, down[i], power) * half;
        double greater = middle + paretide_spread(u, up[i], power) * half;
        lesser = paretide_clip(lesser, block->low[i], block->high[i]);
        greater = paretide_clip(greater, block->low[i], block->high[i]);
        int swapped = block->word[i] & 1;
        block->first[i] = swapped ? greater : lesser;
        block->second[i] = swapped ? lesser : greater;
    }
}

PARETIDE_PATHS(paretide_cross, (paretide_crossed *block, ptrdiff_t n, double power),
               (block, n, power))

#endif
