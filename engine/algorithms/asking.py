"""What all machines share: ask and tell by hand, checked, and outcomes that wait for their turn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import AskTellError
from ...problems.definition import Definition
from ...typing import FloatArray, IntArray
from ..records.evaluations import Evaluations, empty
from ..records.outcome import Evaluated, Failed
from ..records.provenance import Born
from ..records.refused import Refused, refused_in
from ..records.waiting import Waiting
from .batch import Batch
from .breeding import Breeding
from .telling import read_told, told_rows

UNASKED = "has not been asked for"


class AskTell(ABC):
    """A state machine that a user may ask and tell.

    Attributes:
        definition: Of the problem.
        seed: Of the run.
        evaluations: Candidates told so far, failed ones included.
        failures: Candidates told as failed.
        refused: Candidates that were drawn and never asked for.
    """

    in_turn: ClassVar[bool] = False
    """Whether outcomes wait for their turn."""

    def __init__(self, definition: Definition, seed: int) -> None:
        self.definition = definition
        self.seed = seed
        self.evaluations = 0
        self.failures = 0

    @property
    @abstractmethod
    def breeding(self) -> Breeding:
        """What candidates are made by."""

    @property
    def exhausted_by(self) -> str:
        """Why nothing new can be drawn, once that is so: as ``stopped_by`` has it."""
        limits = self.breeding.limits
        return "exhausted by limits" if limits is not None and limits.in_a_row else "exhausted"

    @property
    def refused(self) -> Refused:
        """Candidates that were drawn and break a limit, as ``known(x)`` says."""
        limits = self.breeding.limits
        state = {} if limits is None else limits.state()
        return refused_in(state, self.definition, self.operators)

    @property
    def operators(self) -> tuple[str, ...]:
        """Names of what candidates are made by; ``Born.operator`` is a position in it."""
        return self.breeding.operators

    @property
    def n_parents(self) -> int:
        """How many parents are recorded of a candidate."""
        return self.breeding.parents

    @abstractmethod
    def candidates(self, ids: IntArray) -> tuple[Born, NDArray[np.int32]]:
        """Those not yet told by (k,) ids, and (k,) generations they were born in."""

    @abstractmethod
    def advance(self) -> list[Evaluations]:
        """Tell those whose turn it is, up to the end of a generation; returns them in order."""

    @abstractmethod
    def tell_rows(self, ids: IntArray, F: FloatArray, G: FloatArray) -> None:
        """Tell (k,) ids, (k, n_obj), (k, n_con). Rows that cannot be ranked are failures."""

    @abstractmethod
    def _wrong_to_tell(self, ids: IntArray) -> str:
        """Why not all of (k,) ids have been asked for and none has been told; "" if it is so."""

    def tell(
        self,
        what: Batch | int,
        outcome: Evaluated | Failed | None = None,
        *,
        F: ArrayLike | None = None,
        G: ArrayLike | None = None,
    ) -> None:
        """Tell a whole batch (``tell(batch, F=F, G=G)``) or one candidate (``tell(id, outcome)``).

        Values are in the user's units and directions; any order will do. Rows with NaN or infinity
        count as failed, but for a constraint's infinity on its satisfied side.

        Args:
            what: A batch, or an id.
            outcome: ``Evaluated`` or ``Failed``, with an id.
            F: (k, n_obj), with a batch.
            G: (k, n_con), with a batch, if the problem has constraints.

        Raises:
            ShapeError: For arrays of another shape.
            AskTellError: For an id that was not asked for or has been told.
        """
        self.tell_rows(*read_told(self.definition, what, outcome, F, G))
        while self.advance():
            pass

    def asked(self, ids: IntArray) -> bool:
        """True if all of (k,) ids have been asked for and none has been told."""
        return not self._wrong_to_tell(ids)

    def _check_told(self, ids: IntArray) -> None:
        """Raise AskTellError unless all of (k,) ids have been asked for and none has been told."""
        wrong = self._wrong_to_tell(ids)
        if wrong:
            raise AskTellError(f"tell: {wrong}")

    def _nobody(self) -> Evaluations:
        """A table without rows."""
        return empty(self.definition, self.operators, self.n_parents)


class InTurn(AskTell):
    """One in which outcomes wait for their turn, so that it does not matter who finishes when.

    What the user's code raises while some are told is raised by the next ``advance``: whoever keeps
    what was told has all of it by then.
    """

    in_turn = True

    _waiting: Waiting

    def __init__(self, definition: Definition, seed: int) -> None:
        super().__init__(definition, seed)
        self._raised: BaseException | None = None

    @property
    def waiting(self) -> int:
        """Outcomes that wait for their turn."""
        return len(self._waiting)

    def waiting_table(self) -> Evaluations:
        """These outcomes, in order of id."""
        return self._waiting.table()

    def tell_rows(self, ids: IntArray, F: FloatArray, G: FloatArray) -> None:
        """Outcomes that wait for their turn: (k,) ids, (k, n_obj), (k, n_con).

        Rows that cannot be ranked are failures.
        """
        self._check_told(ids)
        self.take_in(told_rows(self.definition, ids, F, G, *self.candidates(ids), self.operators))

    def take_in(self, rows: Evaluations) -> bool:
        """Outcomes that wait for their turn, of candidates that were asked for: False."""
        self._waiting.add(rows)
        return False

    def _wrong_to_tell(self, ids: IntArray) -> str:
        told = ids.tolist()
        for id in told:
            if not self._is_out(id):
                return f"id {id} {'is told twice' if self._was_told(id) else UNASKED}"
            if id in self._waiting or told.count(id) > 1:
                return f"id {id} is told twice"
        return ""

    @abstractmethod
    def _is_out(self, id: int) -> bool:
        """Whether it has been asked for and its turn has not come."""

    @abstractmethod
    def _was_told(self, id: int) -> bool:
        """Whether its turn has come."""

    def _raise_deferred(self) -> None:
        if self._raised is not None:
            error, self._raised = self._raised, None
            raise error
