"""Gaps between neighbours along an objective, the terms that crowding distance adds up."""

from libc.math cimport INFINITY, isinf
from libc.stdint cimport int64_t


cdef inline void scaled_range(
    double lowest, double highest, double *scale, double *span
) noexcept nogil:
    """A range, and what to scale values by; halves where the range of finite values overflows."""
    scale[0] = 0.5 if isinf(highest - lowest) else 1.0
    span[0] = highest * scale[0] - lowest * scale[0]


cdef inline void measure(
    const double[:, ::1] points, const int64_t[:, ::1] orders, double[::1] scale, double[::1] span
) noexcept nogil:
    """The scaled range of each objective."""
    cdef Py_ssize_t j, n = points.shape[0]
    for j in range(points.shape[1]):
        scaled_range(points[orders[j, 0], j], points[orders[j, n - 1], j], &scale[j], &span[j])


cdef inline double gap(double below, double above, double scale, double span) noexcept nogil:
    """The distance between two neighbours of a point, as a share of the range: in [0, 1]."""
    return (above * scale - below * scale) / span


cdef inline double linked_distance(
    Py_ssize_t i,
    const double[:, ::1] points,
    const int64_t[:, :, ::1] links,     # (n, n_obj, 2): the neighbours, -1 beyond an extreme
    const double[::1] scale,
    const double[::1] span,
) noexcept nogil:
    """The whole crowding distance of i, always added up in one order so that equals are equal."""
    cdef double total = 0.0
    cdef Py_ssize_t j
    for j in range(points.shape[1]):
        if span[j] == 0.0:
            continue
        if links[i, j, 0] < 0 or links[i, j, 1] < 0:
            return INFINITY
        total += gap(points[links[i, j, 0], j], points[links[i, j, 1], j], scale[j], span[j])
    return total
