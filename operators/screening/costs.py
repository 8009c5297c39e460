"""What evaluations cost, as a model learns it: in logarithms, of those that did not fail.

Source: Snoek, Larochelle, Adams 2012, "Practical Bayesian optimization of machine learning
algorithms", section 3.2, expected improvement per second.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...typing import FloatArray, IntArray
from .targets import standardized

LEAST_SPREAD = 1e-6
"""Standard deviation of logarithms below which all cost the same."""

MOST_APART = 600.0
"""Logarithms by which the cheapest and the dearest may differ: ratios stay numbers."""


class LogCosts(NamedTuple):
    """What a model is fitted to.

    Attributes:
        rows: (n,) of the known candidates.
        targets: (n,) logarithms of their costs, with mean 0 and standard deviation 1.
        spread: Standard deviation of the logarithms.
    """

    rows: IntArray
    targets: FloatArray
    spread: float


def log_costs(cost: FloatArray | None, rows: IntArray) -> LogCosts | None:
    """Of those of ``rows`` whose cost is known; ``cost`` (n,) is of all, positive or NaN.

    None if there is nothing to learn: fewer than two, or all cost the same.
    """
    if cost is None:
        return None
    rows = rows[np.isfinite(cost[rows])]
    if len(rows) < 2:
        return None
    logs = np.log(cost[rows])
    spread = float(logs.std())
    return LogCosts(rows, standardized(logs), spread) if spread > LEAST_SPREAD else None


def relative(logs: FloatArray) -> FloatArray:
    """(k,) costs as shares of the largest, from their logarithms (k,)."""
    return np.asarray(np.exp(np.maximum(logs - logs.max(), -MOST_APART)))
