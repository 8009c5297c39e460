"""What callbacks and stop conditions see of a run."""

from __future__ import annotations

import logging
import time
from collections import Counter

from ...problems.definition import Definition
from ...typing import FloatArray
from ..records.evaluations import Evaluations
from ..records.population import Population
from .cost import Cost
from .session import Session

log = logging.getLogger(__name__)


class Progress:
    """A live view of the run; nothing is computed that is not read.

    Attributes:
        seconds: Since this process started or resumed the run.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._began = time.monotonic()
        self._said: set[str] = set()

    @property
    def seconds(self) -> float:
        """Since this process started or resumed the run."""
        return time.monotonic() - self._began

    @property
    def definition(self) -> Definition:
        """Of the problem."""
        return self._session.definition

    @property
    def budget(self) -> int | None:
        """Evaluations in all; None if only ``stop`` ends the run."""
        return self._session.budget

    @property
    def evaluations(self) -> int:
        """Candidates told so far, failed ones included."""
        return self._session.machine.evaluations

    @property
    def failures(self) -> int:
        """Candidates that failed, and have not been mended by evaluating them again."""
        return len(self._session.failures)

    @property
    def failures_by_kind(self) -> dict[str, int]:
        """Candidates that failed, by the kind of failure, the most frequent first."""
        return dict(Counter(f.kind for f in self._session.failures.values()).most_common())

    @property
    def in_flight(self) -> int:
        """Candidates asked for and not told, queued or under evaluation."""
        return self._session.in_flight + self._session.retries.outstanding

    @property
    def waiting(self) -> int:
        """Outcomes that have come before their turn, in steady state."""
        return self._session.machine.waiting

    @property
    def room(self) -> int | None:
        """Candidates that the budget still allows to ask for; None if there is no budget."""
        return self._session.room

    @property
    def cost(self) -> Cost | None:
        """What all evaluations may cost together; None if they are only counted."""
        spending = self._session.spending
        return None if spending is None else spending.cost

    @property
    def paid(self) -> float | None:
        """What everything told has cost, in the unit of ``cost``; None if there is none."""
        spending = self._session.spending
        return None if spending is None else spending.total(self._session.archive)

    def recent_seconds(self, most: int = 1000) -> FloatArray:
        """(k,) wall time of the last evaluations, those from a cache left out."""
        return self._session.archive.recent_seconds(most)

    @property
    def generation(self) -> int:
        """Of the candidates asked last."""
        return self._session.machine.generation

    @property
    def size(self) -> int:
        """The population's target size."""
        return self._session.machine.size

    def __repr__(self) -> str:
        of = "" if self.budget is None else f"/{self.budget}"
        return (
            f"<Progress: {self.evaluations}{of} evaluations, generation "
            f"{self.generation}, population {self.size}, {self.failures} failed>"
        )

    def warn_once(self, text: str) -> None:
        """Log a warning, the first time that it is given."""
        if text not in self._said:
            self._said.add(text)
            log.warning(text)

    def evaluated(self) -> Evaluations:
        """Everything told so far."""
        return self._session.told()

    def sample(self) -> Population:
        """The evaluated candidates of the first generation."""
        everything = self.evaluated()
        return everything.population(everything.evaluated & (everything.generation == 0))

    @property
    def population(self) -> Population:
        """What selection keeps of everything told so far."""
        return self._session.machine.population
