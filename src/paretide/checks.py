"""Numbers that users pass: NumPy's scalars and arrays without axes are numbers like Python's.

Truth values are none, in either library: ``True`` where a number is expected is a slip.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .errors import ConfigurationError


def whole_number(what: str, value: Any, *, least: int | None = None) -> int:
    """``value`` as an int; raises ConfigurationError unless it is a whole number >= ``least``."""
    try:
        if _is_truth_value(value):
            raise TypeError
        found = operator.index(value)
    except TypeError:
        found = None
    if found is None or (least is not None and found < least):
        bound = "" if least is None else f" >= {least}"
        raise ConfigurationError(f"{what} must be a whole number{bound}, got {value!r}")
    return found


def real_number(what: str, value: Any, *, expected: str = "a number") -> float:
    """``value`` as a float; raises ConfigurationError unless it is a number, NaN being none.

    ``expected`` is what the message asks for: the caller may go on to check more.
    """
    number = isinstance(_scalar(value), (int, float, np.integer, np.floating))
    try:
        found = float(value) if number and not _is_truth_value(value) else np.nan
    except OverflowError:
        raise ConfigurationError(f"{what} is beyond the largest number, got {value!r}") from None
    if np.isnan(found):
        raise ConfigurationError(f"{what} must be {expected}, got {value!r}")
    return found


def _is_truth_value(value: Any) -> bool:
    return isinstance(_scalar(value), (bool, np.bool_))


def _scalar(value: Any) -> Any:
    """The entry of an array without axes, anything else as it is."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
