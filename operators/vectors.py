"""Short vectors that every generation needs."""

from __future__ import annotations

from ..cext.vectors import arange_int64, full_float64, full_int32

__all__ = ["arange_int64", "full_float64", "full_int32"]
