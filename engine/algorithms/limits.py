"""What needs no training: a candidate that breaks a known limit is drawn again, not evaluated.

A problem that has ``known`` says values before anything is trained. Where one of them breaks a
constraint the candidate is refused: it is kept with an id of its own and what is known of it
(``records/refused.py``), and has no place in the population, the model or the budget. Of a child
that is refused however often it is drawn (``generation.REDRAWS``) the place stays empty; where
nobody is born at all, it goes on until ``REDRAWS`` times the population's size have been refused in
a row.

Drawing is done again where a run goes on from a file: the same candidates are refused then, and
have the same ids. So what is refused is no part of the journal, only of the state that is sealed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from ...operators.duplicates import Seen
from ...problems.definition import ContractViolation, Definition
from ...typing import BoolArray, Candidates, FloatArray, IntArray
from ..records.refused import COLUMNS, broken
from .counts import count
from .generation import Bred

log = logging.getLogger(__name__)

Known = Callable[[Any], Mapping[str, float]]
"""Values of a candidate, as ``evaluate`` gets it, that need no training."""

MOST_SAID = 10_000
"""Candidates of whom it is remembered what is known: a pool is refused first, and screened then."""

Columns: TypeAlias = tuple[Any, ...]
"""Of refused candidates, in the order of ``COLUMNS``."""


class Limits:
    """Refuses candidates by what is known of them, and keeps those that it has refused.

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
        self._generation = 0  # of those that are drawn now
        self._refused: list[Columns] = []  # tables, one after the other
        self._n = 0  # rows in all of them
        self._said: dict[bytes, list[float]] = {}  # of candidates by key, as it is asked twice
        self._kept = (0, 0)  # of these, and in a row, when the last draw was kept

    # -- who is refused --------------------------------------------------------------------------

    def refuse(self, X: Candidates, parents: IntArray, operator: int) -> BoolArray:
        """(n,) True where a known value of (n, n_var) candidates breaks a limit; these are kept.

        One for which ``known`` raises, or returns what it must not, breaks none here: it goes out,
        and fails where it would be evaluated, with its traceback.
        """
        if not self._definition.constraints:
            return np.zeros(len(X), dtype=np.bool_)
        F, G = self.values(X)
        breaks = self._breaks(G)
        rows = np.flatnonzero(breaks)
        k = len(rows)
        if k:
            made_by = np.full(k, operator, dtype=np.uint8)
            generation = np.full(k, self._generation, dtype=np.int32)
            self._refused.append((X[rows], parents[rows], made_by, generation, F[rows], G[rows]))
            self._n += k
        return breaks

    def broken(self, X: Candidates) -> BoolArray:
        """(n,) True where a known value of (n, n_var) candidates breaks a limit; nobody is kept."""
        return self._breaks(self.values(X)[1])

    def _breaks(self, G: FloatArray) -> BoolArray:
        return np.asarray(broken(self._definition, G).any(axis=1), dtype=np.bool_)

    def values(self, X: Candidates) -> tuple[FloatArray, FloatArray]:
        """What is known of (n, n_var): F (n, n_obj) and G (n, n_con), NaN where it is not."""
        definition = self._definition
        values = np.full((len(X), len(definition.names)), np.nan)
        if len(self._said) > MOST_SAID:
            self._said.clear()
        for i, key in enumerate(definition.space.key(X) if len(X) else []):
            if key not in self._said:
                known = self._known_of(X[i])
                self._said[key] = [known.get(name, np.nan) for name in definition.names]
            values[i] = self._said[key]
        return values[:, : definition.n_obj], values[:, definition.n_obj :]

    def _known_of(self, row: Candidates) -> Mapping[str, float]:
        definition = self._definition
        try:
            return definition.read_known(self._known(definition.space.candidate(row)))
        except ContractViolation:
            return {}
        except Exception:
            log.debug("known(x) raised: the candidate fails in a worker", exc_info=True)
            return {}

    # -- who is drawn again ----------------------------------------------------------------------

    def note(self, refused: BoolArray) -> None:
        """Count how many in a row are refused, in the order in which they were drawn."""
        kept = np.flatnonzero(~refused)
        if kept.size:
            self.in_a_row = self._looked = 0
        self.in_a_row += len(refused) - (int(kept[-1]) + 1 if kept.size else 0)

    def draws_again(self) -> bool:
        """Whether it is worth while, though nobody was born: not if nobody was refused."""
        refused, self._looked = self.in_a_row > self._looked, self.in_a_row
        return refused and self.in_a_row < self._most

    # -- what is kept ----------------------------------------------------------------------------

    def begin(self, generation: int) -> None:
        """Candidates of this generation are drawn from now on.

        Who was refused since the last ``keep`` is forgotten: they were drawn in vain, and come
        again, by the same draws.
        """
        self._generation = generation
        n, self.in_a_row = self._kept
        if self._n > n:
            self._refused = [tuple(column[:n] for column in self._columns())]
            self._n = n
        self._looked = self.in_a_row

    def keep(self) -> None:
        """Who has been refused stays: those who were drawn beside them are born."""
        self._kept = self._n, self.in_a_row

    def _columns(self) -> Columns:
        """Of all that have been refused."""
        if len(self._refused) > 1:
            self._refused = [tuple(map(np.concatenate, zip(*self._refused, strict=True)))]
        return self._refused[0]

    def state(self) -> dict[str, Any]:
        """All of it; without those that were refused if there are none."""
        kept, in_a_row = self._kept
        own: dict[str, Any] = {"refused_kept": kept, "refused_in_a_row": in_a_row}
        if self._n:
            own |= {f"refused_{name}": c for name, c in zip(COLUMNS, self._columns(), strict=True)}
        return own

    def load(self, state: Mapping[str, Any]) -> None:
        """Continue from one."""
        n = len(state["refused_X"]) if "refused_X" in state else 0
        self._refused = [tuple(np.array(state[f"refused_{name}"]) for name in COLUMNS)] if n else []
        self._n = n
        self._kept = count(state, "refused_kept"), count(state, "refused_in_a_row")
        self.in_a_row = self._kept[1]


class Refusing:
    """Rows that nobody new may equal, and limits that nobody new may break.

    Args:
        limits: Which.
        seen: The rows; None if duplicates may be.
        draw: Makes so many candidates, and the ids of their parents.
        operator: Position of what makes them in the run's list of operators.
    """

    def __init__(
        self, limits: Limits, seen: Seen | None, draw: Callable[[int], Bred], operator: int
    ) -> None:
        self._limits = limits
        self._seen = seen
        self._draw = draw
        self._operator = operator

    def draw(self, k: int) -> Bred:
        """``k`` candidates, who are to be added next."""
        X, self._parents = self._draw(k)
        return X, self._parents

    def add(self, X: Candidates) -> IntArray:
        """Add the rows that break no limit; the ascending numbers of all that are drawn again."""
        again = self._limits.refuse(X, self._parents, self._operator)
        self._limits.note(again)
        if self._seen is not None:
            allowed = np.flatnonzero(~again)
            again[allowed[self._seen.add(X[allowed])]] = True
        return np.flatnonzero(again)
