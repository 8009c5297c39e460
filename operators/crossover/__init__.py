"""Crossover: parents give children."""

from .sbx import SBX

__all__ = ["SBX"]
