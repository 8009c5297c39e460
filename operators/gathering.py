"""Rows out of parents and children together."""

from __future__ import annotations

from ..cext.gather import gather

__all__ = ["gather"]
