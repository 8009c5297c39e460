"""Screening in a run: several children are drawn for each that is evaluated, and a part picks.

The children are drawn from the generator of variation, so they are the same on every machine. Which
of them are chosen depends on a model's linear algebra, which is not: it is written down before they
go out, and whoever resumes or replays the run reads it (``foretell``) and asks no model.

The model sees what was told by its turn, never by its arrival.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...operators.parts import KnownOutcomes, Screen
from ...problems.definition import Definition
from ...typing import Candidates, FloatArray, IntArray
from ..randomness import SCREENING, generator
from ..records.evaluations import Evaluations
from ..records.provenance import (
    AS_DRAWN,
    EVOLVED,
    Born,
    Choices,
    Made,
    choices_of,
    nobody,
)
from .checked import check_chosen, check_enough, check_memory, check_pool
from .limits import Limits
from .offshoots import Offshoots
from .part_memory import PartMemory, copied

log = logging.getLogger(__name__)

Paid: TypeAlias = Callable[[IntArray], FloatArray]
"""What (k,) ids of candidates that have finished have cost: (k,) positive, NaN where not known."""

MADE_BY = ("X", "parents", "operator")
"""Of candidates that are not told yet, what a state has beside their choice."""

COLUMNS = ("ids", "X", "F", "G")
"""Of what is known, in the user's units; F and G are NaN of candidates that failed."""


class Screening:
    """What a screen knows of a run, and what it has chosen.

    Attributes:
        memory: Of the screen.

    Args:
        screen: The part.
        definition: Of the problem.
        seed: Of the run.
        strand: Tells the generators of several that share a seed apart.
        limits: Know what needs no training; None if everything does.
        paid: For evaluations, of a run whose budget is in that; None if they are only counted.
    """

    def __init__(
        self, screen: Screen, definition: Definition, seed: int, strand: tuple[int, ...] = (),
        limits: Limits | None = None, paid: Paid | None = None,
    ) -> None:  # fmt: skip
        screen.check_fit(definition.space)
        self.memory: PartMemory = {}
        self._screen, self._definition = screen, definition
        self._seed, self._strand = seed, strand
        self._limits, self._paid = limits, paid
        self._told: list[tuple[IntArray, Candidates, FloatArray, FloatArray]] = []
        self._n_told = 0
        self._mended: dict[int, tuple[FloatArray, FloatArray]] = {}
        self._foretold: dict[int, int] = {}
        self._made: dict[int, Made] = {}  # of those that are foretold, who is in no pool
        self._memories: dict[int, Mapping[str, Any]] = {}  # since a choice that is foretold
        self._new: list[Choices] = []
        self._warned = False

    # -- what is known ---------------------------------------------------------------------------

    def tell(self, ids: IntArray, X: Candidates, F: FloatArray, G: FloatArray) -> None:
        """(k,) more have been told, in their order; the arrays must not change any more."""
        self._told.append((ids, X, F, G))
        self._n_told += len(ids)

    def mend(self, ids: IntArray, F: FloatArray, G: FloatArray) -> None:
        """(k,) that have failed have values now."""
        for id, f, g in zip(ids.tolist(), F, G, strict=True):
            self._mended[id] = f, g

    def known(self) -> KnownOutcomes:
        """Everything told, with what has become of it since."""
        ids, X, F, G = self._table()
        for row in np.flatnonzero([id in self._mended for id in ids.tolist()]).tolist():
            F[row], G[row] = self._mended[int(ids[row])]
        of_all = self._margins(G)
        failed = ~self._definition.fit_for_ranking(F, G)
        F[failed], of_all[failed] = np.nan, np.nan
        known_of = None if self._limits is None else self._known_of
        cost = None if self._paid is None else self._paid(ids)
        return KnownOutcomes(X, self._definition.minimized(F), _finite(of_all), known_of, cost)

    def _known_of(self, X: Candidates) -> tuple[FloatArray, FloatArray]:
        """What needs no training of (k, n_var), as ``KnownOutcomes.known_of`` says it."""
        assert self._limits is not None  # otherwise nobody is given this
        F, G = self._limits.values(X)
        return self._definition.minimized(F), self._margins(G)

    def _margins(self, G: FloatArray) -> FloatArray:
        """(n, n_con) of constraint values in the user's units."""
        margins = [
            constraint.g(values)
            for constraint, values in zip(self._definition.constraints.values(), G.T, strict=True)
        ]
        return np.array(margins, dtype=np.float64).reshape(len(margins), len(G)).T.copy()

    def _table(self) -> tuple[IntArray, Candidates, FloatArray, FloatArray]:
        """Of everything told the columns; F and G may be written to."""
        definition = self._definition
        none = (
            np.empty(0, dtype=np.int64), nobody(definition.space).X,
            np.empty((0, definition.n_obj)), np.empty((0, definition.n_con)),
        )  # fmt: skip
        if len(self._told) > 1:
            ids, X, F, G = (np.concatenate(c) for c in zip(*self._told, strict=True))
            self._told = [(ids, X, F, G)]
        ids, X, F, G = self._told[0] if self._told else none
        return ids, X, F.copy(), G.copy()

    # -- what is chosen --------------------------------------------------------------------------

    def draws(self, k: int) -> int:
        """How many children are to be drawn for ``k`` that are evaluated."""
        return k * self._screen.draws if self._n_told >= self._screen.least else k

    def pick(self, pool: Offshoots, k: int, first_id: int, under_way: Candidates) -> Born:
        """``k`` of the pool, or all if there are no more; they get ids from ``first_id`` on.

        The pool may evolve on the screen's model before. ``under_way`` (p, n_var) have been asked
        for and not told. Raises ShapeError for rows that are none, and what the screen raises;
        nothing has happened then.
        """
        if self._n_told < self._screen.least:
            return pool.born
        k = min(k, len(pool.born))
        ids = range(first_id, first_id + k)
        if any(id in self._foretold for id in ids):
            chosen = self._as_foretold(pool, ids)
            memory = self._memories.get(first_id, self.memory)
        else:
            memory = copied(self.memory)
            chosen = self._ask(pool, k, under_way, memory)
        self._new.append(choices_of(first_id, chosen, self._if_new(memory)))
        self.memory = dict(memory)
        for id in ids:
            self._foretold.pop(id, None)
            self._made.pop(id, None)
        self._memories.pop(first_id, None)
        return chosen

    def _as_foretold(self, pool: Offshoots, ids: range) -> Born:
        """Who was chosen before, and others for those ids of which nothing is known."""
        rows = [self._foretold.get(id) for id in ids]
        made = [self._made[id] for id in ids if id in self._made]
        if not made:
            return pool.drawn.take(_completed(rows, len(pool.drawn)))
        X, parents = (np.concatenate(column) for column in zip(*made, strict=True))
        places = iter(range(len(pool.drawn), len(pool.drawn) + len(made)))
        rows = [next(places) if row == EVOLVED else row for row in rows]
        return pool.drawn_and(X, parents).take(_completed(rows, len(pool.drawn)))

    def _if_new(self, memory: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """None if it is what was remembered before."""
        same = memory.keys() == self.memory.keys() and all(
            _same(memory[name], self.memory[name]) for name in memory
        )
        return None if same else memory

    def _ask(self, pool: Offshoots, k: int, under_way: Candidates, memory: PartMemory) -> Born:
        screen, everyone = self._screen, pool.drawn
        rng = generator(self._seed, SCREENING, *self._strand, self._n_told)
        rows = None
        if len(everyone) > k:
            space, known = self._definition.space, self.known()
            drawn = everyone.X
            X = screen.improve(drawn, k, known, under_way, space, rng, memory, pool.vary)
            if X is not drawn:
                everyone = pool.evolved(check_pool(screen, X, space))
                check_enough(screen, len(everyone), k)
            rows = screen(everyone.X, k, known, under_way, space, rng, memory)
            check_memory(screen, memory)
        if rows is None:
            if len(pool.drawn) > k and not self._warned:
                self._warned = True
                log.warning(
                    "%s has no model of %d outcomes: children go out as they are drawn until it "
                    "has", screen, self._n_told,
                )  # fmt: skip
            return pool.drawn.take(np.arange(k))
        return everyone.take(check_chosen(screen, rows, k, len(everyone)))

    def foretell(self, choices: Choices) -> None:
        """What was chosen for candidates that are still to be born."""
        self._foretold.update(enumerate(choices.choice.tolist(), choices.first))
        if choices.made is not None:
            rows = np.flatnonzero(choices.choice == EVOLVED).tolist()
            for place, row in enumerate(rows):
                some = slice(place, place + 1)
                X, parents = choices.made
                self._made[choices.first + row] = Made(X[some], parents[some])
        if choices.memory is not None:
            self._memories[choices.first] = choices.memory

    def new_choices(self) -> list[Choices]:
        """What has been chosen since the last call."""
        new, self._new = self._new, []
        return new

    # -- state -----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All of it as arrays."""
        ids, X, F, G = self._table()
        for row, id in enumerate(ids.tolist()):
            if id in self._mended:
                F[row], G[row] = self._mended[id]
        memory = {f"screen_{name}": np.array(value) for name, value in self.memory.items()}
        columns = zip(COLUMNS, (ids, X, F, G), strict=True)
        return memory | {f"retold_{name}": values for name, values in columns}

    def load(
        self, state: dict[str, Any], told: Evaluations | None, unfinished: IntArray | tuple[()] = ()
    ) -> None:
        """Continue from one; ``told`` is what was told, in its order, if it is kept elsewhere.

        Those with ``unfinished`` ids will be told with the others of their generation.
        """
        self.memory = {
            name.removeprefix("screen_"): np.array(value)
            for name, value in state.items()
            if name.startswith("screen_")
        }
        columns: Any = state if told is None else vars(told)
        prefix = "retold_" if told is None else ""
        self._told, self._n_told = [], 0
        self._mended, self._foretold, self._made, self._memories, self._new = {}, {}, {}, {}, []
        ids, X, F, G = (np.array(columns[f"{prefix}{name}"]) for name in COLUMNS)
        later = np.isin(ids, unfinished)
        self.tell(ids[~later], X[~later], F[~later], G[~later])
        self.mend(ids[later], F[later], G[later])


def choices_in(state: Mapping[str, Any]) -> list[Choices]:
    """What was chosen for candidates that are not told yet, by the state of a machine.

    Those that were made on a model are in it, as all of them are.
    """
    found = []
    for name, values in state.items():
        table, _, column = name.rpartition("_")
        run, _, which = table.rpartition("_")
        if column != "choice" or which not in ("offspring", "open"):
            continue
        before = f"{run}_" if run else ""
        choice = np.asarray(values)
        if which == "open":
            ids = np.asarray(state[f"{before}open_ids"])
        else:
            ids = np.arange(len(choice)) + state[f"{before}first_id"]
        X, parents, operator = (np.asarray(state[f"{table}_{name}"]) for name in MADE_BY)
        born = Born(X, parents, operator, choice)
        rows = np.flatnonzero(choice != AS_DRAWN).tolist()
        found += [choices_of(int(ids[row]), born.take(np.array([row]))) for row in rows]
    return found


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether they are equal bit by bit."""
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def _finite(margins: FloatArray) -> FloatArray:
    """Without the infinities of constraints that are kept by any distance."""
    for column in margins.T:
        endless = np.isneginf(column)
        if endless.any():
            column[endless] = min(column[np.isfinite(column)], default=-1.0)
    return margins


def _completed(rows: list[int | None], n: int) -> IntArray:
    """With others in the places where nothing is known: of those nobody is ever evaluated."""
    taken = {row for row in rows if row is not None}
    others = iter(row for row in range(n) if row not in taken)
    return np.array([next(others) if row is None else row for row in rows], dtype=np.int64)
