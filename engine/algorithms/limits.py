"""Limits that need no training: a candidate that breaks one is drawn again, and never evaluated.

A problem that has ``known`` says values before anything is trained. Where one of them breaks a
constraint the candidate has no place: not in the population, not in the budget. Of a child that is
refused however often it is drawn (``generation.REDRAWS``) the place stays empty; where nobody is
born at all, it goes on until ``REDRAWS`` times the population's size have been refused in a row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...operators.duplicates import Seen
from ...problems.definition import ContractViolation, Definition
from ...typing import BoolArray, Candidates, IntArray

log = logging.getLogger(__name__)

Known = Callable[[Any], Mapping[str, float]]
"""Values of a candidate, as ``evaluate`` gets it, that need no training."""


class Limits:
    """Refuses candidates by what is known of them.

    Attributes:
        in_a_row: How many have been refused since the last that was not.

    Args:
        definition: Of the problem.
        known: Its ``known``.
        most: Refused in a row, after which nobody is drawn any more.
    """

    def __init__(self, definition: Definition, known: Known, most: int) -> None:
        self._definition = definition
        self._known = known
        self._most = most
        self._looked = 0  # of in_a_row, when somebody asked whether to draw again
        self.in_a_row = 0

    def broken(self, X: Candidates) -> BoolArray:
        """(n,) True where a known value of (n, n_var) candidates breaks a limit.

        One for which ``known`` raises, or returns what it must not, breaks none here: it goes out,
        and fails where it would be evaluated, with its traceback.
        """
        return np.array([self._breaks(row) for row in X], dtype=np.bool_)

    def _breaks(self, row: Candidates) -> bool:
        try:
            known = self._definition.read_known(self._known(self._definition.space.candidate(row)))
        except ContractViolation:
            return False
        except Exception:
            log.debug("known(x) raised: the candidate fails in a worker", exc_info=True)
            return False
        for name, constraint in self._definition.constraints.items():
            if name in known and constraint.g(np.array([known[name]]))[0] > 0:
                return True
        return False

    def beside(self, seen: Seen | None) -> Seen:
        """What says who is drawn again: those who break a limit, and those in ``seen``."""
        return _Refusing(self, seen)

    def note(self, broken: BoolArray) -> None:
        """Count how many in a row are refused, in the order in which they were drawn."""
        kept = np.flatnonzero(~broken)
        if kept.size:
            self.in_a_row = self._looked = 0
        self.in_a_row += len(broken) - (int(kept[-1]) + 1 if kept.size else 0)

    def draws_again(self) -> bool:
        """Whether it is worth while, though nobody was born: not if nobody was refused."""
        refused, self._looked = self.in_a_row > self._looked, self.in_a_row
        return refused and self.in_a_row < self._most


class _Refusing:
    """Rows that nobody new may equal, and limits that nobody new may break."""

    def __init__(self, limits: Limits, seen: Seen | None) -> None:
        self._limits = limits
        self._seen = seen

    def add(self, X: Candidates) -> IntArray:
        """Add the rows that break no limit; the ascending numbers of all that are drawn again."""
        again = self._limits.broken(X)
        self._limits.note(again)
        if self._seen is not None:
            allowed = np.flatnonzero(~again)
            again[allowed[self._seen.add(X[allowed])]] = True
        return np.flatnonzero(again)
