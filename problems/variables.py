"""Named variables of a mixed search space, each a column of a float64 matrix.

A variable stands in three forms. Its *value* is what the user sees (``0.01``, ``"relu"``,
``True``). Its *code* is the number in the matrix ``X``: numbers stand for themselves, choices by
their position. Its *working coordinate* is where crossover and mutation act: the logarithm for
``log=True``, and for integers a range half a unit wider on both sides, so that after rounding the
ends are as likely as the middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..errors import ConfigurationError
from ..typing import FloatArray
from .choices import Bool, Choice, Ordinal

__all__ = [
    "LARGEST_INTEGER",
    "Bool",
    "Choice",
    "Float",
    "Int",
    "Ordinal",
    "Variable",
    "check_bounds",
]

LARGEST_INTEGER = 2**53 - 1
"""Up to here a double counts every integer."""


def check_bounds(what: str, low: float, high: float, log: bool = False) -> None:
    """Refuse bounds that are none, naming them; raises ConfigurationError.

    A range of one value is one: the variable is fixed.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ConfigurationError(
            f"{what}: bounds must be finite numbers, got low={low}, high={high}; "
            "give the range that is worth searching"
        )
    if math.isinf(high - low):
        raise ConfigurationError(
            f"{what}: the range from low={low} to high={high} is beyond the largest double; "
            "give the range that is worth searching"
        )
    if low > high:
        raise ConfigurationError(
            f"{what}: low must not be above high, got low={low}, high={high}; swap them"
        )
    if not isinstance(log, bool):
        raise ConfigurationError(f"{what}: log must be True or False, got {log!r}")
    if log and low <= 0:
        raise ConfigurationError(
            f"{what}: log=True needs low > 0, got low={low}; raise low or drop log"
        )


def _truth(value: Any) -> Any:
    """NumPy's truth values as Python's, anything else as it is."""
    return bool(value) if isinstance(value, np.bool_) else value


def _number(what: str, value: Any) -> float:
    none = isinstance(value, (str, bytes, bool, np.bool_))
    if none or (isinstance(value, np.ndarray) and (value.ndim or value.dtype.kind not in "iuf")):
        raise ConfigurationError(f"{what}: expected a number, got {value!r}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{what}: expected a number, got {value!r}") from None
    except OverflowError:
        raise ConfigurationError(f"{what}: {value!r:.50} is beyond every double") from None


def _log(values: FloatArray) -> FloatArray:
    """By the C library: NumPy's own differs between processors, and a resumed run may change it.

    NaN outside the domain, where a check will name the value and its place.
    """
    return np.array([math.log(v) if v > 0 else math.nan for v in values.tolist()], dtype=np.float64)


def _exp(values: FloatArray) -> FloatArray:
    """By the C library, see ``_log``."""
    return np.array([math.exp(v) for v in values.tolist()], dtype=np.float64)


@dataclass(frozen=True)
class Float:
    """A real number in [low, high]; with ``log=True`` searched by its logarithm.

    Where low is high the variable is fixed: ``evaluate`` gets it, and nothing varies it.
    """

    low: float
    high: float
    log: bool = False

    categories = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", _number("Float low", self.low))
        object.__setattr__(self, "high", _number("Float high", self.high))
        object.__setattr__(self, "log", _truth(self.log))
        check_bounds(repr(self), self.low, self.high, self.log)

    @property
    def working_bounds(self) -> tuple[float, float]:
        """Bounds of the working coordinate."""
        return (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)

    def to_working(self, codes: FloatArray) -> FloatArray:
        """(n,) codes to (n,) working coordinates."""
        return _log(codes) if self.log else codes

    def from_working(self, z: FloatArray) -> FloatArray:
        """(n,) working coordinates to (n,) codes inside the bounds."""
        return np.clip(_exp(z) if self.log else z, self.low, self.high)

    def decode(self, code: float) -> float:
        """The value that a code stands for."""
        return float(code)

    show = decode

    def encode(self, value: Any) -> float:
        """The code of a value; raises ConfigurationError outside the bounds."""
        code = _number("value", value)
        if not self.low <= code <= self.high:
            raise ConfigurationError(f"{value!r} is outside {self}")
        return code

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "float", "low": self.low, "high": self.high, "log": self.log}


@dataclass(frozen=True)
class Int:
    """An integer in [low, high], both included; with ``log=True`` searched by its logarithm.

    Where low is high the variable is fixed, as in ``Float``.
    """

    low: int
    high: int
    log: bool = False

    categories = 0

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            value = _number(f"Int {name}", getattr(self, name))
            if not value.is_integer():
                raise ConfigurationError(f"Int: {name} must be a whole number, got {value}")
            if abs(value) > LARGEST_INTEGER:
                raise ConfigurationError(
                    f"Int: {name} must be below 2**53 in size, got {getattr(self, name)}"
                )
            object.__setattr__(self, name, int(value))
        object.__setattr__(self, "log", _truth(self.log))
        check_bounds(repr(self), self.low, self.high, self.log)

    @property
    def working_bounds(self) -> tuple[float, float]:
        """Bounds of the working coordinate, half a unit wider than the integers.

        Of a fixed variable, nothing but its value.
        """
        half = 0.5 if self.low < self.high else 0.0
        low, high = self.low - half, self.high + half
        return (math.log(low), math.log(high)) if self.log else (low, high)

    def to_working(self, codes: FloatArray) -> FloatArray:
        """(n,) codes to (n,) working coordinates."""
        return _log(codes) if self.log else codes

    def from_working(self, z: FloatArray) -> FloatArray:
        """(n,) working coordinates to (n,) whole codes inside the bounds."""
        return np.clip(np.rint(_exp(z) if self.log else z) + 0.0, self.low, self.high)

    def decode(self, code: float) -> int:
        """The value that a code stands for."""
        return int(code)

    show = decode

    def encode(self, value: Any) -> float:
        """The code of a value; raises ConfigurationError outside the bounds."""
        code = _number("value", value)
        if not (self.low <= code <= self.high and code.is_integer()):
            raise ConfigurationError(f"{value!r} is not a whole number inside {self}")
        return code

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "int", "low": self.low, "high": self.high, "log": self.log}


Variable: TypeAlias = Float | Int | Choice | Bool | Ordinal
