"""What failed, where in the search space, and how much of it a run may bear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...checks import real_number, whole_number
from ...errors import ConfigurationError
from ...typing import BoolArray, FloatArray, has_coordinates
from ..records.evaluations import Evaluations
from ..records.outcome import Failed

REGIONS = 4  # parts of a variable's range that are looked at
LEAST_IN_REGION = 5


@dataclass(frozen=True, kw_only=True)
class FailureBudget:
    """How many failures end a run: more than ``count`` and more than ``share`` of what was told.

    It is looked at when a generation ends, so that it ends a run at the same place whoever
    evaluates.

    Attributes:
        count: Failed candidates that any run may have.
        share: Of the candidates told, from 0 to 1.
    """

    count: int = 0
    share: float = 0.0

    def __post_init__(self) -> None:
        count = whole_number("FailureBudget: count", self.count, least=0)
        expected = "a number from 0 to 1"
        share = real_number("FailureBudget: share", self.share, expected=expected)
        if not 0 <= share <= 1:
            raise ConfigurationError(f"FailureBudget: share must be {expected}, got {self.share!r}")
        object.__setattr__(self, "count", count)
        object.__setattr__(self, "share", share)

    def used_up(self, failures: int, evaluations: int) -> bool:
        """True if a run with so many failures of so many evaluations must end."""
        return failures > self.count and failures > self.share * evaluations


def failure_report(failures: Iterable[Failed], most: int = 5) -> str:
    """Failures grouped by kind and reason, a line each, the most frequent first."""
    counts = Counter((f.kind, f.reason) for f in failures)
    lines = [f"  {n} x {kind}: {reason}" for (kind, reason), n in counts.most_common(most)]
    if len(counts) > most:
        lines.append(f"  ... and {len(counts) - most} other reasons")
    return "\n".join(lines)


def failing_regions(everything: Evaluations, most: int = 3) -> list[str]:
    """Where failures are most frequent, a line each: parts of single variables' ranges.

    Nothing is known of a space without working coordinates.

    Ranges are cut into quarters as they are searched (by logarithm where a variable says so).
    """
    failed = ~everything.evaluated
    space = everything.definition.space
    if not has_coordinates(space):
        return []
    working = space.to_working(everything.X)
    found = []
    for j, name in enumerate(space.names):
        for where in _regions(working[:, j], int(space.layout.categories[j])):
            inside, outside = failed[where], failed[~where]
            if min(len(inside), len(outside)) < LEAST_IN_REGION:
                continue
            excess = inside.mean() - outside.mean()
            if excess > 0:
                values = [
                    _value(space, everything.X[i], j) for i in _extremes(working[:, j], where)
                ]
                found.append((excess, _line(name, values, int(inside.sum()), len(inside))))
    return [line for _, line in sorted(found, reverse=True)[:most]]


def _regions(z: FloatArray, categories: int) -> list[BoolArray]:
    if categories:
        return [z == category for category in np.unique(z)]
    edges = np.linspace(z.min(), z.max(), REGIONS + 1)[1:-1]
    part = np.searchsorted(edges, z, side="right")
    return [part == k for k in np.unique(part)]


def _extremes(z: FloatArray, where: BoolArray) -> tuple[int, int]:
    """Rows of the smallest and the largest value there."""
    rows = np.flatnonzero(where)
    return int(rows[z[rows].argmin()]), int(rows[z[rows].argmax()])


def _value(space: Any, x: Any, j: int) -> Any:
    return space.show(x)[space.names[j]]


def _line(name: str, values: list[Any], failed: int, count: int) -> str:
    low, high = (f"{v:.4g}" if isinstance(v, float) else str(v) for v in values)
    where = f"{name} = {low}" if low == high else f"{name} from {low} to {high}"
    return f"  {where}: {failed} of {count} failed"
