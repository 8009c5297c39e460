"""First candidates."""

from .sobol import ScrambledSobol
from .uniform import Uniform

__all__ = ["ScrambledSobol", "Uniform"]
