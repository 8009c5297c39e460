"""A run in memory: the algorithm, everything evaluated, and the population of every generation.

No clock, file or worker in here: the same calls give the same session, whether the outcomes come
from workers or from a journal that is replayed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from ...errors import StoreCorrupt, StoreMismatch
from ...problems.definition import Definition
from ...problems.encoded import check_round_trip
from ...typing import Candidates, IntArray
from ..algorithms.machine import Machine
from ..records.evaluations import Archive, Evaluations, empty, of_problem, record, state_of_problem
from ..records.outcome import Completion, Failed, Task
from ..records.population import Population
from ..records.provenance import Born
from ..records.refused import Refused, refused_in
from .cache import Memory
from .interventions import Retry, failed_ids
from .retries import Retries, latest
from .spending import Spending

_RETOLD = re.compile(r"(run\d+_)?retold_")
"""Entries of a state that say again what was told."""

AT_END = ("budget", "exhausted", "exhausted by limits")
"""By what a run has stopped that has nothing more to ask for."""


@dataclass
class Session:
    """State of a run.

    Attributes:
        definition: Of the problem.
        machine: The algorithm.
        budget: Evaluations in all; None for any number.
        spending: What evaluations cost, if that is what the budget is in.
        memory: Outcomes that are known.
        archive: Everything told, in that order.
        populations: Ids of the population after each completed selection, in order of generation.
        exhausted: Nothing new can be drawn.
        retries: Candidates that failed and are evaluated again, beside the archive.
        first_evaluated: Id of the first candidate that was to be evaluated; None before that.
        most_generations: That may begin by now, where a run is replayed; None is any number.

    Everything has one owner: candidates that are not told the machine, which keeps the outcomes
    that wait for their turn, too; what was told the archive, which gets exactly what the machine
    gives away when it tells it; ids of populations this. So there is nothing that a half could be
    sealed of: a machine that raises has told nothing, or says so by the next call.
    """

    definition: Definition
    machine: Machine
    budget: int | None
    memory: Memory
    archive: Archive
    retries: Retries
    populations: list[IntArray] = field(default_factory=list)
    spending: Spending | None = None

    exhausted: bool = False
    most_generations: int | None = None
    first_evaluated: int | None = None
    _running: set[int] = field(default_factory=set)  # ids handed out in blocks and not told
    _held: list[Task] = field(default_factory=list)  # of a block that is not whole yet
    _asked: int = -1  # the highest id that was asked for
    _again: Evaluations | None = None  # those that are evaluated again, as they failed

    def __post_init__(self) -> None:
        self._operators = self.machine.operators
        # Whether evaluate_batch gets blocks of ids: only then is it counted who is under way.
        self._in_blocks = self.machine.block is not None and self.definition.vectorized

    @classmethod
    def fresh(
        cls, definition: Definition, machine: Machine, budget: int | None, memory: Memory,
        spending: Spending | None = None,
    ) -> Session:  # fmt: skip
        """A session in which nothing has happened yet."""
        nothing = empty(definition, machine.operators, machine.n_parents)
        archive, retries = Archive(nothing), Retries(definition)
        return cls(definition, machine, budget, memory, archive, retries, spending=spending)

    @property
    def in_flight(self) -> int:
        """Candidates asked for and not told."""
        return self.machine.outstanding

    @property
    def finished(self) -> int:
        """Candidates that have an outcome, told or waiting for their turn."""
        return self.machine.evaluations + self.machine.waiting

    @property
    def room(self) -> int | None:
        """Candidates that the budget still allows to ask for; None if there is no budget."""
        if self.budget is None:
            return None
        return max(0, self.budget - self.finished - self.in_flight)

    @property
    def spent(self) -> bool:
        """Whether everything told has cost what it may."""
        return self.spending is not None and self.spending.is_used_up(self.archive)

    def ask(self) -> list[Task]:
        """All that is to be evaluated now within the budget.

        ``recall`` tells those whose outcome is known, ``rest`` gives what is held back for its
        block; ``exhausted`` says if nothing is new.
        """
        tasks = []
        for id in self.memory.again():
            ids = np.array([id])
            tasks.append(Task(ids, self.machine.candidates(ids)[0].X))
        while True:
            before = self.machine.outstanding
            tasks += self._ask_anew()
            if not self.machine.in_turn or self.machine.outstanding == before:
                break  # several of concurrent runs may begin a generation
        return self._handed(tasks)

    def rest(self) -> list[Task]:
        """What is held back, once its block cannot become whole: nothing else is evaluated.

        Nor is anything ``recall``ed. What is told by then does not depend on who finished when, so
        the split does not either.
        """
        if not self._held or self._running:
            return []
        held, self._held = self._held, []
        return self._handed([_together(held)])

    def _handed(self, tasks: list[Task]) -> list[Task]:
        if self._in_blocks:
            for task in tasks:
                self._running.update(task.ids.tolist())
        if self.first_evaluated is None and tasks:
            self.first_evaluated = int(tasks[0].ids[0])
        return tasks

    def _ask_anew(self) -> list[Task]:
        room = self.room
        if room == 0:
            return self._whole_blocks([])
        if self.most_generations is not None and self.machine.begins:
            begun = self.machine.generation + 1
            if begun >= self.most_generations:
                return []
        if not self.machine.available():
            self.exhausted = not self.in_flight
            return []
        batch = self.machine.ask(room)
        if not self.finished and not batch.ids[:1].any():  # the first: better now than after it
            check_round_trip(self.definition.space, batch.X)
        self._note_population()
        self.exhausted = not len(batch) and not self.in_flight
        if self._in_blocks and len(batch):
            self._asked = max(self._asked, int(batch.ids[-1]))
        rows = self.memory.to_evaluate(batch.ids, batch.X)
        if rows is None:
            return self._tasks(batch.ids, batch.X)
        return self._tasks(batch.ids[rows], batch.X[rows])

    def recall(self) -> Evaluations | None:
        """Tell those whose outcome is known by now; None if there are none."""
        done = self.memory.recall()
        return None if done is None else self.tell(done)

    def _note_population(self) -> None:
        """Keep the population that has been selected since the last call, if there is one."""
        if self.machine.selections > len(self.populations):
            self.populations.append(self.machine.parents.ids)

    def _tasks(self, ids: IntArray, X: Candidates) -> list[Task]:
        """One task a candidate; for ``evaluate_batch`` chunks, split by place in the generation.

        Where there are no generations these are blocks of ids, each handed out as a whole.
        """
        if not self.definition.vectorized:
            return [Task(ids[i : i + 1], X[i : i + 1]) for i in range(len(ids))]
        if self.machine.block is not None:
            return self._whole_blocks(_chunks(ids, X, 0, self.machine.block))
        return _chunks(ids, X, self.machine.first_id, self.definition.batch_size)

    def _whole_blocks(self, tasks: list[Task]) -> list[Task]:
        """Of these and of what was held back: blocks in which nobody is missing who may come."""
        size = self.machine.block
        if size is None or not self._in_blocks:
            return tasks
        asked = self._asked + 1 if self.room != 0 else math.inf
        whole: list[Task] = []
        held: list[Task] = []
        for block, parts in groupby([*self._held, *tasks], lambda task: int(task.ids[0]) // size):
            if (block + 1) * size <= asked:
                whole.append(_together(list(parts)))
            else:
                held += parts
        self._held = held
        return whole

    def tell(self, done: Completion) -> Evaluations:
        """Tell the algorithm what has finished; returns it as rows, told or waiting for that."""
        born, generation = self.machine.candidates(done.ids)
        rows = record(self.definition, done, born, generation, self._operators)
        self._take_in(rows)
        return rows

    def _take_in(self, rows: Evaluations) -> None:
        if self._in_blocks:
            self._running.difference_update(rows.ids.tolist())
        if self.spending is not None:
            self.spending.learn(rows)
        if self.machine.take_in(rows):
            self.archive.append(rows)
        self.memory.learn(rows)

    def state(self) -> dict[str, Any]:
        """Of the machine, without what stands in the archive."""
        state = self.machine.state_dict()
        return {name: value for name, value in state.items() if not _RETOLD.match(name)}

    def refused(self) -> Refused:
        """Who was drawn and never asked for."""
        return refused_in(self.state(), self.definition, self._operators)

    def advance(self) -> bool:
        """Tell those whose turn it is, up to the end of a generation; False if there were none."""
        if not self.machine.in_turn:
            return False
        told = self.machine.advance()
        self._note_population()
        for rows in told:
            self.archive.append(rows)
        return len(told) > 0

    def waiting(self) -> Evaluations:
        """What has finished and waits for its turn, in order of id."""
        return self.machine.waiting_table()

    def everything(self) -> Archive:
        """All that have finished, as they did at first: those told, then those that wait."""
        if not self.machine.waiting:
            return self.archive
        both = Archive(self.archive.table())
        both.append(self.waiting())
        return both

    def told(self) -> Evaluations:
        """Everything told, with the last outcome of those that were evaluated again."""
        return latest(self.archive.table(), self.retries.tables())

    @property
    def failures(self) -> Mapping[int, Failed]:
        """Of those told, by id, that have no values by now."""
        failures = self.archive.failures
        mended = self.retries.mended
        if not mended:
            return failures
        return {id: failure for id, failure in failures.items() if id not in mended}

    def retry_failed(self, kinds: Sequence[str], created: str) -> Retry | None:
        """Wish to evaluate candidates again that failed in one of these ways; None if none did."""
        everything = latest(self.everything().table(), self.retries.tables())
        ids = set(failed_ids(everything, kinds)) - set(self.retries.pending)
        if not ids:
            return None
        begun = self.machine.generation + 1
        wish = Retry(tuple(sorted(ids)), self.machine.evaluations, begun, created)
        self.retries.add(wish)
        return wish

    def ask_again(self) -> list[Task]:
        """Those that failed and are to be evaluated again: as they were, outside the budget."""
        everything = self.everything().table()
        ids = np.array(self.retries.pending, dtype=np.int64)
        self._again = everything.take(_rows_of(everything, ids))
        X = self._again.X
        size = self.definition.batch_size if self.definition.vectorized else 1
        cuts = range(0, len(ids), size)
        return [Task(ids[cut : cut + size], X[cut : cut + size]) for cut in cuts]

    def tell_again(self, done: Completion) -> Evaluations:
        """Outcomes of those that are evaluated again; returns them as rows.

        Once all of them are there they are members like any child that has just been told.
        """
        assert self._again is not None  # they were asked for
        rows = self._again.take(_rows_of(self._again, done.ids))
        born = Born(rows.X, rows.parents, rows.operator_code, rows.choice)
        rows = record(self.definition, done, born, rows.generation, rows.operators)
        self.replay_again(rows)
        return rows

    def replay_again(self, rows: Evaluations) -> None:
        """Take in what a journal holds of those that were evaluated again.

        Raises StoreCorrupt if that was not wished for.
        """
        for outcomes in self.retries.record(rows):
            self.insert(outcomes)

    def insert(self, outcomes: Evaluations) -> None:
        """Those of them that have values take part in selection from now on."""
        if self.spending is not None:
            self.spending.learn(outcomes)
        rows = outcomes.take(np.flatnonzero(outcomes.evaluated))
        if len(rows):
            self.machine.insert(rows.ids, rows.generation, rows.X, rows.F, rows.G)
            self._note_population()

    def candidates(self, ids: IntArray) -> Candidates:
        """(k, n_var) by (k,) ids: of those asked for, or of those that are evaluated again."""
        if self._again is None or not self.retries.outstanding:
            return self.machine.candidates(ids)[0].X
        return self._again.X[_rows_of(self._again, ids)]

    def outcome(self, stopped_by: str) -> Population:
        """The population at the end.

        Once all has finished, those whose turn would come after the budget's end count as well.
        """
        at_end = stopped_by in AT_END
        return self.machine.final_population() if at_end else self.machine.population

    def replay(self, rows: Evaluations) -> None:
        """Tell what a journal holds, as if it came from workers.

        Raises:
            StoreMismatch: If the algorithm asks for other candidates than those that were
                evaluated.
        """
        self._tell_in_turn()
        rows = of_problem(rows, self.definition)
        if not self.machine.asked(rows.ids):  # the next generation, or the rest of this one
            self.ask()
        key = self.definition.space.key
        if not self.machine.asked(rows.ids) or (
            key(self.machine.candidates(rows.ids)[0].X) != key(rows.X)
        ):
            raise StoreMismatch(
                f"the journal holds candidate {rows.ids[0]}, which this run does not ask for: it "
                "was written by another version of paretide or NumPy, or the store was edited"
            )
        self._take_in(rows)
        self._tell_in_turn()

    def _tell_in_turn(self) -> None:
        """Tell all whose turn it is: what was sealed may have been sealed before that."""
        while self.advance() or (self.machine.steady and self.machine.complete):
            pass

    def check_population(self, generation: int, ids: IntArray) -> None:
        """Select again; raises StoreMismatch unless the journal's population comes out."""
        self._tell_in_turn()
        if len(self.populations) == generation:
            self.ask()
        if len(self.populations) <= generation or not np.array_equal(
            self.populations[generation], ids
        ):
            raise StoreMismatch(
                f"generation {generation} has another population than its journal says: it was "
                "written by another version of paretide or NumPy, or the store was edited"
            )

    def withdraw(self) -> None:
        """Forget what was asked for and not told: it will be asked again."""
        self.machine.withdraw()
        self.memory.withdraw()
        self._running.clear()
        self._held.clear()

    def restore(
        self,
        evaluations: Evaluations,
        waiting: Evaluations,
        populations: Sequence[IntArray],
        state: dict[str, Any],
        retries: Retries | None = None,
    ) -> None:
        """Continue from what a store holds; raises StoreCorrupt for a state of another run."""
        self.retries = retries or self.retries
        state = state_of_problem(state, evaluations.definition, self.definition)
        evaluations, waiting = (of_problem(r, self.definition) for r in (evaluations, waiting))
        self.archive = Archive(evaluations)
        self.populations = list(populations)
        evaluated = [rows.ids[~rows.recalled] for rows in (evaluations, waiting)]
        self.first_evaluated = min(np.concatenate(evaluated).tolist(), default=None)
        self.memory.learn(evaluations)
        self.memory.learn(waiting)
        finished = np.concatenate([evaluations.ids, waiting.ids])
        self._asked = max(finished.tolist(), default=-1)
        machine = self.machine
        known = latest(evaluations, self.retries.gone_in(evaluations.ids))
        if self.spending is not None:
            for rows in (evaluations, waiting, *self.retries.gone_in(finished)):
                self.spending.learn(rows)
        machine.load_state_dict(state, waiting, known)
        if machine.evaluations != len(evaluations) or machine.selections != len(populations):
            raise StoreCorrupt(
                f"the algorithm's state is that after {machine.evaluations} outcomes and "
                f"{machine.selections} selections; the file holds {len(evaluations)} evaluations "
                f"and {len(populations)} populations: it was edited"
            )


def _chunks(ids: IntArray, X: Candidates, first: int, size: int) -> list[Task]:
    """Cut where ids, counted from the first one, are multiples of the size."""
    if not len(ids):
        return []
    if (ids.item(0) - first) // size == (ids.item(-1) - first) // size:  # they ascend
        return [Task(ids, X)]
    chunk = (ids - first) // size
    cuts = np.flatnonzero(np.diff(chunk)) + 1
    return [
        Task(some, their_X)
        for some, their_X in zip(np.split(ids, cuts), np.split(X, cuts), strict=True)
    ]


def _together(tasks: list[Task]) -> Task:
    """All of them as one."""
    if len(tasks) == 1:
        return tasks[0]
    return Task(
        np.concatenate([task.ids for task in tasks]), np.concatenate([task.X for task in tasks])
    )


def _rows_of(rows: Evaluations, ids: IntArray) -> IntArray:
    """Where (k,) ids are."""
    order = np.argsort(rows.ids)
    return np.asarray(order[np.searchsorted(rows.ids, ids, sorter=order)], dtype=np.int64)
