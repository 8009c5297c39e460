"""Candidates that were drawn and refused, because what is known of them breaks a limit.

They are not evaluations: they cost no budget, and are no member's parents. Their ids count down
from -2, so that no id is that of two candidates of a run; -1 stands for nobody among parents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConfigurationError
from ...problems.constraints import Constraint, Equal, Lower
from ...problems.definition import Definition
from ...typing import BoolArray, ByteArray, Candidates, FloatArray, IntArray
from .frames import frame, named_columns
from .outcome import REFUSED
from .plain_text import one_line
from .provenance import OPERATORS

FIRST_ID = -2
"""Of the first that is refused."""

COLUMNS = ("X", "parents", "operator", "generation", "F", "G")
"""What is kept of each in the state of an algorithm, as ``refused_X`` and so on."""


@dataclass(frozen=True, repr=False)
class Refused:
    """Refused candidates in the order in which they were drawn, in the user's units.

    Attributes:
        ids: (n,) int64: -2, -3, ...
        generation: (n,) int32 that they would have been born in.
        parents: (n, p) int64 ids; -1 where there is none.
        operator_code: (n,) uint8 position in ``operators`` of what made them.
        X: (n, n_var) in the dtype of the space.
        F: (n, n_obj) float64; NaN where it is not known without training.
        G: (n, n_con) float64; NaN where it is not known without training.
        definition: Of the problem: names, directions and limits of the columns.
        operators: Names of what makes candidates in this run.
    """

    ids: IntArray
    generation: NDArray[np.int32]
    parents: IntArray
    operator_code: ByteArray
    X: Candidates
    F: FloatArray
    G: FloatArray
    definition: Definition
    operators: tuple[str, ...] = OPERATORS

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<{len(self)} refused candidates of {one_line(self.definition.name)}>"

    @property
    def status(self) -> ByteArray:
        """(n,) uint8: 3, refused."""
        return np.full(len(self), REFUSED, dtype=np.uint8)

    @property
    def operator(self) -> NDArray[Any]:
        """(n,) str: "sample", "initial", or the operators that made it of its parents."""
        return np.array(self.operators, dtype=object)[self.operator_code]

    @property
    def broken(self) -> BoolArray:
        """(n, n_con) True where a known value breaks a limit."""
        return broken(self.definition, self.G)

    @property
    def reasons(self) -> list[str]:
        """Why each was refused: every limit that it breaks, with the value and the bound."""
        limits = list(self.definition.constraints.items())
        return [
            one_line("; ".join(_reason(*limits[j], float(g[j])) for j in np.flatnonzero(which)))
            for g, which in zip(self.G, self.broken, strict=True)
        ]

    def columns(self) -> dict[str, Any]:
        """Every column by name, called as in ``Evaluations.columns``, as an array or a list."""
        return {
            **named_columns(self.definition, self.ids, self.X, self.F, self.G),
            "generation": self.generation,
            **{f"parent_{i + 1}": ids for i, ids in enumerate(self.parents.T)},
            "operator": self.operator,
            "failure": self.reasons,
        }

    def to_frame(self) -> Any:
        """A pandas DataFrame of all ``columns``. Needs pandas."""
        return frame(self.columns())


def broken(definition: Definition, G: FloatArray) -> BoolArray:
    """(n, n_con) True where a value of (n, n_con) breaks its limit; never where it is NaN."""
    breaks = np.zeros(G.shape, dtype=np.bool_)
    for j, constraint in enumerate(definition.constraints.values()):
        breaks[:, j] = constraint.g(G[:, j]) > 0
    return breaks


def _reason(name: str, constraint: Constraint, value: float) -> str:
    if isinstance(constraint, Equal):
        limit = f"not within {constraint.tol:g} of {constraint.target:g}"
    elif isinstance(constraint, Lower):
        limit = f"below its limit of {constraint.bound:g}"
    else:
        limit = f"above its limit of {constraint.bound:g}"
    return f"{name} is {value:g}, {limit}"


def refused_in(
    state: Mapping[str, Any], definition: Definition, operators: tuple[str, ...]
) -> Refused:
    """Those that the state of an algorithm has.

    Raises ConfigurationError for a column that is none.
    """
    if "refused_X" not in state:
        space = definition.space
        columns: list[Any] = [
            np.empty((0, space.n_var), dtype=space.dtype),
            np.empty((0, 2), dtype=np.int64),
            np.empty(0, dtype=np.uint8),
            np.empty(0, dtype=np.int32),
            np.empty((0, definition.n_obj)),
            np.empty((0, definition.n_con)),
        ]
    else:
        columns = [np.asarray(state[f"refused_{name}"]) for name in COLUMNS]
    X, parents, operator, generation, F, G = columns
    if len(operator) and int(operator.max()) >= len(operators):
        raise ConfigurationError(
            f"a refused candidate was made by operator {operator.max()}, there are {len(operators)}"
        )
    ids = FIRST_ID - np.arange(len(X), dtype=np.int64)
    return Refused(ids, generation, parents, operator, X, F, G, definition, operators)
