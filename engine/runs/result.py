"""What ``minimize`` and ``resume`` return."""

from __future__ import annotations

from dataclasses import dataclass

from ...typing import Candidates, FloatArray, IntArray
from ..records.plain_text import one_line
from ..records.population import Population
from .run import Run


@dataclass(frozen=True, repr=False)
class Result:
    """The end of a run. Values are in the user's units and directions.

    ``X``, ``F``, ``G`` and ``ids`` are the front of everything evaluated: who has paid for 500
    trainings wants the best of all of them, also those that the last population has no place for.

    Attributes:
        population: The final population, which is what other tools return.
        stopped_by: "budget", "exhausted" (nothing new can be drawn), "exhausted by limits"
            (whatever is drawn breaks one that needs no training), or what ``stop`` said.
        run: Everything evaluated, every population.
        seed: Of the run, also if it was drawn.
    """

    population: Population
    stopped_by: str
    run: Run
    seed: int

    def front(self, at_most: int | None = None) -> Population:
        """The non-dominated feasible ones of everything evaluated; else the least infeasible.

        Made when it is first asked for. ``population.best()`` is that of the final population.

        Args:
            at_most: So many of them, those that together dominate most; None is all.

        Raises ConfigurationError for a number below 1.
        """
        return self.run.front(at_most)

    @property
    def X(self) -> Candidates:
        """(n, n_var) of the front."""
        return self.front().X

    @property
    def F(self) -> FloatArray:
        """(n, n_obj) of the front."""
        return self.front().F

    @property
    def G(self) -> FloatArray:
        """(n, n_con) of the front."""
        return self.front().G

    @property
    def ids(self) -> IntArray:
        """(n,) of the front."""
        return self.front().ids

    @property
    def feasible(self) -> bool:
        """False if nothing feasible was found: the front is then the least infeasible."""
        front = self.front()
        return bool(len(front)) and bool(front.feasible.all())

    def __repr__(self) -> str:
        front = self.front()
        note = "" if self.feasible else " (nothing feasible was found: the least infeasible)"
        return (
            f"<Result: {len(front)} candidates on the front{note}, "
            f"{self.run.archive.rows} evaluations, "
            f"{len(self.run.evaluations.failures)} failed, "
            f"stopped by {one_line(self.stopped_by)}, "
            f"seed {self.seed}>"
        )
