"""Constraints on named values, in the user's units.

Each turns a value into ``g``, feasible where ``g <= 0`` (Deb 2000, "An efficient constraint
handling method for genetic algorithms", section 2). The violation of a candidate is the sum of its
positive ``g``. An infinite value on the satisfied side is as feasible as any other; on the violated
side, or where equality is asked for, a candidate with it has failed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..checks import real_number
from ..errors import ConfigurationError
from ..typing import FloatArray


def _finite(what: str, value: float) -> float:
    number = real_number(what, value)
    if not math.isfinite(number):
        raise ConfigurationError(f"{what} must be finite, got {value!r}")
    return number


def _bound(what: str, value: float | None, no_limit: float) -> float:
    """``value`` as a float; None stands for ``no_limit`` in JSON, its opposite leaves nothing."""
    number = no_limit if value is None else real_number(what, value)
    if number == -no_limit:
        raise ConfigurationError(f"{what} must be finite, or {no_limit} for none, got {value!r}")
    return number


def _json(bound: float) -> float | None:
    """``bound``, or None if it is none: JSON has no infinity."""
    return bound if math.isfinite(bound) else None


def _g(value: FloatArray, bound: float, direction: float) -> FloatArray:
    """``direction * (value - bound)``; -inf, or NaN, where there is no limit."""
    if math.isinf(bound):
        return np.where(np.isnan(value), value, -np.inf)
    return value - bound if direction > 0 else bound - value


@dataclass(frozen=True)
class Upper:
    """The value must not exceed ``bound``; infinity is no limit."""

    bound: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", _bound("the bound of upper()", self.bound, math.inf))

    def g(self, value: FloatArray) -> FloatArray:
        """``value - bound``; -inf if there is no limit."""
        return _g(value, self.bound, 1.0)

    def scaled(self, factor: float) -> Upper:
        """The same of values that are multiplied by ``factor``."""
        return Upper(self.bound * factor)

    def describe(self) -> dict[str, Any]:
        """The definition as JSON; the bound is null if there is no limit."""
        return {"kind": "upper", "bound": _json(self.bound)}


@dataclass(frozen=True)
class Lower:
    """The value must not fall below ``bound``; -infinity is no limit."""

    bound: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", _bound("the bound of lower()", self.bound, -math.inf))

    def g(self, value: FloatArray) -> FloatArray:
        """``bound - value``; -inf if there is no limit."""
        return _g(value, self.bound, -1.0)

    def scaled(self, factor: float) -> Lower:
        """The same of values that are multiplied by ``factor``."""
        return Lower(self.bound * factor)

    def describe(self) -> dict[str, Any]:
        """The definition as JSON; the bound is null if there is no limit."""
        return {"kind": "lower", "bound": _json(self.bound)}


@dataclass(frozen=True)
class Equal:
    """The value must lie within ``tol`` of ``target``."""

    target: float
    tol: float = 1e-4

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", _finite("the target of equal()", self.target))
        object.__setattr__(self, "tol", _finite("the tol of equal()", self.tol))
        if self.tol < 0:
            raise ConfigurationError(f"the tol of equal() must be >= 0, got {self.tol}")

    def g(self, value: FloatArray) -> FloatArray:
        """``|value - target| - tol``."""
        return np.asarray(np.abs(value - self.target) - self.tol)

    def scaled(self, factor: float) -> Equal:
        """The same of values that are multiplied by ``factor``."""
        return Equal(self.target * factor, self.tol * factor)

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "equal", "target": self.target, "tol": self.tol}


Constraint: TypeAlias = Upper | Lower | Equal


def upper(bound: float) -> Upper:
    """The value must not exceed ``bound`` (user units); infinity is no limit."""
    return Upper(real_number("the bound of upper()", bound))


def lower(bound: float) -> Lower:
    """The value must not fall below ``bound`` (user units); -infinity is no limit."""
    return Lower(real_number("the bound of lower()", bound))


def equal(target: float, *, tol: float = 1e-4) -> Equal:
    """The value must lie within ``tol`` of ``target`` (user units)."""
    return Equal(target, tol)
