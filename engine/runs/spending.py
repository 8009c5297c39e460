"""What the evaluations of a run have cost, where its budget is a ``Cost``.

All of it follows from what is stored: seconds and logs of evaluations, in the order of telling.
"""

from __future__ import annotations

import logging
from typing import Any, Self

import numpy as np

from ...typing import FloatArray, IntArray
from ..records.evaluations import Archive, Evaluations
from .cost import SECONDS, Cost

log = logging.getLogger(__name__)


class Spending:
    """Adds up what has been told, and knows the cost of whatever has finished.

    Attributes:
        cost: What all evaluations may cost together.
    """

    def __init__(self, cost: Cost) -> None:
        self.cost = cost
        self._of_id: dict[int, float] = {}
        self._rows = 0  # of the archive, that have been added up
        self._paid = 0.0  # for those of known cost
        self._known = self._unknown = 0  # evaluations; those from a cache are neither
        self._warned = False

    @classmethod
    def of_cost(cls, cost: Cost | None) -> Self | None:
        """Of a run with this budget; None if it is in evaluations."""
        return None if cost is None else cls(cost)

    def learn(self, rows: Evaluations) -> None:
        """What has finished, told or waiting for its turn; of several outcomes the last counts."""
        costs = self._costs(rows)
        self._of_id.update(zip(rows.ids.tolist(), costs.tolist(), strict=True))
        unknown = np.isnan(costs)
        if unknown.any() and not self._warned:
            self._warned = True
            log.warning(
                "candidate %d has not logged a number >= 0 as %r, which the budget is of: such "
                "evaluations count as the mean of those that have",
                rows.ids[unknown][0], self.cost.of,
            )  # fmt: skip

    def of(self, ids: IntArray) -> FloatArray:
        """(k,) costs of (k,) ids that have finished; NaN where nothing was paid, or none is known.

        They are what a model can learn of: positive.
        """
        costs = np.array([self._of_id[id] for id in ids.tolist()], dtype=np.float64)
        costs[costs <= 0] = np.nan
        return costs

    def total(self, archive: Archive) -> float:
        """Of everything told; those of unknown cost are taken to cost the mean of the others."""
        if archive.rows > self._rows:
            rows, self._rows = archive.since(self._rows), archive.rows
            self._add(rows)
        return self._paid * (1 + self._unknown / self._known) if self._known else 0.0

    def is_used_up(self, archive: Archive) -> bool:
        """Whether everything told has cost what it may."""
        return self.total(archive) >= self.cost.amount

    def wrong(self, archive: Archive) -> str:
        """Why nothing would ever end the run, though evaluations have been told; "" if it ends."""
        if self.total(archive) > 0 or not self._known + self._unknown:
            return ""
        logged = sorted({name for extra in archive.table().extras.values() for name in extra})
        return (
            f"the budget is {self.cost}, and none of {self._known + self._unknown} evaluations "
            f"has logged a number above 0 by that name: they log {logged}; write "
            f"ctx.log({self.cost.of}=...), or take another name"
        )

    def _add(self, rows: Evaluations) -> None:
        costs = self._costs(rows)[~rows.recalled]
        known = ~np.isnan(costs)
        for cost in costs[known].tolist():  # one by one, so that every resume has the same sum
            self._paid += cost
        self._known += int(known.sum())
        self._unknown += int((~known).sum())

    def _costs(self, rows: Evaluations) -> FloatArray:
        """(n,) NaN where none is known, 0 for those that were not evaluated."""
        if self.cost.of == SECONDS:
            costs = rows.seconds.copy()
        else:
            logged = (rows.extras.get(id, {}).get(self.cost.of) for id in rows.ids.tolist())
            costs = np.array([_number(value) for value in logged], dtype=np.float64)
        costs[rows.recalled] = 0.0
        return costs


def _number(value: Any) -> float:
    """Of what was logged; NaN if that is no cost."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, (int, float, np.integer, np.floating)
    ):
        return np.nan
    try:
        number = float(value)
    except OverflowError:
        return np.nan
    return number if 0 <= number < np.inf else np.nan
