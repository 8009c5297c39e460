"""Search spaces: what a candidate is, and how a population of them lies in one array.

============  =================  =========================  =======================
space         ``X`` (n, n_var)   what ``evaluate`` gets     for
============  =================  =========================  =======================
``Real``      float64            (n_var,) float64           continuous vectors
``Integer``   int64              (n_var,) int64             integer vectors
``Binary``    bool               (n_var,) bool              bit strings
``Space``     float64 codes      ``{name: value}``          named, mixed variables
============  =================  =========================  =======================

Variation acts on *working coordinates*: float64, bounded by ``layout.lower`` and ``layout.upper``;
columns with ``layout.categories > 0`` hold positions without an order. ``Binary`` needs none: bits
are flipped as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..checks import whole_number
from ..errors import ConfigurationError
from ..typing import BoolArray, Candidates, FloatArray, IntArray, Layout, WorkingSpace
from .search_space import SearchSpace
from .variables import LARGEST_INTEGER, Bool, Choice, Float, Int, Ordinal, Variable, check_bounds

SLACK = 1e-9
"""By which a number may lie outside its bounds: a logarithm and back may change the last digits."""

SBX = "paretide.operators.crossover.sbx:SBX"
WIDE_SBX = "paretide.operators.crossover.sbx:WIDE_SBX"
UNIFORM_CROSSOVER = "paretide.operators.crossover.uniform:UniformCrossover"
POLYNOMIAL_MUTATION = "paretide.operators.mutation.polynomial:PolynomialMutation"
WIDE_POLYNOMIAL_MUTATION = "paretide.operators.mutation.polynomial:WIDE_POLYNOMIAL_MUTATION"
BIT_FLIP = "paretide.operators.mutation.bit_flip:BitFlip"
SCRAMBLED_SOBOL = "paretide.operators.sampling.sobol:ScrambledSobol"
"""Parts by reference: problems know no operators."""

_REAL = MappingProxyType(
    {"sampling": SCRAMBLED_SOBOL, "crossover": SBX, "mutation": POLYNOMIAL_MUTATION}
)
_WIDE = MappingProxyType(
    {"sampling": SCRAMBLED_SOBOL, "crossover": WIDE_SBX, "mutation": WIDE_POLYNOMIAL_MUTATION}
)


def varying(space: WorkingSpace) -> IntArray:
    """The columns of ``X`` that do not hold one and the same value everywhere."""
    layout = space.layout
    return np.flatnonzero((layout.lower < layout.upper) | (layout.categories > 0))


def _vector_bounds(kind: str, low: ArrayLike, high: ArrayLike, n: int | None) -> list[FloatArray]:
    n = None if n is None else whole_number(f"{kind}: n", n)
    try:
        bounds = [np.asarray(b) for b in (low, high)]
        if any(b.dtype.kind not in "fiuO" for b in bounds if b.size):
            raise TypeError
        bounds = [b.astype(np.float64) for b in bounds]
    except (TypeError, ValueError, OverflowError):
        raise ConfigurationError(
            f"{kind}: low and high must be numbers or sequences of numbers, "
            f"got low={low!r:.100}, high={high!r:.100}"
        ) from None
    if any(b.ndim > 1 for b in bounds):
        raise ConfigurationError(f"{kind}: low and high must be numbers or flat sequences")
    lengths = {b.size for b in bounds if b.ndim} | ({n} if n is not None else set())
    if len(lengths) > 1:
        raise ConfigurationError(
            f"{kind}: low, high and n disagree on the number of variables: {sorted(lengths)}"
        )
    n_var = lengths.pop() if lengths else 1
    if n_var < 1:
        raise ConfigurationError(f"{kind}: needs at least one variable, got {n_var}")
    bounds = [np.array(np.broadcast_to(b, n_var)) for b in bounds]
    for i in range(n_var):
        check_bounds(f"{kind} variable {i}", float(bounds[0][i]), float(bounds[1][i]))
    for b in bounds:
        b.flags.writeable = False
    return bounds


def _within(X: Candidates, low: Candidates, high: Candidates) -> BoolArray:
    """(n, n_var) True where a number is inside its bounds, or outside by a rounding."""
    slack = SLACK * np.maximum(np.abs(low), np.abs(high))
    return np.asarray((low - slack <= X) & (high + slack >= X))


class Real(SearchSpace):
    """Real vectors between ``low`` and ``high``: numbers, or sequences of length n_var.

    ``Real(0, 1, n=30)`` is thirty variables in [0, 1]; ``Real([0, -5], [1, 5])`` is two.
    Where low is high the variable is fixed: ``evaluate`` gets it, and nothing varies it.
    Raises ConfigurationError if a low is above its high or a bound is not finite.
    """

    dtype = np.dtype(np.float64)
    operators = _REAL

    def __init__(self, low: ArrayLike, high: ArrayLike, *, n: int | None = None) -> None:
        self.low, self.high = _vector_bounds("Real", low, high, n)
        self.n_var = self.low.size
        self.layout = Layout(self.low, self.high, np.zeros(self.n_var, dtype=np.int64))
        self.continuous = np.ones(self.n_var, dtype=np.bool_)

    def __repr__(self) -> str:
        return f"Real({self.low.tolist()}, {self.high.tolist()})"

    def contains(self, X: Candidates) -> BoolArray:
        """(n,) True where a row is one of this space."""
        return np.asarray(_within(X, self.low, self.high).all(axis=1))

    def to_working(self, X: Candidates) -> FloatArray:
        """Candidates are their own working coordinates."""
        return X

    def from_working(self, Z: FloatArray) -> Candidates:
        """Candidates are their own working coordinates."""
        return Z

    def take(self, columns: IntArray) -> Real:
        """The space of these variables alone."""
        return Real(self.low[columns], self.high[columns])

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "real", "low": self.low.tolist(), "high": self.high.tolist()}


class Integer(SearchSpace):
    """Integer vectors between ``low`` and ``high``, both included.

    Where low is high the variable is fixed, as in ``Real``.
    Raises ConfigurationError if a low is above its high or a bound is not whole.
    """

    dtype = np.dtype(np.int64)
    operators = _WIDE

    def __init__(self, low: ArrayLike, high: ArrayLike, *, n: int | None = None) -> None:
        bounds = _vector_bounds("Integer", low, high, n)
        for name, b in zip(("low", "high"), bounds, strict=True):
            for i in np.flatnonzero((b != np.rint(b)) | (np.abs(b) > LARGEST_INTEGER)):
                raise ConfigurationError(
                    f"Integer variable {i}: {name} must be a whole number below 2**53 in size, "
                    f"got {b[i]}"
                )
        self.low, self.high = (b.astype(np.int64) for b in bounds)
        self.low.flags.writeable = self.high.flags.writeable = False
        self.n_var = self.low.size
        # Half a unit wider, so that after rounding the ends are as likely as the middle.
        half = np.where(self.low < self.high, 0.5, 0.0)
        self.continuous = np.zeros(self.n_var, dtype=np.bool_)
        self.layout = Layout(
            bounds[0] - half, bounds[1] + half, np.zeros(self.n_var, dtype=np.int64)
        )

    def __repr__(self) -> str:
        return f"Integer({self.low.tolist()}, {self.high.tolist()})"

    def contains(self, X: Candidates) -> BoolArray:
        """(n,) True where a row is one of this space."""
        return np.asarray(((self.low <= X) & (self.high >= X)).all(axis=1))

    def to_working(self, X: Candidates) -> FloatArray:
        """As float64."""
        return X.astype(np.float64)

    def from_working(self, Z: FloatArray) -> Candidates:
        """Rounded and clipped."""
        return np.clip(np.rint(Z), self.low, self.high).astype(np.int64)

    def take(self, columns: IntArray) -> Integer:
        """The space of these variables alone."""
        return Integer(self.low[columns], self.high[columns])

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "integer", "low": self.low.tolist(), "high": self.high.tolist()}


class Binary(SearchSpace):
    """Bit strings of length ``n``."""

    dtype = np.dtype(np.bool_)
    operators = MappingProxyType(
        {"sampling": SCRAMBLED_SOBOL, "crossover": UNIFORM_CROSSOVER, "mutation": BIT_FLIP}
    )

    def __init__(self, n: int) -> None:
        self.n_var = whole_number("Binary: n", n, least=1)
        self.continuous = np.zeros(self.n_var, dtype=np.bool_)
        self.layout = Layout(
            np.zeros(self.n_var), np.ones(self.n_var), np.full(self.n_var, 2, dtype=np.int64)
        )

    def __repr__(self) -> str:
        return f"Binary({self.n_var})"

    def contains(self, X: Candidates) -> BoolArray:
        """(n,) True where a row is one of this space."""
        return np.ones(len(X), dtype=np.bool_)

    def to_working(self, X: Candidates) -> FloatArray:
        """Zeros and ones as float64."""
        return X.astype(np.float64)

    def from_working(self, Z: FloatArray) -> Candidates:
        """Zeros and ones as bool."""
        return Z.astype(np.bool_)

    def take(self, columns: IntArray) -> Binary:
        """The space of these variables alone."""
        return Binary(len(columns))

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "binary", "n": self.n_var}


class Space(SearchSpace):
    """Named, mixed variables: ``Space(lr=Float(1e-5, 1e-1, log=True), act=Choice(["a", "b"]))``.

    ``X`` holds float64 codes: numbers stand for themselves, choices by their position. Names that
    are no Python names go into a mapping: ``Space({"weight-decay": Float(0, 1)})``.
    Raises ConfigurationError for no variables or something that is no variable.
    """

    dtype = np.dtype(np.float64)
    operators = _WIDE

    def __init__(self, mapping: Mapping[str, Variable] | None = None, /, **named: Variable) -> None:
        if mapping is not None and not isinstance(mapping, Mapping):
            raise ConfigurationError(
                f"Space: pass variables by name, Space(x=...), or as a mapping, got {mapping!r}"
            )
        variables = {**(mapping or {}), **named}
        if not variables:
            raise ConfigurationError("Space: needs at least one variable")
        for name, variable in variables.items():
            if not isinstance(name, str):
                raise ConfigurationError(f"Space: a name must be a string, got {name!r}")
            if not isinstance(variable, (Float, Int, Choice, Bool, Ordinal)):
                raise ConfigurationError(
                    f"Space: {name}={variable!r} is no variable; "
                    "use Float, Int, Choice, Bool or Ordinal"
                )
        self.variables = dict(variables)
        self.continuous = np.array([isinstance(v, Float) for v in variables.values()])
        self.n_var = len(variables)
        bounds = np.array([v.working_bounds for v in variables.values()])
        self.layout = Layout(
            np.ascontiguousarray(bounds[:, 0]),
            np.ascontiguousarray(bounds[:, 1]),
            np.array([v.categories for v in variables.values()], dtype=np.int64),
        )

    def __repr__(self) -> str:
        return f"Space({', '.join(f'{k}={v!r}' for k, v in self.variables.items())})"

    @property
    def names(self) -> tuple[str, ...]:
        """As they were given."""
        return tuple(self.variables)

    def contains(self, X: Candidates) -> BoolArray:
        """(n,) True where a row holds codes of the variables."""
        low, high = (self.from_working(z[None])[0] for z in (self.layout.lower, self.layout.upper))
        whole = self.continuous | (np.rint(X) == X)
        return np.asarray((_within(X, low, high) & whole).all(axis=1))

    def to_working(self, X: Candidates) -> FloatArray:
        """Column by column, as each variable says."""
        columns = [v.to_working(X[:, j]) for j, v in enumerate(self.variables.values())]
        return np.stack(columns, axis=1)

    def from_working(self, Z: FloatArray) -> Candidates:
        """Column by column, as each variable says."""
        columns = [v.from_working(Z[:, j]) for j, v in enumerate(self.variables.values())]
        return np.stack(columns, axis=1)

    def candidate(self, row: Candidates) -> dict[str, Any]:
        """The values by name."""
        return {
            name: variable.decode(code)
            for (name, variable), code in zip(self.variables.items(), row, strict=True)
        }

    def show(self, row: Candidates) -> dict[str, Any]:
        """The values by name, of choices that are no plain values their labels or texts."""
        return {
            name: variable.show(code)
            for (name, variable), code in zip(self.variables.items(), row, strict=True)
        }

    def row(self, candidate: Mapping[str, Any]) -> FloatArray:
        """(n_var,) codes of named values; raises ConfigurationError naming what does not fit."""
        if set(candidate) != set(self.names):
            raise ConfigurationError(
                f"a candidate needs exactly the names {list(self.names)}, got {list(candidate)}"
            )
        codes = []
        for name, variable in self.variables.items():
            try:
                codes.append(variable.encode(candidate[name]))
            except ConfigurationError as error:
                raise ConfigurationError(f"{name}: {error}") from None
        return np.array(codes)

    def take(self, columns: IntArray) -> Space:
        """The space of these variables alone."""
        return Space({self.names[j]: self.variables[self.names[j]] for j in columns})

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {
            "kind": "mixed",
            "variables": {name: v.describe() for name, v in self.variables.items()},
        }
