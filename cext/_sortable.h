/* Doubles as integers of the same order. */
#ifndef PARETIDE_SORTABLE_H
#define PARETIDE_SORTABLE_H

#include <stdint.h>
#include <string.h>

/* The order of keys is that of the values; equal values have equal keys. */
static inline uint64_t sortable(double value)
{
    uint64_t bits;
    value += 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((0 - (bits >> 63)) | (uint64_t)1 << 63);
}

#endif
