"""First candidates."""

from .uniform import Uniform

__all__ = ["Uniform"]
