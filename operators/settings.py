"""Numbers that operators are set with, read and refused by name."""

from __future__ import annotations

from ..checks import real_number
from ..errors import ConfigurationError


def read_probability(what: str, value: float) -> float:
    """``value`` as a float; raises ConfigurationError unless it is a number in [0, 1]."""
    expected = "a probability in [0, 1]"
    number = real_number(what, value, expected=expected)
    if not 0 <= number <= 1:
        raise ConfigurationError(f"{what} must be {expected}, got {value!r}")
    return number


def read_eta(what: str, value: float) -> float:
    """``value`` as a float; raises ConfigurationError unless it is a distribution index."""
    expected = "a number in [0, 10000)"
    number = real_number(what, value, expected=expected)
    if not 0 <= number < 1e4:
        raise ConfigurationError(f"{what} must be {expected}, got {value!r}")
    return number
