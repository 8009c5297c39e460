/* Keeping a value inside an interval, the same bits on every platform.

   C's fmin and fmax may return either of -0.0 and 0.0; comparisons leave no choice. */
#ifndef PARETIDE_CLIP_H
#define PARETIDE_CLIP_H

#include "_paths.h"

PARETIDE_BODY double paretide_clip(double x, double low, double high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

PARETIDE_BODY double paretide_positive_part(double x)
{
    return x > 0.0 ? x : 0.0;
}

#endif
