"""Staircases: of the members of each front, the minima in two objectives, ascending in the first.

A point that comes later in the order of a third objective is dominated by the front if and only if
it is by a step. All staircases live in one arena of 4 n steps, in which a staircase that is full
moves to twice its room: a front of s members claims 1 + 2 + 4 + ... < 4 s steps in its life.
"""

from libc.string cimport memcpy, memmove


cdef struct Step:
    double y
    double z


cdef struct Staircase:
    Step *steps         # y ascending strictly, z descending strictly
    Py_ssize_t size
    Py_ssize_t room


cdef inline Py_ssize_t steps_up_to(const Staircase *stairs, double y) noexcept nogil:
    """How many steps have an ordinate of at most y: a bisection."""
    cdef Py_ssize_t low = 0, high = stairs.size, middle
    while low < high:
        middle = (low + high) // 2
        if stairs.steps[middle].y <= y:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline bint covers(const Staircase *stairs, double y, double z) noexcept nogil:
    """Whether a step is nowhere above (y, z); of those up to y the last has the least z."""
    cdef Py_ssize_t reached = steps_up_to(stairs, y)
    return reached > 0 and stairs.steps[reached - 1].z <= z


cdef inline Step *add_step(Staircase *stairs, double y, double z, Step *unused) noexcept nogil:
    """Insert a step that is not covered, drop those it covers; return what is left of the arena."""
    cdef Py_ssize_t first = steps_up_to(stairs, y), last
    if first > 0 and stairs.steps[first - 1].y == y:
        first -= 1      # not covered, so that step is above (y, z) and covered by it
    last = first
    while last < stairs.size and stairs.steps[last].z >= z:
        last += 1
    if first == last and stairs.size == stairs.room:
        stairs.room = 2 * stairs.room if stairs.room > 0 else 1
        if stairs.size > 0:
            memcpy(unused, stairs.steps, stairs.size * sizeof(Step))
        stairs.steps = unused
        unused += stairs.room
    memmove(
        stairs.steps + first + 1, stairs.steps + last, (stairs.size - last) * sizeof(Step)
    )
    stairs.steps[first].y = y
    stairs.steps[first].z = z
    stairs.size += 1 - (last - first)
    return unused
