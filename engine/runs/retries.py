"""Outcomes of candidates that failed and were evaluated again, beside those of the first time.

Each wish to evaluate failed candidates again has a table of its own. Once all of its outcomes are
there they go into the run in order of id, so that neither workers nor kills change what comes of
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import StoreCorrupt
from ...problems.definition import Definition
from ...typing import IntArray
from ..records.evaluations import Archive, Evaluations, empty, of_problem
from ..records.outcome import Failed
from .interventions import Retry


class Retries:
    """All wishes of a run, with their outcomes.

    Attributes:
        mended: Ids that failed at first and have values now.

    Args:
        definition: Of the problem.
        wishes: In their order.
        outcomes: Of each; they may be fewer than it has candidates.

    Raises StoreCorrupt for outcomes that no wish is for.
    """

    def __init__(
        self,
        definition: Definition,
        wishes: Sequence[Retry] = (),
        outcomes: Sequence[Evaluations] = (),
    ) -> None:
        self._definition = definition
        self._wishes: list[Retry] = []
        self._outcomes: list[Archive] = []
        self._missing: list[set[int]] = []  # ids without an outcome, by wish
        self.mended: set[int] = set()
        self._went_in = 0  # wishes of which all outcomes are in the run
        for wish in wishes:
            self.add(wish)
        for k, rows in enumerate(outcomes):
            self._record(k, rows)
        while self._complete():
            self._went_in += 1

    @property
    def wishes(self) -> list[Retry]:
        """In their order."""
        return list(self._wishes)

    @property
    def pending(self) -> list[int]:
        """Ids that are to be evaluated again, ascending."""
        return sorted(set().union(*self._missing))

    @property
    def outstanding(self) -> int:
        """How many are pending."""
        return sum(len(ids) for ids in self._missing)

    def add(self, wish: Retry) -> None:
        """One more; its candidates are pending from now on."""
        self._wishes.append(wish)
        self._outcomes.append(Archive(empty(self._definition)))
        self._missing.append(set(wish.ids))

    def record(self, rows: Evaluations) -> list[Evaluations]:
        """Take in outcomes, one or several; returns those of each wish that is complete by them.

        Raises StoreCorrupt for one that is not pending.
        """
        for row, id in enumerate(rows.ids.tolist()):
            wish = next((k for k, ids in enumerate(self._missing) if id in ids), None)
            if wish is None:
                raise StoreCorrupt(
                    f"the journal holds candidate {id} evaluated again, which nobody wished for: "
                    "the store was edited"
                )
            self._record(wish, rows.take(np.array([row])))
        done = []
        while self._complete():
            outcomes = self._outcomes[self._went_in].table()
            done.append(outcomes.take(np.argsort(outcomes.ids)))
            self._went_in += 1
        return done

    def _record(self, wish: int, rows: Evaluations) -> None:
        ids = set(rows.ids.tolist())
        if wish >= len(self._missing) or len(ids) < len(rows) or not ids <= self._missing[wish]:
            raise StoreCorrupt("the run has outcomes of candidates that were not evaluated again")
        self._outcomes[wish].append(of_problem(rows, self._definition))
        self._missing[wish] -= ids
        self.mended.update(rows.ids[rows.evaluated].tolist())

    def _complete(self) -> bool:
        return self._went_in < len(self._wishes) and not self._missing[self._went_in]

    def tables(self) -> tuple[Evaluations, ...]:
        """The outcomes of each wish, in the order in which they came."""
        return tuple(outcomes.table() for outcomes in self._outcomes)

    def gone_in(self, ids: IntArray) -> tuple[Evaluations, ...]:
        """Of the wishes whose outcomes are all there: those of candidates with these ids."""
        whole = self.tables()[: self._went_in]
        return tuple(rows.take(np.flatnonzero(np.isin(rows.ids, ids))) for rows in whole)


def latest(first: Evaluations, retried: Sequence[Evaluations]) -> Evaluations:
    """What was told first, with the last outcome of each candidate that was evaluated again."""
    again = [rows for rows in retried if len(rows)]
    if not again:
        return first
    columns = {
        name: getattr(first, name).copy()
        for name in ("status", "F", "G", "seed", "seconds", "worker_code")
    }
    failures, extras = dict(first.failures), dict(first.extras)
    workers = list(dict.fromkeys([*first.workers, *(w for rows in again for w in rows.workers)]))
    order = np.argsort(first.ids)
    for rows in again:
        at = order[np.searchsorted(first.ids, rows.ids, sorter=order)]
        codes = np.array([workers.index(w) for w in rows.workers], dtype=np.int32)
        for name, column in columns.items():
            column[at] = codes[rows.worker_code] if name == "worker_code" else getattr(rows, name)
        for id in rows.ids.tolist():
            _replace(failures, id, rows.failures)
            _replace(extras, id, rows.extras)
    for column in columns.values():
        column.flags.writeable = False
    return replace(first, **columns, workers=tuple(workers), failures=failures, extras=extras)


def _replace(values: dict[int, Any], id: int, by: dict[int, Any]) -> None:
    if id in by:
        values[id] = by[id]
    else:
        values.pop(id, None)


def places(first: Evaluations, retried: Sequence[Evaluations], wishes: Sequence[Retry]) -> IntArray:
    """(n,) after how many others the last outcome of each row of ``first`` was told.

    Its own row, or the end of all that had been told when it was wished for once more.
    """
    found = np.arange(len(first), dtype=np.int64)
    order = np.argsort(first.ids)
    for wish, rows in zip(wishes, retried, strict=True):
        at = order[np.searchsorted(first.ids, rows.ids, sorter=order)]
        found[at] = np.maximum(found[at], wish.told - 1)
    return found


def earlier_failures(
    first: Evaluations, retried: Sequence[Evaluations]
) -> dict[int, tuple[Failed, ...]]:
    """Of each candidate that was evaluated again, by id: its failures before the last outcome."""
    tries: dict[int, list[Failed | None]] = {}
    for rows in retried:
        for id in rows.ids.tolist():
            tries.setdefault(id, [first.failures.get(id)]).append(rows.failures.get(id))
    return {
        id: tuple(failure for failure in found[:-1] if failure is not None)
        for id, found in tries.items()
    }
