/* A random number in (0, 1), never an end of it: 52 bits of a random word, and a half. */
#ifndef PARETIDE_UNIT_H
#define PARETIDE_UNIT_H

#include "_bits.h"
#include "_paths.h"

PARETIDE_BODY double paretide_unit(uint64_t word)
{
    /* In [1, 2) doubles are 2**-52 apart; the difference is exact. */
    return paretide_double((word >> 12) | 0x3ff0000000000000) - (1.0 - 0x1p-53);
}

#endif
