"""Whether bounds are intervals, without an array in between."""

from libc.math cimport INFINITY


cdef inline bint are_intervals(
    const double *low, const double *high, Py_ssize_t n_var
) noexcept nogil:
    """True if each low <= high and each high - low is finite: what ``_arguments.bounds`` asks."""
    cdef Py_ssize_t j
    for j in range(n_var):
        if not 0.0 <= high[j] - low[j] < INFINITY:
            return False
    return True
