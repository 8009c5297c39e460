"""Gaps between neighbours along an objective, the terms that crowding distance adds up."""

from libc.math cimport isinf


cdef inline void scaled_range(
    double lowest, double highest, double *scale, double *span
) noexcept nogil:
    """A range, and what to scale values by; halves where the range of finite values overflows."""
    scale[0] = 0.5 if isinf(highest - lowest) else 1.0
    span[0] = highest * scale[0] - lowest * scale[0]


cdef inline double gap(double below, double above, double scale, double span) noexcept nogil:
    """The distance between two neighbours of a point, as a share of the range: in [0, 1]."""
    return (above * scale - below * scale) / span
