"""What of a session goes to its store, and when; without a store, nowhere."""

from __future__ import annotations

from typing import Any

from ..algorithms.screening import choices_in
from ..records.evaluations import Evaluations
from ..store.image import Image
from ..store.store import RunStore
from .run import Run
from .session import Session


class Recorder:
    """Keeps a store in step with a session.

    Args:
        session: What happens.
        specification: Of the run.
        store: Where it is kept; None for a run in memory.
        seal: Number of the sealed file that is there; -1 for none.
    """

    def __init__(
        self, session: Session, specification: dict[str, Any], store: RunStore | None, seal: int
    ) -> None:
        self._session = session
        self._specification = specification
        self._store = store
        self._seal = seal
        self._began = False
        self._recorded = len(session.populations)

    def begin(self) -> None:
        """Seal the present state, if that has not been done, and open a journal."""
        if self._store is not None and not self._began:
            self._store.seal(self._next_image())
            self._began = True

    def evaluations(self, rows: Evaluations) -> None:
        """Keep finished evaluations; before ``begin`` the session has them until it seals."""
        if self._store is not None and self._began:
            self._store.append_evaluations(rows)

    def retried(self, rows: Evaluations) -> None:
        """Keep outcomes of candidates that were evaluated again."""
        if self._store is not None and self._began:
            self._store.append_retried(rows)

    def choices(self) -> None:
        """Keep what a screen has chosen since the last call, before it is evaluated."""
        for choices in self._session.machine.new_choices():
            if self._store is not None and self._began:
                self._store.append_choices(choices, self._session.definition.space)

    def populations(self) -> None:
        """Keep the populations that were selected since the last call."""
        populations = self._session.populations
        if self._store is not None and self._began:
            for generation in range(self._recorded, len(populations)):
                self._store.append_population(generation, populations[generation])
        self._recorded = len(populations)

    def seal_if_due(self) -> None:
        """Fold the journal into the file if it has grown enough."""
        if self._store is not None and self._began:
            self._store.seal_if_due(self._next_image)

    def finish(self, stopped_by: str) -> None:
        """Seal for the last time; a run without outcomes leaves what it was to replace."""
        if self._store is not None and (self._began or self._session.archive.rows):
            self._store.finish(self._next_image(stopped_by))

    def discard(self) -> None:
        """Remove a store in which nothing was ever kept, unless another run still stands there."""
        if self._store is not None and self._began:
            self._store.discard()

    def run(self, stopped_by: str) -> Run:
        """The run as one reads it."""
        session = self._session
        return Run(
            specification=self._specification,
            archive=session.everything(),
            populations=list(session.populations),
            final=session.outcome(stopped_by).ids,
            stopped_by=stopped_by,
            refused=session.refused(),
            path=self._store.path if self._store is not None else None,
            retried=session.retries.tables(),
            chosen=tuple(choices_in(session.state())),
        )

    def _next_image(self, stopped_by: str = "") -> Image:
        self._seal += 1
        return self._image(stopped_by)

    def _image(self, stopped_by: str) -> Image:
        session = self._session
        return Image(
            specification=self._specification,
            seal=self._seal,
            stopped_by=stopped_by,
            evaluations=session.archive.table(),
            populations=list(session.populations),
            waiting=session.waiting(),
            known=session.memory.known,
            final=session.outcome(stopped_by).ids,
            state=session.state(),
            retried=session.retries.tables(),
        )
