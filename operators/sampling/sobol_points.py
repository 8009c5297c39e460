"""Points of the scrambled Sobol sequence: the more of them, the more evenly they fill a cube.

Any 2**m points that follow each other from a multiple of 2**m put one into each of the 2**m
intervals of every axis, whatever the scrambling. ``scipy.stats.qmc`` has the same sequence; to
import it takes longer (about a second) than most samples do, and its draws are not ours to keep,
so only its table of direction numbers is taken.

Sources: I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of
integrals", USSR Comput. Math. Math. Phys. 7(4), 1967; direction numbers of S. Joe, F. Y. Kuo,
"Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30(5),
2008; scrambling of J. Matousek, "On the L2-discrepancy for anchored boxes", J. Complexity 14, 1998
(a random lower triangular matrix of bits for each axis, and a random shift).
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...typing import FloatArray

Words = NDArray[np.uint64]

LARGEST_DIMENSION = 21201
"""For which there are direction numbers."""

BITS = 53
"""Of a coordinate: as many as a float64 in [0, 1) has."""

LONGEST = 2**30
"""Points of one sequence: as far as SciPy's numbers go."""

_TABLE = "stats/_sobol_direction_numbers.npz"
_ONE = np.uint64(1)


def sobol_points(start: int, n: int, d: int, rng: np.random.Generator) -> FloatArray:
    """(n, d) points of a scrambled sequence, from the one at ``start`` on, in [0, 1).

    A generator in the same state gives the same sequence, whatever ``start`` and ``n`` are.
    ``start + n`` is at most ``LONGEST``, ``d`` at most ``LARGEST_DIMENSION``. O(n d log n).

    The points are in the natural order of their numbers, not in that of the Gray code: the same
    ones in every block of 2**m.
    """
    width = max(n - 1, 0).bit_length()  # of a block: 2**width points, no fewer than n
    first, last = start >> width, max(start, start + n - 1) >> width
    columns = ((last + 1 << width) - 1).bit_length()
    shift = rng.integers(0, 2**BITS, size=d, dtype=np.uint64)
    scrambled = _scrambled(direction_numbers(d, columns), rng)
    points = np.empty((last + 1 - first << width, d), dtype=np.uint64)
    for block in range(first, last + 1):  # one or two
        here = points[block - first << width :][: 1 << width]
        here[0] = shift
        for i in range(width, columns):
            if block >> i - width & 1:
                here[0] ^= scrambled[i]
        for i in range(width):  # as many again, those that have bit i
            np.bitwise_xor(here[: 1 << i], scrambled[i], out=here[1 << i : 2 << i])
    chosen = points[start - (first << width) :][:n]
    return np.asarray(chosen * 2.0**-BITS)


def _scrambled(numbers: Words, rng: np.random.Generator) -> Words:
    """(columns, d) direction numbers, each axis times a random lower triangular matrix of bits.

    Its diagonal is 1. Column by column, so that more columns need no other draws for the first.
    """
    columns, d = numbers.shape
    found = np.zeros_like(numbers)
    for i in range(columns):
        place = np.uint64(BITS - 1 - i)
        below = rng.integers(0, _ONE << place, size=d, dtype=np.uint64)
        has = numbers >> place & _ONE  # the later ones, from number i on
        found ^= has * (below | _ONE << place)
    return found


@lru_cache(maxsize=8)
def direction_numbers(d: int, columns: int) -> Words:
    """(columns, d) uint64: point number 2**i of the unscrambled sequence, times 2**53.

    Number i has its leading ``i + 1`` bits alone.
    """
    table = _published()
    if table is None:
        found = _from_points(d, columns)
    else:
        polynomials, first = table
        found = _from_recurrence(polynomials[:d], first[:d], columns)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=1)
def _published() -> tuple[Words, Words] | None:
    """Primitive polynomials (d,) and first numbers m (d, 18), as SciPy brings them; None if not."""
    scipy = importlib.util.find_spec("scipy")
    for folder in (scipy.submodule_search_locations or ()) if scipy else ():
        if (path := Path(folder, _TABLE)).is_file():
            with np.load(path) as table:
                return table["poly"].astype(np.uint64), table["vinit"].astype(np.uint64)
    return None


def _from_recurrence(polynomials: Words, first: Words, columns: int) -> Words:
    """By equations 2 and 3 of Joe and Kuo: v_i of v_(i-1) ... v_(i-s), s the degree."""
    d = len(polynomials)
    lengths = [p.bit_length() - 1 for p in polynomials.tolist()]
    degrees = np.array(lengths, dtype=np.int64)
    v = np.zeros((columns, d), dtype=np.uint64)
    for i in range(columns):
        given = (i < degrees) | (degrees == 0)  # the first axis is that of all ones
        m = np.where(degrees == 0, _ONE, first[:, min(i, first.shape[1] - 1)])
        v[i] = np.where(given, m << np.uint64(BITS - 1 - i), 0)
        for back in range(1, min(i, max(lengths, default=0)) + 1):
            uses = ~given & (back <= degrees)
            shift = np.where(uses, degrees - back, 0).astype(np.uint64)
            v[i] ^= (uses & (polynomials >> shift & _ONE).astype(bool)) * v[i - back]
            v[i] ^= np.where(uses & (back == degrees), v[i - back] >> degrees.astype(np.uint64), 0)
    return v


def _from_points(d: int, columns: int) -> Words:
    """The same from what SciPy promises to have: its points, in the order of the Gray code."""
    from scipy.stats import qmc

    sequence, v = qmc.Sobol(d, scramble=False), np.zeros((columns, d), dtype=np.uint64)
    for i in range(columns):  # whose place is 2**(i + 1) - 1
        sequence.fast_forward(2 ** (i + 1) - 1 - sequence.num_generated)
        v[i] = (sequence.random(1)[0] * 2.0**BITS).astype(np.uint64)
    return v
