"""A full factorial grid, in random order."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Self

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError
from ...operators.working import with_coordinates
from ...problems.definition import Definition
from ...typing import Candidates, IntArray, SearchSpace, WorkingSpace
from .breeding import Breeding
from .part_memory import PartMemory
from .sequence import Sequence

log = logging.getLogger(__name__)

LARGEST_GRID = 2**20
"""Points of a grid: more than anybody evaluates, and few enough to be shuffled."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Grid(Sequence):
    """Every combination of some values of each variable, once, in an order that the seed shuffles.

    Values lie evenly in working coordinates, from one bound to the other; choices are all taken.
    At the end of the grid the run ends as exhausted. In a run that ends before, what was evaluated
    is a random part of the grid.

    Attributes:
        points: How many values of each variable: a number for all of them, or one for each, of
            choices their number. A variable that has fewer is taken whole. None: two at least, and
            as many more, in turn, as the budget has room for; a run keeps the grid of its first
            budget.

    The other settings are those of ``Sequence``.
    """

    points: int | tuple[int, ...] | None = None

    name: ClassVar[str] = "grid"
    endless: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        points: Any = self.points
        if isinstance(points, (tuple, list, np.ndarray)):
            points = tuple(whole_number("Grid: points", p, least=1) for p in points)
        elif points is not None:
            points = whole_number("Grid: points", points, least=1)
        object.__setattr__(self, "points", points)

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """With the number of values of each variable."""
        space = with_coordinates(self, definition.space)
        most = _values(space)
        listed = space.layout.categories > 0
        if isinstance(self.points, tuple):
            counts = self._one_for_each(most, listed.tolist(), definition.space.names)
        elif self.points is not None:
            counts = [m if c else min(self.points, m) for m, c in zip(most, listed, strict=True)]
        elif budget is None:
            raise ConfigurationError(
                "Grid needs the number of values of a variable, points=, or a budget"
            )
        else:
            counts = [m if c else min(2, m) for m, c in zip(most, listed, strict=True)]
            _widen(counts, most, budget)
        size = math.prod(counts)
        if size > LARGEST_GRID:
            raise ConfigurationError(
                f"a grid with {counts!r:.200} values of the variables has {size} points, more than "
                f"{LARGEST_GRID}; pt.Sobol() spreads any number of them evenly"
            )
        if budget is not None and size > budget:
            log.warning(
                "the grid has %d points, of which the budget of %d takes a random part",
                size,
                budget,
            )
        return replace(self, points=tuple(counts))

    def draw(
        self, k: int, space: SearchSpace, rng: np.random.Generator, memory: PartMemory
    ) -> Candidates:
        """The next (k, n_var) points of the grid; fewer at its end."""
        if not memory:
            memory["order"] = np.array(rng.integers(2**63 - 1))
            memory["drawn"] = np.array(0)
        assert isinstance(self.points, tuple)  # it is resolved
        axes = _axes(with_coordinates(self, space), self.points)
        shape = [len(values) for values in axes]
        start = int(memory["drawn"])
        rows = _order(math.prod(shape), int(memory["order"]))[start : start + k]
        memory["drawn"] = np.array(start + len(rows))
        X = np.empty((len(rows), space.n_var), dtype=space.dtype)
        for j, values in enumerate(axes):  # the last variable changes fastest
            X[:, j] = values[rows // math.prod(shape[j + 1 :]) % shape[j]]
        return X

    def breeding(self, space: SearchSpace) -> Breeding:
        """Raises ConfigurationError for a space without working coordinates."""
        return super().breeding(with_coordinates(self, space))

    def _one_for_each(
        self, most: list[int], listed: list[bool], names: tuple[str, ...]
    ) -> list[int]:
        """The numbers that were given, checked."""
        assert isinstance(self.points, tuple)
        if len(self.points) != len(most):
            raise ConfigurationError(
                f"Grid: points must be a number, or one for each of the {len(most)} variables, got "
                f"{len(self.points)}"
            )
        for name, given, m, choice in zip(names, self.points, most, listed, strict=True):
            if choice and given != m:
                raise ConfigurationError(
                    f"Grid: points of {name} must be {m}, all of its choices, got {given}"
                )
        return [min(given, m) for given, m in zip(self.points, most, strict=True)]


def _values(space: WorkingSpace) -> list[int]:
    """How many values each variable has; more than any grid for real numbers."""
    layout = space.layout
    low, high = (space.from_working(Z[None])[0] for Z in (layout.lower, layout.upper))
    found = []
    for j, categories in enumerate(layout.categories.tolist()):
        if categories:
            found.append(categories)
        elif not layout.lower[j] < layout.upper[j]:
            found.append(1)
        else:
            found.append(LARGEST_GRID if space.continuous[j] else int(high[j] - low[j]) + 1)
    return found


def _widen(counts: list[int], most: list[int], budget: int) -> None:
    """One more value of each variable in turn, as long as the grid stays within the budget."""
    size, before = math.prod(counts), None
    while size != before:
        before = size
        for j, count in enumerate(counts):
            wider = size // count * (count + 1)
            if count < most[j] and wider <= budget:
                counts[j], size = count + 1, wider


def _axes(space: WorkingSpace, counts: tuple[int, ...]) -> list[Candidates]:
    """The values of each variable, in the dtype of the space, ascending and different."""
    layout, most = space.layout, _values(space)
    axes = []
    for j, count in enumerate(counts):
        lower, upper = layout.lower[j], layout.upper[j]
        if layout.categories[j]:
            line = np.arange(count, dtype=np.float64)
        else:
            line = (
                np.linspace(lower, upper, count) if count > 1 else np.array([(lower + upper) / 2])
            )
        Z = np.repeat(layout.lower[None], len(line), axis=0)
        Z[:, j] = line
        values = np.unique(space.from_working(Z)[:, j])
        if count == most[j] and len(values) < count:  # by a logarithm some fell together
            values = values[0] + np.arange(count, dtype=space.dtype)
        axes.append(values)
    return axes


@lru_cache(maxsize=2)
def _order(n: int, seed: int) -> IntArray:
    """(n,) the numbers below n, shuffled."""
    return np.random.default_rng(seed).permutation(n)
