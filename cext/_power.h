/* x to the power y in plain arithmetic: a compiler can make vectors of it, and every processor and
   C library gives the same bits.

   x**y = 2**(y log2 x), each by a polynomial. Coefficients: interpolation at Chebyshev nodes, whose
   error relative to the function is below 4e-16 in either.

   With t = y log2 x the relative error of x**y is below (2 + |t|) 1e-15, hence below 1e-12 wherever
   the result is 2**-1021 or more; |t| <= 53 for the roots of random numbers. */
#ifndef PARETIDE_POWER_H
#define PARETIDE_POWER_H

#include <stddef.h>

#include "_bits.h"
#include "_paths.h"

#define PARETIDE_LEAST 0x1p-1022                /* the least normal number */
#define PARETIDE_LOG2_E 1.4426950408889634      /* 1 / log 2 */

/* log2 of x = m 2**k with sqrt(1/2) <= m < sqrt(2); x is normal and positive, or inf (1024).

   log2 m = 2 artanh(s) / log 2 with s = (m - 1) / (m + 1): s times a polynomial of s**2. */
PARETIDE_BODY double paretide_log2(double x)
{
    const uint64_t one = 0x3ff0000000000000, root_half = 0x3fe6a09e667f3bcd;
    uint64_t from_root_half = paretide_bits(x) + (one - root_half);    /* (k + 1023) 2**52 + ... */
    double m = paretide_double((from_root_half & 0x000fffffffffffff) + root_half);
    /* An integer below 2**52 in the low bits of 2**52 is that double plus the integer. */
    double k = paretide_double((from_root_half >> 52) | 0x4330000000000000) - (0x1p52 + 1023.0);
    double s = (m - 1.0) / (m + 1.0), z = s * s;
    double z2 = z * z, z4 = z2 * z2;
    double p = (0x1.71547652b82ffp+1 + 0x1.ec709dc39ca40p-1 * z)
        + z2 * (0x1.2776c516a083cp-1 + 0x1.a61756810b0f8p-2 * z)
        + z4 * ((0x1.484fa9965bc9cp-2 + 0x1.0bb80a92c80ccp-2 * z) + z2 * 0x1.f17dfd13ae0efp-3);
    return k + s * p;
}

/* 2 to the t = n + r with n whole and |r| <= 1/2; t lies in [-1021, 1023]. */
PARETIDE_BODY double paretide_exp2(double t)
{
    /* The sum has no room for a fraction: it rounds t, and its low bits are n. */
    double rounded = t + 0x1.8p52, r = t - (rounded - 0x1.8p52);
    double r2 = r * r, r4 = r2 * r2;
    double p = ((1.0 + 0x1.62e42fefa3a19p-1 * r)
        + r2 * (0x1.ebfbdff82c598p-3 + 0x1.c6b08d703ce49p-5 * r))
        + r4 * ((0x1.3b2ab6fba1ddap-7 + 0x1.5d87fe9d7a584p-10 * r)
                + r2 * (0x1.430913096fd9fp-13 + 0x1.ffcb54062e698p-17 * r))
        + r4 * r4 * ((0x1.62bfd47773353p-20 + 0x1.b675bca4eeebbp-24 * r)
                     + r2 * 0x1.e6063f7217bc6p-28);
    return paretide_double(paretide_bits(p) + (paretide_bits(rounded) << 52));  /* n to the exponent */
}

#define PARETIDE_WHOLE 64.0     /* up to here a whole exponent is reached by squaring */

/* n numbers 0 <= x <= 1, each replaced by its power with one exponent y >= 1; `base` is room for as
   many. A whole y takes products only: their relative error is below y 2**-53. */
PARETIDE_BODY void paretide_powers(double *x, double *base, ptrdiff_t n, double y)
{
    if (y > PARETIDE_WHOLE || y != (double)(int)y) {
        for (ptrdiff_t i = 0; i < n; i++) {
            double t = y * paretide_log2(x[i] > PARETIDE_LEAST ? x[i] : PARETIDE_LEAST);
            x[i] = paretide_exp2(t > -1021.0 ? t : -1021.0);
        }
        return;
    }
    int whole = (int)y, bit = 1;
    while (2 * bit <= whole) bit *= 2;
    for (ptrdiff_t i = 0; i < n; i++) base[i] = x[i];
    while (bit /= 2)    /* from the second highest bit of the exponent down */
        if (whole & bit)
            for (ptrdiff_t i = 0; i < n; i++) x[i] = x[i] * x[i] * base[i];
        else
            for (ptrdiff_t i = 0; i < n; i++) x[i] = x[i] * x[i];
}

/* A power of x, positive, normal and finite, where neither overflows nor underflows. */
PARETIDE_BODY double paretide_power(double x, double y)
{
    return paretide_exp2(y * paretide_log2(x));
}

#endif
