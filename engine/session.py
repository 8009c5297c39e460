"""A run in memory: the algorithm, everything evaluated, and the population of every generation.

No clock, file or worker in here: the same calls give the same session, whether the outcomes come
from workers or from a journal that is replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import StoreMismatch
from ..problems.definition import Definition
from ..typing import IntArray
from .algorithms.batch import Batch
from .algorithms.generational import Generational
from .evaluations import Archive, Evaluations, empty, record
from .outcome import Completion, Task


@dataclass
class Session:
    """State of a run.

    Attributes:
        definition: Of the problem.
        machine: The algorithm.
        budget: Evaluations in all.
        archive: Everything told, in that order.
        populations: Ids of the population after each completed selection, in order of generation.
    """

    definition: Definition
    machine: Generational
    budget: int
    archive: Archive
    populations: list[IntArray] = field(default_factory=list)

    exhausted: bool = False

    @classmethod
    def fresh(cls, definition: Definition, machine: Generational, budget: int) -> Session:
        """A session in which nothing has happened yet."""
        return cls(definition, machine, budget, Archive(empty(definition)))

    @property
    def in_flight(self) -> int:
        """Candidates asked for and not told."""
        return self.machine.outstanding

    def ask(self) -> list[Task]:
        """All that may be evaluated now within the budget; ``exhausted`` says if nothing is new."""
        if not self.machine.complete and not self.machine.available():
            return []
        room = self.budget - self.machine.evaluations - self.in_flight
        if room <= 0:
            return []
        before = self.machine.generation
        batch = self.machine.ask(room)
        if 0 <= before < self.machine.generation:
            self.populations.append(self.machine.parents.ids)
        self.exhausted = not len(batch) and self.machine.complete
        return self._tasks(batch)

    def _tasks(self, batch: Batch) -> list[Task]:
        """One task a candidate; for ``evaluate_batch`` chunks, split by place in the generation."""
        if not self.definition.vectorized:
            return [Task(batch.ids[i : i + 1], batch.X[i : i + 1]) for i in range(len(batch))]
        chunk = (batch.ids - self.machine.first_id) // self.definition.batch_size
        cuts = np.flatnonzero(np.diff(chunk)) + 1
        return [
            Task(ids, X)
            for ids, X in zip(np.split(batch.ids, cuts), np.split(batch.X, cuts), strict=True)
            if len(ids)
        ]

    def tell(self, done: Completion) -> Evaluations:
        """Tell the algorithm and the archive; returns the rows that were added."""
        X, parents = self.machine.candidates(done.ids)
        rows = record(self.definition, done, X, parents, self.machine.generation)
        self.machine.tell_rows(done.ids, done.F, done.G)
        self.archive.append(rows)
        return rows

    def replay(self, rows: Evaluations) -> None:
        """Tell what a journal holds, as if it came from workers.

        Raises:
            StoreMismatch: If the algorithm asks for other candidates than those that were
                evaluated.
        """
        if not self.machine.asked(rows.ids):  # the next generation, or the rest of this one
            self.ask()
        if not self.machine.asked(rows.ids) or (
            self.machine.candidates(rows.ids)[0].tobytes() != rows.X.tobytes()
        ):
            raise StoreMismatch(
                f"the journal holds candidate {rows.ids[0]}, which this run does not ask for: it "
                "was written by another version of paretide or NumPy, or the store was edited"
            )
        self.machine.tell_rows(rows.ids, rows.F, rows.G)
        self.archive.append(rows)

    def check_population(self, generation: int, ids: IntArray) -> None:
        """Select again; raises StoreMismatch unless the journal's population comes out."""
        if len(self.populations) == generation:
            self.ask()
        if len(self.populations) <= generation or not np.array_equal(
            self.populations[generation], ids
        ):
            raise StoreMismatch(
                f"generation {generation} has another population than its journal says: it was "
                "written by another version of paretide or NumPy, or the store was edited"
            )

    def check(self) -> None:
        """Raise RuntimeError unless algorithm, archive and populations agree: never seal a half."""
        machine = self.machine
        told, kept = machine.evaluations, self.archive.rows
        if told != kept or len(self.populations) != max(machine.generation, 0):
            raise RuntimeError(
                f"{told} evaluations were told and {kept} kept, {len(self.populations)} "
                f"populations by generation {machine.generation}: not sealed, the journal has "
                "what was finished"
            )

    def withdraw(self) -> None:
        """Forget what was asked for and not told: it will be asked again."""
        self.machine.withdraw()

    def restore(
        self, evaluations: Evaluations, populations: Sequence[IntArray], state: dict[str, Any]
    ) -> None:
        """Continue from what a store holds."""
        self.archive = Archive(replace(evaluations, definition=self.definition))
        self.populations = list(populations)
        self.machine.load_state_dict(state)
