"""Outcomes that are known already: told without an evaluation.

Of equal candidates the one with the lowest id is evaluated, and the others get its outcome; if it
fails, the next one is evaluated. Whose outcome a candidate gets depends on ids alone, never on who
finishes first, so a memory keeps a run as repeatable as it was.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...typing import Candidates, IntArray
from ..records.evaluations import CACHE, Evaluations
from ..records.outcome import EVALUATED, Completion


class _Known(NamedTuple):
    """An outcome. Plain numbers: a small array takes four times the memory."""

    F: list[float]
    G: list[float]
    seed: int
    extra: dict[str, Any] | None


class Memory:
    """Candidates with their outcomes, by what makes a candidate the same as another.

    Args:
        known: Of other runs, from the start.
        grows: Remember what this run evaluates as well.
    """

    def __init__(self, known: Evaluations, *, grows: bool) -> None:
        self.known = known
        self._key = known.definition.space.key
        self.grows = grows
        self._outcomes: dict[bytes, _Known] = {}
        self._evaluating: dict[bytes, list[int]] = {}  # who waits for an equal one
        self._found: list[tuple[int, _Known]] = []
        self._again: list[int] = []
        self._learn(known)

    def to_evaluate(self, ids: IntArray, X: Candidates) -> IntArray | None:
        """Rows to evaluate of (k,) ids in ascending order, (k, n_var); ``recall`` has the others.

        A row that equals one under evaluation waits for it. None is all rows.
        """
        if not self.grows and not self._outcomes:
            return None
        rows = []
        for row, (id, key) in enumerate(zip(ids.tolist(), self._key(X), strict=True)):
            if key in self._outcomes:
                self._found.append((id, self._outcomes[key]))
            elif key in self._evaluating:
                self._evaluating[key].append(id)
            else:
                rows.append(row)
                if self.grows:
                    self._evaluating[key] = []
        return np.array(rows, dtype=np.int64)

    def learn(self, rows: Evaluations) -> None:
        """What has finished: those that waited for it are found, or the next one is evaluated."""
        if self.grows:
            self._learn(rows)

    def _learn(self, rows: Evaluations) -> None:
        columns = (rows.ids, rows.evaluated, rows.F, rows.G, rows.seed)
        for key, id, evaluated, F, G, seed in zip(
            self._key(rows.X), *(column.tolist() for column in columns), strict=True
        ):
            if evaluated and key not in self._outcomes:
                self._outcomes[key] = _Known(F, G, seed, rows.extras.get(id))
            waiting = self._evaluating.pop(key, None)
            if not waiting:
                continue
            if evaluated:
                self._found += [(other, self._outcomes[key]) for other in waiting]
            else:
                self._again.append(waiting[0])
                self._evaluating[key] = waiting[1:]

    def again(self) -> list[int]:
        """Ids that waited for one that failed: they are to be evaluated now."""
        ids, self._again = self._again, []
        return ids

    def recall(self) -> Completion | None:
        """The outcomes of those found since the last call; None if there are none."""
        found, self._found = self._found, []
        if not found:
            return None
        return Completion(
            ids=np.array([id for id, _ in found], dtype=np.int64),
            status=np.full(len(found), EVALUATED, dtype=np.uint8),
            F=np.array([known.F for _, known in found], dtype=np.float64),
            G=np.array([known.G for _, known in found], dtype=np.float64),
            failures={},
            extras={id: known.extra for id, known in found if known.extra},
            seeds=np.array([known.seed for _, known in found], dtype=np.uint32),
            seconds=np.zeros(len(found)),
            worker=CACHE,
        )

    def withdraw(self) -> None:
        """Forget who was to be evaluated: they are asked for again."""
        self._evaluating.clear()
        self._found.clear()
        self._again.clear()
