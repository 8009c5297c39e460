"""Mating selection: who becomes a parent."""

from .tournament import binary_tournament

__all__ = ["binary_tournament"]
