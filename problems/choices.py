"""Variables whose values are listed: choices, truth values, ordered ones.

Their *code* is the position in the list, see ``variables``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ConfigurationError
from ..typing import FloatArray


def _printed(value: Any) -> str:
    """The same text in every process: functions and classes print their address otherwise."""
    name = getattr(value, "__qualname__", None)
    return repr(value) if name is None else f"{value.__module__}.{name}"


class _Listed:
    """What variables have in common whose code is the position in a list of values."""

    values: tuple[Any, ...]

    def _check_values(self) -> None:
        name = type(self).__name__
        values: Any = self.values
        if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
            raise ConfigurationError(f"{name}: expected a list of values, got {values!r}")
        object.__setattr__(self, "values", tuple(values))
        if len(self.values) < 2:
            raise ConfigurationError(
                f"{name}: needs at least two values, got {list(self.values)!r}; "
                "make a single value a constant of the problem"
            )
        for i, value in enumerate(self.values):
            if any(type(value) is type(v) and value == v for v in self.values[:i]):
                raise ConfigurationError(f"{name}: the value {value!r} stands there twice")

    def decode(self, code: float) -> Any:
        """The value that a code stands for."""
        return self.values[int(code)]

    def encode(self, value: Any) -> float:
        """The code of a value; raises ConfigurationError if it is none of them."""
        for code, known in enumerate(self.values):
            if type(known) is type(value) and known == value:
                return float(code)
        if value in self.values:  # 1 for 1.0, numpy.str_ for str
            return float(self.values.index(value))
        raise ConfigurationError(f"{value!r} is none of {list(self.values)!r}")

    def _describe(self, kind: str) -> dict[str, Any]:
        plain = (str, int, float, bool, type(None))
        values: list[Any] = []
        for value in self.values:
            if isinstance(value, plain):
                values.append(value)
                continue
            text = _printed(value)
            while text in values or text in self.values:
                text += "'"  # printed like another value, and still another one
            values.append(text)
        return {"kind": kind, "values": values}


@dataclass(frozen=True)
class Choice(_Listed):
    """One of several values without an order; mutation draws another one uniformly."""

    values: tuple[Any, ...]

    def __init__(self, values: Sequence[Any]) -> None:
        object.__setattr__(self, "values", values)
        self._check_values()

    @property
    def categories(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def working_bounds(self) -> tuple[float, float]:
        """First and last code."""
        return 0.0, float(len(self.values) - 1)

    def to_working(self, codes: FloatArray) -> FloatArray:
        """Codes are their own working coordinates."""
        return codes

    def from_working(self, z: FloatArray) -> FloatArray:
        """Codes are their own working coordinates."""
        return np.rint(z) + 0.0

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return self._describe("choice")


@dataclass(frozen=True)
class Bool(Choice):
    """False or True."""

    def __init__(self) -> None:
        super().__init__((False, True))

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "bool"}


@dataclass(frozen=True)
class Ordinal(_Listed):
    """One of several values in the order given; neighbours are near each other in the search."""

    values: tuple[Any, ...]

    categories = 0

    def __init__(self, values: Sequence[Any]) -> None:
        object.__setattr__(self, "values", values)
        self._check_values()

    @property
    def working_bounds(self) -> tuple[float, float]:
        """Positions, half a unit wider on both sides."""
        return -0.5, len(self.values) - 0.5

    def to_working(self, codes: FloatArray) -> FloatArray:
        """Positions are their own working coordinates."""
        return codes

    def from_working(self, z: FloatArray) -> FloatArray:
        """(n,) working coordinates to (n,) positions."""
        return np.clip(np.rint(z) + 0.0, 0, len(self.values) - 1)

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return self._describe("ordinal")
