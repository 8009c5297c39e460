"""Keeping a value inside an interval, the same bits on every platform.

C's fmin and fmax may return either of -0.0 and 0.0; comparisons leave no choice.
"""


cdef inline double clip(double x, double low, double high) noexcept nogil:
    if x < low:
        return low
    if x > high:
        return high
    return x


cdef inline double positive_part(double x) noexcept nogil:
    return x if x > 0.0 else 0.0
