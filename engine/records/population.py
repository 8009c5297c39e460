"""A population: arrays that share their first axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...checks import whole_number
from ...errors import ShapeError
from ...operators.hypervolume_subset import hypervolume_subset
from ...operators.survival import constrained_rank
from ...problems.definition import Definition
from ...typing import BoolArray, Candidates, FloatArray, IntArray
from .fast import frozen
from .frames import frame, named_columns
from .plain_text import one_line

ARRAYS = ("ids", "X", "F", "G", "violation")


@dataclass(frozen=True, repr=False)
class Population:
    """Evaluated candidates, in the user's units and directions; the arrays are read-only.

    Attributes:
        ids: (n,) int64.
        X: (n, n_var) in the dtype of the space.
        F: (n, n_obj) float64.
        G: (n, n_con) float64 values of the constraints.
        violation: (n,) float64 total constraint violation, 0 where feasible.
        definition: Of the problem: names and directions of the columns.
    """

    ids: IntArray
    X: Candidates
    F: FloatArray
    G: FloatArray
    violation: FloatArray
    definition: Definition

    @classmethod
    def made(
        cls,
        ids: IntArray,
        X: Candidates,
        F: FloatArray,
        G: FloatArray,
        violation: FloatArray,
        definition: Definition,
    ) -> Population:
        """Of read-only arrays of the same length."""
        values = {
            "ids": ids, "X": X, "F": F, "G": G, "violation": violation, "definition": definition,
        }  # fmt: skip
        return frozen(cls, values)

    def __post_init__(self) -> None:
        n = len(self.ids)
        for name in ARRAYS:
            array = getattr(self, name)
            if len(array) != n:
                raise ShapeError(f"population.{name} has {len(array)} rows, its ids {n}")
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        names = ", ".join(f"{k} ({v})" for k, v in self.definition.objectives.items())
        name = self.definition.name
        return one_line(f"<{len(self)} candidates of {name}: .ids .X .F [{names}] .G>")

    @property
    def feasible(self) -> BoolArray:
        """(n,) bool, True where no constraint is violated."""
        return np.asarray(self.violation <= 0)

    def take(self, rows: IntArray | BoolArray) -> Population:
        """The population of these rows, in their order."""
        ids, X, F, G, violation = (getattr(self, name)[rows] for name in ARRAYS)
        return Population(ids, X, F, G, violation, self.definition)

    def best(self) -> Population:
        """The non-dominated feasible ones; if none is feasible, the least infeasible."""
        rank = constrained_rank(self.definition.minimized(self.F), self.violation)
        return self.take(rank == 0)

    def at_most(self, count: int | None) -> Population:
        """So many of them at most, in their order: those that together dominate most; None is all.

        By greedy hypervolume subset selection, see ``operators.hypervolume_subset``. The first is
        what one would choose if it had to be one.

        Raises ConfigurationError for a count below 1.
        """
        if count is None:
            return self
        count = whole_number("at_most", count, least=1)
        if count >= len(self):
            return self
        return self.take(hypervolume_subset(self.definition.minimized(self.F), count))

    def candidates(self) -> list[Any]:
        """The rows of ``X`` as ``evaluate`` gets them: values by name, or vectors."""
        return [self.definition.space.candidate(row) for row in self.X]

    def to_frame(self) -> Any:
        """A pandas DataFrame: id, variables, objectives, constraints. Needs pandas.

        ``records.frames.column_names`` says what a column is called whose name another one has.
        """
        return frame(named_columns(self.definition, self.ids, self.X, self.F, self.G))


def no_population(definition: Definition) -> Population:
    """Nobody."""
    space = definition.space
    return Population(
        np.empty(0, dtype=np.int64),
        np.empty((0, space.n_var), dtype=space.dtype),
        np.empty((0, definition.n_obj)),
        np.empty((0, definition.n_con)),
        np.empty(0),
        definition,
    )
