"""What is optimized: spaces, variables, constraints, problems and the suites."""

from .constraints import equal, lower, upper
from .context import Context
from .problem import Problem
from .space import Binary, Integer, Real, Space
from .variables import Bool, Choice, Float, Int, Ordinal

__all__ = [
    "Binary",
    "Bool",
    "Choice",
    "Context",
    "Float",
    "Int",
    "Integer",
    "Ordinal",
    "Problem",
    "Real",
    "Space",
    "equal",
    "lower",
    "upper",
]
