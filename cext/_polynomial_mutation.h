/* The values of polynomial mutation, for a block of mutated variables.

   Source: Deb, Goyal (1996), "A combined genetic adaptive search (GeneAS) for engineering design",
   in the form with a distance to either bound of Deb's NSGA-II code. */
#ifndef PARETIDE_POLYNOMIAL_MUTATION_H
#define PARETIDE_POLYNOMIAL_MUTATION_H

#include <stddef.h>

#include "_clip.h"
#include "_power.h"
#include "_unit.h"

#define PARETIDE_MUTATED 256    /* variables in a block */

/* A mutated variable in each column. */
typedef struct {
    double x[PARETIDE_MUTATED], low[PARETIDE_MUTATED], high[PARETIDE_MUTATED];
    uint64_t word[PARETIDE_MUTATED];        /* random: 52 bits are u */
    ptrdiff_t place[PARETIDE_MUTATED];      /* of the value in the matrix of candidates */
} paretide_mutated;

PARETIDE_BODY void paretide_mutate_body(paretide_mutated *block, ptrdiff_t n, double power)
{
    double rest[PARETIDE_MUTATED], base[PARETIDE_MUTATED];      /* (1 - delta)**power */
    for (ptrdiff_t i = 0; i < n; i++) {
        double low = block->low[i], high = block->high[i], x = block->x[i];
        int down = paretide_unit(block->word[i]) < 0.5;
        double delta = (down ? x - low : high - x) / (high - low);      /* delta_1 or delta_2 */
        /* A value that rounding put outside has no room, rather than the power of a negative. */
        rest[i] = paretide_positive_part(1.0 - delta);
    }
    paretide_powers(rest, base, n, power);
    for (ptrdiff_t i = 0; i < n; i++) {
        double low = block->low[i], high = block->high[i], x = block->x[i];
        double u = paretide_unit(block->word[i]);
        int down = u < 0.5;
        double v = down ? u : 1.0 - u;      /* the quantile from its end */
        double share = 2.0 * v + (1.0 - 2.0 * v) * rest[i];
        double step = (1.0 - paretide_power(share, 1.0 / power)) * (high - low);
        block->x[i] = paretide_clip(down ? x - step : x + step, low, high);
    }
}

PARETIDE_PATHS(paretide_mutate, (paretide_mutated *block, ptrdiff_t n, double power),
               (block, n, power))

#endif
