"""Gaps between neighbours along an objective, the terms that crowding distance adds up."""

from libc.math cimport INFINITY, isinf
from libc.stdint cimport int64_t


cdef inline void measure(
    const double[:, ::1] points, const int64_t[:, ::1] orders, double[::1] scale, double[::1] span
) noexcept nogil:
    """The range of each objective; halved where the range of finite values is not finite."""
    cdef Py_ssize_t j, n = points.shape[0]
    cdef double lowest, highest
    for j in range(points.shape[1]):
        lowest = points[orders[j, 0], j]
        highest = points[orders[j, n - 1], j]
        scale[j] = 0.5 if isinf(highest - lowest) else 1.0
        span[j] = highest * scale[j] - lowest * scale[j]


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
