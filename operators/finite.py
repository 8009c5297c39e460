"""Whether values can be ranked at all."""

from __future__ import annotations

from ..cext.finite import all_finite

__all__ = ["all_finite"]
