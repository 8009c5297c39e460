"""Pareto dominance: the non-domination rank of every point.

Each method stands in a file of its own, with its source. Which is taken, in bold, was measured: in
milliseconds for points uniform in the cube, one thread of an AMD EPYC (Zen 4) with AVX-512.
``benchmarks/ranks.py`` measures the whole.

============  =========================  ======  ======  =======  ========
objectives    method                     N=200   N=2000  N=20000  N=200000
============  =========================  ======  ======  =======  ========
2             **sweep**                  0.0042   0.047     0.67        12
2             sets of dominators         0.0049   0.10      2.5         42
3             **staircases**, N > 2000   0.0086   0.13      6.0         62
3             **sets**, N <= 2000        0.0061   0.14      6.1        102
5             sets, never divided        0.0087   0.20     13          302
5             **sets**, divided > 16384  0.0087   0.20      7.9        310
============  =========================  ======  ======  =======  ========

Up to 256 points have whole sets of dominators; more are taken in blocks (``_few_sets.h``,
``_dominator_sets.h``). That survival needs no ranks beyond some front saves no time: every method
takes the points in lexicographic order, of which the last may belong to the first front, so that
none can stop early.
"""

import numpy as np

from ..errors import ShapeError
from ._arguments import matrix

cimport numpy as cnp
from libc.stdint cimport UINT32_MAX, int64_t, uint32_t


cdef extern from "_ranks.h" nogil:
    enum: BEST, SWEEP, STAIRCASES, DOMINATOR_SETS, DIVISION
    bint rank_rows(
        const double *F, uint32_t n, int m, int method, int64_t *rank, uint32_t *orders
    )


cnp.import_array()


def nondominated_rank(F):
    """Rank points by non-dominated sorting.

    Rank 0 are the points that no point dominates; rank r those that only points of ranks below r
    dominate, at least one of them of rank r - 1. Equal rows have equal ranks.

    Parameters
    ----------
    F : (n, n_obj) float64
        Objectives, minimized, finite, ``n_obj >= 1``, ``n < 2**32 - 1``.

    Returns
    -------
    rank : (n,) int64
        In [0, n).

    Raises
    ------
    ShapeError
        `F` is not two-dimensional, has no column, or too many rows.
    MemoryError
        There is no room for O(n n_obj) numbers.

    Notes
    -----
    O(n log n) for one and two objectives, O(n log(n)**2) comparisons for three. For more
    O(n_obj n**2 / 512) steps of a few instructions each, or, for many points,
    O(n log(n)**(n_obj - 1)). O(n n_obj) memory.

    Source: the definition: Deb, Pratap, Agarwal, Meyarivan (2002), section III.A. The methods name
    theirs in ``_sweep.h``, ``_staircases.h``, ``_dominator_sets.h`` and ``_divide.h``.
    """
    return _rank(F, BEST)


def _rank_by(method, F):
    """The ranks by a method that is not chosen but given; the tests compare them."""
    methods = {
        "sweep": SWEEP,
        "staircases": STAIRCASES,
        "dominator sets": DOMINATOR_SETS,
        "division": DIVISION,
    }
    return _rank(F, methods[method])


cdef cnp.ndarray _rank(object F, int method):
    cdef cnp.ndarray points, rank
    cdef cnp.npy_intp n, m
    cdef bint done
    # What matrix() would return as it is. To ask here takes a tenth of the time.
    if (
        type(F) is cnp.ndarray
        and cnp.PyArray_TYPE(F) == cnp.NPY_DOUBLE
        and cnp.PyArray_NDIM(F) == 2
        and cnp.PyArray_ISCARRAY_RO(F)
    ):
        points = F
    else:
        points = matrix(F, "F", np.float64)
    n, m = cnp.PyArray_DIM(points, 0), cnp.PyArray_DIM(points, 1)
    if m == 0:
        raise ShapeError(f"F must have at least one objective; got shape ({n}, {m})")
    if n >= UINT32_MAX:
        raise ShapeError(f"F must have fewer than 2**32 - 1 rows; got {n}")
    rank = cnp.PyArray_SimpleNew(1, &n, cnp.NPY_INT64)
    if n == 0:
        return rank
    with nogil:
        done = rank_rows(
            <const double *>cnp.PyArray_DATA(points), <uint32_t>n, <int>m, method,
            <int64_t *>cnp.PyArray_DATA(rank), NULL,
        )
    if not done:
        raise MemoryError(f"not enough memory to rank {n} points with {m} objectives")
    return rank
