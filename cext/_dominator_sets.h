/* Ranks by sets of dominators, as bits: any number of objectives.

   Points are numbered so that none is dominated by a later one, and have distinct ordinals in each
   of the other objectives (_order.h). They are taken in blocks of 256 members. A later point's
   dominators in a block are an intersection over the objectives: of the members with ordinals below
   its own, one of 257 sets, which are tabulated. So a pair (later point, block) costs one count of
   members below, one load and one AND for each objective: 256 pairs of points at once. Blocks of
   512 were slower: their tables leave the first cache.

   Within a block the ranks are found first; then its members are numbered by rank, the highest
   first, so that the lowest bit of an intersection is a dominator of the highest rank.

   n**2 / 512 such pairs; beside the ordinals O(n) memory.

   Source: dominators as intersections of sets of bits: Moreno, Rodriguez, Nebro, Lozano (2022),
   "Merge nondominated sorting algorithm for many-objective optimization". Tables of sets, block by
   block: Arlazarov, Dinic, Kronrod, Faradzev (1970), the "method of the four Russians". */
#ifndef PARETIDE_DOMINATOR_SETS_H
#define PARETIDE_DOMINATOR_SETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "_words.h"
#include "_paths.h"
#include "_radix.h"

enum { SET_WORDS = 4, BLOCK = 64 * SET_WORDS };

#if defined(__GNUC__) || defined(__clang__)
typedef uint64_t Set __attribute__((vector_size(8 * SET_WORDS)));
#define SET_WORD(set, w) ((set)[w])
#define INTERSECT(set, other) ((set) &= (other))
#define ADD_MEMBER(set, i) \
    ((set) |= (Set)((Set){0, 1, 2, 3} == (uint64_t)(i) / 64) & ((uint64_t)1 << (i) % 64))
#else
typedef struct {
    uint64_t words[SET_WORDS];
} Set;
#define SET_WORD(set, w) ((set).words[w])
#define INTERSECT(set, other) \
    do { \
        for (int w_ = 0; w_ < SET_WORDS; w_++) (set).words[w_] &= (other).words[w_]; \
    } while (0)
#define ADD_MEMBER(set, i) ((set).words[(i) / 64] |= (uint64_t)1 << (i) % 64)
#endif

/* 64 ordinals of an objective: which are members of the block, and the set of members below. */
typedef struct {
    uint64_t members;
    const Set *below; /* in the table: the next entries have one more of the members each */
} Ordinals;

typedef struct {
    uint32_t n;
    int dimensions;          /* objectives less the one that the order of the points settles */
    const uint32_t *ordinal; /* (n, dimensions) */
    const uint32_t *sorted;  /* (dimensions, n): the point with each ordinal */
    uint32_t *rank;          /* (n,): what is known so far, at least */
    Ordinals *ordinals;      /* (dimensions, n / 64 + 1) */
    Set *tables;             /* (dimensions, BLOCK + 1): the members below each place */
    uint8_t *ascending;      /* (dimensions, BLOCK): the members, sorted */
} Ranking;

/* Sort the block's members by objective j, and enter them into its ordinals. */
static void sort_block(const Ranking *all, uint32_t block, uint32_t size, int j)
{
    uint32_t n_words = all->n / 64 + 1, count = 0;
    Ordinals *ordinals = all->ordinals + (size_t)j * n_words;
    const uint32_t *sorted = all->sorted + (size_t)j * all->n;
    uint8_t *ascending = all->ascending + j * BLOCK;
    const Set *table = all->tables + (size_t)j * (BLOCK + 1);
    for (uint32_t w = 0; w < n_words; w++) ordinals[w].members = 0;
    for (uint32_t k = 0; k < size; k++) {
        uint32_t ordinal = all->ordinal[(size_t)(block + k) * all->dimensions + j];
        ordinals[ordinal / 64].members |= (uint64_t)1 << ordinal % 64;
    }
    for (uint32_t w = 0; w < n_words; w++) {
        ordinals[w].below = table + count;
        for (uint64_t left = ordinals[w].members; left; left &= left - 1)
            ascending[count++] = (uint8_t)(sorted[64 * w + lowest_bit(left)] - block);
    }
}

/* Number up to 256 members by rank, descending: bit_of[k] is the number of member k, and above[b]
   one more than the rank of number b. above[size] is 0: no dominator demands anything. */
static void number_by_rank(const uint32_t *rank, uint32_t size, uint8_t *bit_of, uint32_t *above)
{
    uint64_t words[2 * BLOCK];
    uint32_t low = rank[0], high = rank[0];
    int digits = 1;
    for (uint32_t k = 1; k < size; k++) {
        low = rank[k] < low ? rank[k] : low;
        high = rank[k] > high ? rank[k] : high;
    }
    while (digits < MOST_DIGITS && (high - low) >> 8 * digits) digits++;
    for (uint32_t k = 0; k < size; k++) words[k] = (uint64_t)(high - rank[k]) << 32 | k;
    sort_by_digits(words, words + size, size, digits);
    for (uint32_t bit = 0; bit < size; bit++) {
        uint32_t k = (uint32_t)words[bit];
        bit_of[k] = (uint8_t)bit;
        above[bit] = rank[k] + 1;
    }
    above[size] = 0;
}

/* Rank members start to end of a block, at most 64: dominators[k], those of member k among them. */
static void rank_members(uint32_t start, uint32_t end, const uint64_t *dominators, uint32_t *rank)
{
    for (uint32_t k = start; k < end; k++) {
        for (uint64_t left = dominators[k]; left;) {
            int bit = highest_bit(left);
            uint32_t other = start + bit;
            rank[k] = rank[k] > rank[other] ? rank[k] : rank[other] + 1;
            /* Whatever dominates the other has a lower rank than it. */
            left &= ~(dominators[other] | (uint64_t)1 << bit);
        }
    }
}

/* Raise the ranks of a block's members from `end` on above those of the 64 before it. */
static void raise_members(const Ranking *all, uint32_t end, uint32_t size, uint32_t *rank)
{
    uint8_t bit_of[64];
    uint32_t above[64 + 1];
    uint64_t bit[BLOCK] = {0}, common[BLOCK];
    number_by_rank(rank + end - 64, 64, bit_of, above);
    for (uint32_t k = 0; k < 64; k++) bit[end - 64 + k] = (uint64_t)1 << bit_of[k];
    memset(common, 255, sizeof common);
    for (int j = 0; j < all->dimensions; j++) {
        const uint8_t *ascending = all->ascending + j * BLOCK;
        uint64_t below = 0;
        for (uint32_t o = 0; o < size; o++) {
            common[ascending[o]] &= below;
            below |= bit[ascending[o]];
        }
    }
    for (uint32_t k = end; k < size; k++) {
        uint32_t least = above[common[k] ? lowest_bit(common[k]) : 64];
        rank[k] = rank[k] > least ? rank[k] : least;
    }
}

/* Rank the members of a block, of which `rank` holds what earlier blocks demand: 64 by 64. */
static void rank_block(const Ranking *all, uint32_t block, uint32_t size)
{
    uint64_t dominators[BLOCK]; /* of each member, among the 64 that it belongs to */
    uint32_t *rank = all->rank + block;
    for (uint32_t k = 0; k < size; k++) dominators[k] = ((uint64_t)1 << k % 64) - 1;
    for (int j = 0; j < all->dimensions; j++) {
        const uint8_t *ascending = all->ascending + j * BLOCK;
        uint64_t below[SET_WORDS] = {0};
        for (uint32_t o = 0; o < size; o++) {
            uint32_t k = ascending[o];
            dominators[k] &= below[k / 64];
            below[k / 64] |= (uint64_t)1 << k % 64;
        }
    }
    for (uint32_t start = 0; start < size; start += 64) {
        uint32_t end = size - start < 64 ? size : start + 64;
        rank_members(start, end, dominators, rank);
        if (end < size) raise_members(all, end, size, rank);
    }
}

/* Tabulate a block: the set of the members below each place in each objective. */
static void tabulate(const Ranking *all, uint32_t size, const uint8_t *bit_of)
{
    for (int j = 0; j < all->dimensions; j++) {
        const uint8_t *ascending = all->ascending + j * BLOCK;
        uint64_t below[SET_WORDS] = {0};
        uint64_t *words = (uint64_t *)(all->tables + (size_t)j * (BLOCK + 1));
        for (uint32_t o = 0; o < size; o++) {
            uint32_t bit = bit_of[ascending[o]];
            for (uint32_t w = 0; w < SET_WORDS; w++) {
                *words++ = below[w];
                below[w] |= (uint64_t)(bit / 64 == w) << bit % 64;
            }
        }
        memcpy(words, below, sizeof below);
    }
}

/* Raise the ranks of the points from `first` on above those of their dominators in the block. */
PARETIDE_BODY void raise_ranks_body(const Ranking *all, uint32_t first, const uint32_t *above)
{
    const uint32_t n = all->n, n_words = n / 64 + 1, top = above[0];
    const int dimensions = all->dimensions;
    const Ordinals *const all_ordinals = all->ordinals;
    const uint32_t *ordinal = all->ordinal + (size_t)first * dimensions;
    uint32_t *rank = all->rank;
    for (uint32_t i = first; i < n; i++, ordinal += dimensions) {
        if (rank[i] >= top) continue; /* the block has nothing to add */
        const Ordinals *ordinals = all_ordinals;
        Set common;
        memset(&common, 255, sizeof common);
        for (int j = 0; j < dimensions; j++, ordinals += n_words) {
            const Ordinals *around = ordinals + ordinal[j] / 64;
            /* The point is no member, so that members up to its ordinal are those below. */
            uint64_t members = around->members << (63 - ordinal[j] % 64);
            INTERSECT(common, around->below[count_bits(members)]);
        }
        /* The lowest member, BLOCK if there is none; free of branches, since any outcome is likely:
           in the first word that is not zero, or in the last, with a bit added to be found. */
        uint64_t words[SET_WORDS], seen = 0;
        uint32_t w = 0;
        for (int k = 0; k < SET_WORDS; k++) words[k] = SET_WORD(common, k);
        for (int k = 0; k < SET_WORDS - 1; k++) {
            seen |= words[k];
            w += !seen;
        }
        uint32_t lowest = 64 * w + lowest_bit(words[w] | (uint64_t)1 << 63) + !words[w];
        rank[i] = rank[i] > above[lowest] ? rank[i] : above[lowest];
    }
}

PARETIDE_PATHS(raise_ranks, (const Ranking *all, uint32_t first, const uint32_t *above),
               (all, first, above))

/* Raise the ranks of the points from `first` on above those of the block, which are known. */
static void raise_by_block(const Ranking *all, uint32_t block, uint32_t size, uint32_t first)
{
    uint8_t bit_of[BLOCK];
    uint32_t above[BLOCK + 1];
    number_by_rank(all->rank + block, size, bit_of, above);
    above[BLOCK] = 0;
    tabulate(all, size, bit_of);
    raise_ranks(all, first, above);
}

/* Rank all points; their ranks are 0 before, or what other points demand. */
static void rank_by_dominator_sets(const Ranking *all)
{
    for (uint32_t block = 0; block < all->n; block += BLOCK) {
        uint32_t size = all->n - block < BLOCK ? all->n - block : BLOCK;
        for (int j = 0; j < all->dimensions; j++) sort_block(all, block, size, j);
        rank_block(all, block, size);
        if (block + size < all->n) raise_by_block(all, block, size, block + size);
    }
}

/* Raise the ranks of all points but the first n_first, whose ranks are known, above theirs. */
static void raise_by_first(const Ranking *all, uint32_t n_first)
{
    for (uint32_t block = 0; block < n_first; block += BLOCK) {
        uint32_t size = n_first - block < BLOCK ? n_first - block : BLOCK;
        for (int j = 0; j < all->dimensions; j++) sort_block(all, block, size, j);
        raise_by_block(all, block, size, n_first);
    }
}

#endif
