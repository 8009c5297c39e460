"""Gaps between neighbours along an objective, the terms that crowding distance adds up."""

from libc.math cimport INFINITY, isinf


cdef inline void scaled_range(
    double lowest, double highest, double *scale, double *span
) noexcept nogil:
    """A range, and what to scale values by; halves where the range of finite values overflows."""
    scale[0] = 0.5 if isinf(highest - lowest) else 1.0
    span[0] = highest * scale[0] - lowest * scale[0]


cdef inline double gap(double below, double above, double scale, double span) noexcept nogil:
    """The distance between two neighbours of a point, as a share of the range: in [0, 1]."""
    return (above * scale - below * scale) / span


cdef inline void gaps_along(
    const double *values, Py_ssize_t n, double scale, double span, double *gaps
) noexcept nogil:
    """The gap around each of n >= 1 ascending values: inf at both ends, 0 without a range."""
    cdef Py_ssize_t p
    for p in range(n if span == 0.0 else 0):
        gaps[p] = 0.0
    if span == 0.0:
        return
    for p in range(1, n - 1):
        gaps[p] = gap(values[p - 1], values[p + 1], scale, span)
    gaps[0] = gaps[n - 1] = INFINITY
