"""Crossover: parents give children."""

from .sbx import SBX
from .uniform import UniformCrossover

__all__ = ["SBX", "UniformCrossover"]
