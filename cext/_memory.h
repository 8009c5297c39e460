/* Memory for one call: a little of it at hand, so that small calls ask the system for none. */
#ifndef PARETIDE_MEMORY_H
#define PARETIDE_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { AT_HAND = 32768, MOST_BLOCKS = 24, CACHE_LINE = 64 };

/* All of it is given back at once; `missing` if some could not be had. */
typedef struct {
    size_t used; /* of what is at hand */
    int n_blocks;
    int missing;
    void *blocks[MOST_BLOCKS];
    char at_hand[AT_HAND + CACHE_LINE];
} Memory;

static inline void open_memory(Memory *memory)
{
    memory->used = 0;
    memory->n_blocks = memory->missing = 0;
}

/* Uninitialized, at the start of a cache line; NULL if there is none. */
static inline void *take(Memory *memory, size_t count, size_t size)
{
    size_t wanted = (count * size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    char *block = memory->at_hand + memory->used;
    if (wanted <= AT_HAND - memory->used) {
        memory->used += wanted;
    } else if ((block = malloc(wanted + CACHE_LINE)) != NULL) {
        memory->blocks[memory->n_blocks++] = block;
    } else {
        memory->missing = 1;
        return NULL;
    }
    return block + (CACHE_LINE - (uintptr_t)block % CACHE_LINE) % CACHE_LINE;
}

static inline void give_back(Memory *memory)
{
    while (memory->n_blocks > 0) free(memory->blocks[--memory->n_blocks]);
}

#endif
