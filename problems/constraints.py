"""Constraints on named values, in the user's units.

Each turns a value into ``g``, feasible where ``g <= 0`` (Deb 2000, "An efficient constraint
handling method for genetic algorithms", section 2). The violation of a candidate is the sum of its
positive ``g``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..errors import ConfigurationError
from ..typing import FloatArray


def _finite(what: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise ConfigurationError(f"{what} must be a number, got {value!r}")
    if not math.isfinite(value):
        raise ConfigurationError(f"{what} must be finite, got {value!r}")


@dataclass(frozen=True)
class Upper:
    """The value must not exceed ``bound``."""

    bound: float

    def __post_init__(self) -> None:
        _finite("the bound of upper()", self.bound)

    def g(self, value: FloatArray) -> FloatArray:
        """``value - bound``."""
        return value - self.bound

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "upper", "bound": float(self.bound)}


@dataclass(frozen=True)
class Lower:
    """The value must not fall below ``bound``."""

    bound: float

    def __post_init__(self) -> None:
        _finite("the bound of lower()", self.bound)

    def g(self, value: FloatArray) -> FloatArray:
        """``bound - value``."""
        return self.bound - value

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "lower", "bound": float(self.bound)}


@dataclass(frozen=True)
class Equal:
    """The value must lie within ``tol`` of ``target``."""

    target: float
    tol: float = 1e-4

    def __post_init__(self) -> None:
        _finite("the target of equal()", self.target)
        _finite("the tol of equal()", self.tol)
        if self.tol < 0:
            raise ConfigurationError(f"the tol of equal() must be >= 0, got {self.tol}")

    def g(self, value: FloatArray) -> FloatArray:
        """``|value - target| - tol``."""
        return np.asarray(np.abs(value - self.target) - self.tol)

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "equal", "target": float(self.target), "tol": float(self.tol)}


Constraint: TypeAlias = Upper | Lower | Equal


def upper(bound: float) -> Upper:
    """The value must not exceed ``bound`` (user units)."""
    return Upper(bound)


def lower(bound: float) -> Lower:
    """The value must not fall below ``bound`` (user units)."""
    return Lower(bound)


def equal(target: float, *, tol: float = 1e-4) -> Equal:
    """The value must lie within ``tol`` of ``target`` (user units)."""
    return Equal(target, tol)
