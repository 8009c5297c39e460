"""A tournament of points, the next to be removed wins; eight play each other at a time.

Keys only grow. One that grows changes nothing unless its point had won its first match.

Source: Knuth (1998), "The Art of Computer Programming", volume 3, section 5.4.1: trees of winners.
"""

from libc.stdint cimport uint32_t, uint64_t

from _memory cimport Memory, take


cdef extern from "_match.h" nogil:
    enum: PLAYERS
    uint32_t least_of_match(const uint64_t *key)
    int count_equal(const uint64_t *key, uint64_t least)

cdef enum:
    MOST_ROUNDS = 12        # 8 ** 12 points

cdef extern from *:
    """
    #define GONE UINT64_MAX
    """
    const uint64_t GONE


cdef struct Tree:
    Py_ssize_t n_rounds
    Py_ssize_t[MOST_ROUNDS + 1] start   # of the players of each round; after the last, of the winner
    uint64_t *key                       # of every player, GONE where there is none
    uint32_t *point                     # who they are; in the first round each is its own number
    const double *priority              # (n,): among equal keys the smaller goes first


cdef inline void open_tree(
    Tree *tree, Py_ssize_t n, const double *priority, Memory *memory
) noexcept nogil:
    """Take memory for n >= 1 points; see whether it is missing before anything else."""
    cdef Py_ssize_t i, players = n, end = 0
    tree.n_rounds, tree.priority = 0, priority
    while players > 1 or end == 0:
        players = (players + PLAYERS - 1) // PLAYERS
        tree.start[tree.n_rounds] = end
        tree.n_rounds += 1
        end += players * PLAYERS
    tree.start[tree.n_rounds] = end
    tree.key = <uint64_t *>take(memory, end + 1, sizeof(uint64_t))
    tree.point = <uint32_t *>take(memory, end + 1, sizeof(uint32_t))
    if memory.missing:
        return
    for i in range(end):
        tree.key[i], tree.point[i] = GONE, <uint32_t>i


cdef inline void play(Tree *tree, Py_ssize_t r, Py_ssize_t match) noexcept nogil:
    """The least key wins, then the least priority, then the first; it goes on to the next round."""
    cdef Py_ssize_t first = tree.start[r] + match * PLAYERS, next = tree.start[r + 1] + match
    cdef const uint64_t *key = tree.key + first
    cdef const uint32_t *point = tree.point + first
    cdef uint32_t best = least_of_match(key), i
    cdef uint64_t least = key[best]
    if count_equal(key, least) > 1 and least != GONE:
        for i in range(best + 1, PLAYERS):
            if key[i] == least and tree.priority[point[i]] < tree.priority[point[best]]:
                best = i
    tree.key[next], tree.point[next] = least, point[best]


cdef inline void play_all(Tree *tree) noexcept nogil:
    """Every match, once the keys of the first round are there."""
    cdef Py_ssize_t r, match
    for r in range(tree.n_rounds):
        for match in range((tree.start[r + 1] - tree.start[r]) // PLAYERS):
            play(tree, r, match)


cdef inline void rekey(Tree *tree, uint32_t point, uint64_t key) noexcept nogil:
    """A point's key grows: it plays again every match that it had won, and whoever won after it."""
    cdef Py_ssize_t r, match = point // PLAYERS
    tree.key[point] = key
    for r in range(tree.n_rounds):
        if tree.point[tree.start[r + 1] + match] != point:
            break
        play(tree, r, match)
        match //= PLAYERS


cdef inline uint32_t winner_of_all(const Tree *tree) noexcept nogil:
    return tree.point[tree.start[tree.n_rounds]]
