"""What a run asks of the state machine that an algorithm starts: fourteen calls, and facts."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...typing import Candidates, FloatArray, IntArray
from ..records.evaluations import Evaluations
from ..records.population import Population
from ..records.provenance import Born, Choices
from .batch import Batch
from .schedule import Constant, Doubling


class Standing(Protocol):
    """What can be seen of a state machine at any time: counts, populations, and how it goes."""

    @property
    def population(self) -> Population:
        """What selection keeps of everything told."""

    @property
    def parents(self) -> Population:
        """The population that was recorded last."""

    @property
    def selections(self) -> int:
        """How often one was."""

    @property
    def evaluations(self) -> int:
        """Candidates told, failed ones included."""

    @property
    def outstanding(self) -> int:
        """Candidates asked for, without an outcome."""

    @property
    def waiting(self) -> int:
        """Outcomes that wait for their turn."""

    @property
    def generation(self) -> int:
        """Of the candidates asked last; -1 before any."""

    @property
    def completed(self) -> int:
        """Generations of which every candidate has been told."""

    @property
    def complete(self) -> bool:
        """True if that is so of all that have begun."""

    @property
    def begins(self) -> bool:
        """Whether the next ``ask`` begins a generation."""

    @property
    def size(self) -> int:
        """The population's target size."""

    @property
    def schedule(self) -> Constant | Doubling:
        """The population size over time."""

    @property
    def exhausted_by(self) -> str:
        """Why nothing new can be drawn, once that is so."""

    @property
    def operators(self) -> tuple[str, ...]:
        """Names of what candidates are made by; ``Born.operator`` is a position in it."""

    @property
    def n_parents(self) -> int:
        """How many parents are recorded of a candidate."""

    @property
    def steady(self) -> bool:
        """Whether there is no generation that everybody waits for."""

    @property
    def in_turn(self) -> bool:
        """Whether outcomes wait for their turn."""

    @property
    def block(self) -> int | None:
        """Ids in a row that ``evaluate_batch`` gets in one call; None: chunks of a generation."""

    @property
    def first_id(self) -> int:
        """Id of the first candidate of the generation that was asked for last."""


class Machine(Standing, Protocol):
    """Candidates go out, outcomes come in. No clock, file or worker in here.

    It owns the candidates that are not told yet, with the outcomes that wait for their turn, and
    the population. What has been told it gives away.
    """

    # -- candidates go out -----------------------------------------------------------------------

    def available(self) -> int:
        """How many candidates ``ask`` can give now; 0 while it must wait for outcomes."""

    def ask(self, k: int | None = None) -> Batch:
        """Up to ``k`` candidates; none if nothing new can be drawn."""

    def asked(self, ids: IntArray) -> bool:
        """True if all of (k,) ids have been asked for and none has been told."""

    def candidates(self, ids: IntArray) -> tuple[Born, NDArray[np.int32]]:
        """Those not yet told by (k,) ids, and (k,) generations they were born in."""

    def withdraw(self) -> None:
        """Take back what was asked for and not told: it will be asked again."""

    def new_choices(self) -> list[Choices]:
        """What a screen has chosen since the last call, of candidates that are not asked for yet.

        It is written down before they are evaluated.
        """

    def foretell(self, choices: Choices) -> None:
        """What was chosen for candidates that are still to be born: nobody is asked for it."""

    # -- outcomes come in ------------------------------------------------------------------------

    def take_in(self, rows: Evaluations) -> bool:
        """Outcomes of candidates that were asked for; False if they wait for their turn here."""

    def advance(self) -> list[Evaluations]:
        """Tell those whose turn it is, up to the end of a generation; returns them in order."""

    def insert(
        self,
        ids: IntArray,
        generation: NDArray[np.int32],
        X: Candidates,
        F: FloatArray,
        G: FloatArray,
    ) -> None:
        """Candidates that were told as failed and have values now."""

    # -- what comes of them ----------------------------------------------------------------------

    def waiting_table(self) -> Evaluations:
        """Outcomes that wait for their turn, in order of id."""

    def final_population(self) -> Population:
        """What selection keeps if those that wait are told."""

    # -- state -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The whole state as arrays and JSON values."""

    def load_state_dict(
        self,
        state: dict[str, Any],
        waiting: Evaluations | None = None,
        told: Evaluations | None = None,
    ) -> None:
        """Continue from one; ``waiting`` are the outcomes that wait, with all that is known.

        ``told`` is everything told: the entries of a state that begin with ``retold_`` are for
        those who have no such table.
        """
