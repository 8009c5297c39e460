/* Ranks of points with one or two objectives: a sweep in lexicographic order. O(n log n).

   Source: Jensen (2003), "Reducing the run-time complexity of multiobjective EAs: the NSGA-II and
   other algorithms", the sweep in two objectives. */
#ifndef PARETIDE_SWEEP_H
#define PARETIDE_SWEEP_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* A bisection ends when so many are left, which are counted at once. */
enum { WIDTH = 8 };

/* One objective: the rank counts the distinct smaller values. */
static void rank_values(const double *F, const uint32_t *rows, uint32_t n, int64_t *rank)
{
    int64_t distinct = 0;
    for (uint32_t i = 0; i < n; i++) {
        distinct += i > 0 && F[rows[i - 1]] < F[rows[i]];
        rank[rows[i]] = distinct;
    }
}

/* Two objectives: lowest[k], the least second objective in front k so far, ascends with k. There is
   room for n + WIDTH of them: so many infinite ones follow the last. */
static void rank_by_sweep(
    const double *F, const uint32_t *rows, uint32_t n, int64_t *rank, double *lowest)
{
    uint32_t n_fronts = 0, front = 0;
    for (int k = 0; k < WIDTH; k++) lowest[k] = INFINITY;
    double last_x = 0.0, last_y = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        double x = F[2 * (size_t)rows[i]], y = F[2 * (size_t)rows[i] + 1];
        if (i == 0 || x != last_x || y != last_y) {
            /* A front dominates the point if and only if its lowest is not above it: bisect for the
               first that is, without branches, every other of which would be mispredicted. The
               point then lies below all of that front and is its new lowest. */
            front = 0;
            if (lowest[0] <= y) { /* guessed well: most points are in the first front, or few */
                uint32_t left = n_fronts;
                int64_t reached = 0;
                while (left > WIDTH) {
                    uint32_t half = left / 2;
                    front += half & (0 - (uint32_t)(lowest[front + half - 1] <= y));
                    left -= half;
                }
                for (int k = 0; k < WIDTH; k++) reached += lowest[front + k] <= y;
                front += (uint32_t)reached;
            }
            if (front >= n_fronts) {
                front = n_fronts++;
                lowest[front + WIDTH] = INFINITY;
            }
            lowest[front] = y;
            last_x = x;
            last_y = y;
        }
        rank[rows[i]] = front;
    }
}

#endif
