"""Mating selection: who becomes a parent."""

from .tournament import Tournament, binary_tournament

__all__ = ["Tournament", "binary_tournament"]
