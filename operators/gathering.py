"""Rows out of parents and children together."""

from __future__ import annotations

from ..cext.gather import gather, stack

__all__ = ["gather", "stack"]
