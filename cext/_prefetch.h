/* A hint: these bytes will be read soon. */
#ifndef PARETIDE_PREFETCH_H
#define PARETIDE_PREFETCH_H

#include <stddef.h>

static inline void paretide_prefetch(const void *start, size_t size)
{
#if defined(__GNUC__) || defined(__clang__)
    /* A few lines; what follows them the processor foresees. */
    for (size_t i = 0; i < size && i < 512; i += 64)
        __builtin_prefetch((const char *)start + i);
#endif
}

#endif
