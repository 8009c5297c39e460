"""A run as one reads it: what was evaluated, the populations, the front.

``open_run`` reads a file, also while the run goes on; ``result.run`` is the same thing in memory.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError, StoreError
from ...problems.definition import Definition
from ...typing import IntArray
from ..algorithms.screening import choices_in
from ..records.evaluations import Archive, Evaluations
from ..records.outcome import Failed
from ..records.plain_text import one_line
from ..records.population import Population
from ..records.provenance import Choices
from ..records.refused import Refused, refused_in
from ..store.codec import Event, Retried
from ..store.continuation import JournalAhead, JournalMissing, journal_path, read_events
from ..store.image import Image, read_image
from ..store.stamp import read_stamp
from ..store.state import believed
from ..store.store import real_path
from .convergence import Convergence, convergence
from .cost import of_its_seed
from .interventions import read_interventions
from .retries import Retries, earlier_failures, latest, places

log = logging.getLogger(__name__)

SEALING_RETRIES = 10

Identity: TypeAlias = tuple[int, int, int]
Version: TypeAlias = tuple[Identity | None, Identity | None]


@dataclass(frozen=True)
class Run:
    """What a run has done so far. Values are in the user's units and directions.

    Attributes:
        specification: Problem, algorithm, budget, seed, versions; JSON.
        archive: Where ``evaluations`` come from.
        populations: Ids of the population after each selection, in order of generation.
        final: Ids of the population at the end; of one that goes on, the last that is known.
        stopped_by: Why it ended, or "" while it goes on or was killed.
        refused: Candidates that were drawn and break a limit, as the problem's ``known`` says; read
            of a run that goes on, those that its file had when it was sealed last.
        path: Of its file; None in memory.
        retried: Outcomes of candidates that had failed and were evaluated again, a table for each
            of ``specification["events"]``, in the order in which they came.
        chosen: What a screen has chosen for candidates that are not told.
        version: Changes with the file and its journal; None in memory.
    """

    specification: dict[str, Any]
    archive: Archive
    populations: list[IntArray]
    final: IntArray
    stopped_by: str
    refused: Refused
    path: Path | None = None
    retried: tuple[Evaluations, ...] = ()
    chosen: tuple[Choices, ...] = ()
    version: Version | None = None

    @cached_property
    def evaluations(self) -> Evaluations:
        """Everything evaluated, in the order it was told; a table is made when first asked for.

        Of candidates that failed and were evaluated again, the last outcome, in the place of the
        first; ``as_told`` has the first.
        """
        return latest(self.as_told, self.retried)

    @cached_property
    def as_told(self) -> Evaluations:
        """Everything evaluated, as it ended the first time."""
        return self.archive.table()

    @property
    def earlier_failures(self) -> dict[int, tuple[Failed, ...]]:
        """Of candidates that were evaluated again, by id: their failures before the last outcome.

        What the others failed by is ``evaluations.failures``.
        """
        return earlier_failures(self.as_told, self.retried)

    def refresh(self) -> Run:
        """The run as it is now: itself if nothing has happened since, otherwise read again.

        Raises what ``open_run`` raises.
        """
        if self.path is None or _version(self.path) == self.version:
            return self
        return open_run(self.path)

    def __repr__(self) -> str:
        name = self.definition.name
        state = f"stopped by {self.stopped_by}" if self.stopped_by else "not finished"
        again = sum(len(rows) for rows in self.retried)
        retried = f"{again} of them once more, " if again else ""
        seed = "" if of_its_seed(self.specification) else "not of its seed alone, "
        return one_line(
            f"<Run of {name}: {self.archive.rows} evaluations, {retried}{seed}{state}, {self.path}>"
        )

    @property
    def definition(self) -> Definition:
        """Of the problem."""
        return self.archive.definition

    def front(self, at_most: int | None = None) -> Population:
        """The non-dominated feasible ones of everything evaluated; else the least infeasible.

        In order of id, whatever the order in which workers finished.

        Args:
            at_most: So many of them, those that together dominate most (greedy hypervolume subset
                selection); None is all.

        Raises ConfigurationError for a number below 1.
        """
        return self._front.at_most(at_most)

    @cached_property
    def _front(self) -> Population:
        rows = np.flatnonzero(self.evaluations.evaluated)
        rows = rows[np.argsort(self.evaluations.ids[rows])]
        return self.evaluations.population(rows).best()

    def population(self, generation: int = -1) -> Population:
        """The population after a generation's selection; -1 is the last one.

        Raises ConfigurationError for a generation that there is not (yet).
        """
        generation = whole_number("a generation", generation)
        if generation == -1:
            ids = self.final
        elif 0 <= generation < len(self.populations):
            ids = self.populations[generation]
        else:
            raise ConfigurationError(
                f"there is no generation {generation}; the run has 0 to {len(self.populations) - 1}"
            )
        return self._rows(ids)

    def failures(self) -> dict[str, list[int]]:
        """Ids of the failed candidates by reason, the most frequent first."""
        grouped: dict[str, list[int]] = {}
        for id, failure in self.evaluations.failures.items():
            grouped.setdefault(failure.reason, []).append(id)
        return dict(sorted(grouped.items(), key=lambda item: -len(item[1])))

    def lineage(self, id: int, depth: int | None = None) -> Evaluations:
        """A candidate and its ancestors, the youngest first, back to the sample.

        Args:
            id: Of the candidate.
            depth: Generations of ancestors at most; None for all, 1 for the parents.

        Raises ConfigurationError for an id that has not been evaluated.
        """
        id = whole_number("an id", id)
        depth = None if depth is None else whole_number("depth", depth, least=0)
        everything = self.evaluations
        row_of = {i: row for row, i in enumerate(everything.ids.tolist())}
        if id not in row_of:
            raise ConfigurationError(
                f"candidate {id!r} has not been evaluated; the run has {len(everything)} candidates"
            )
        found, youngest, steps = {id}, {id}, 0
        while youngest and (depth is None or steps < depth):
            parents = everything.parents[[row_of[i] for i in youngest]].ravel().tolist()
            youngest = {i for i in parents if i >= 0} - found
            found |= youngest
            steps += 1
        return everything.take(np.array([row_of[i] for i in sorted(found, reverse=True)]))

    def concurrent_runs(self) -> list[list[int]]:
        """The generations of each of the runs that went side by side, in order of their opening.

        A generation without parents opens a run; all others descend from their run's. Of an
        algorithm that is one run it is one list.
        """
        everything = self.evaluations
        row_of = {i: row for row, i in enumerate(everything.ids.tolist())}
        first = np.unique(everything.generation, return_index=True)
        run_of: dict[int, int] = {}
        runs: list[list[int]] = []
        for generation, row in zip(*(part.tolist() for part in first), strict=True):
            parent = int(everything.parents[row, 0])
            if parent < 0:
                run_of[generation] = len(runs)
                runs.append([])
            else:
                run_of[generation] = run_of[int(everything.generation[row_of[parent]])]
            runs[run_of[generation]].append(generation)
        return runs

    def convergence(
        self, points: int = 200, reference: Sequence[float] | None = None
    ) -> Convergence:
        """Hypervolume of everything feasible evaluated so far, over the evaluations told.

        Candidates that failed and were evaluated again count from when they were told again.

        Args:
            points: How many counts of evaluations, evenly spaced, the last one included.
            reference: (n_obj,) in the user's units; None is a tenth of the range beyond the worst
                values of the front and of the best of the first generation, outliers left out:
                see ``Convergence.reference``, and pass one to compare runs.

        Raises ConfigurationError for a wrong reference or number of points.
        """
        wishes = read_interventions(self.specification)
        told = places(self.as_told, self.retried, wishes)
        return convergence(self.evaluations, points, reference, told)

    def _rows(self, ids: IntArray) -> Population:
        order = np.argsort(self.evaluations.ids)
        rows = order[np.searchsorted(self.evaluations.ids, ids, sorter=order)]
        return self.evaluations.population(rows)


def open_run(path: str | Path) -> Run:
    """Read a run, also while it is being written: the sealed file and its journal.

    A file whose journal is not there, as that of a copy made while the run went on, is read as it
    is, with a warning.

    Raises:
        StoreNotFound: If there is none.
        StoreCorrupt: If file or journal is damaged.
        StoreVersion: If another version of paretide wrote it.
        StoreMismatch: If the journal beside it continues a later file.
    """
    path = real_path(Path(path))
    for attempt in range(SEALING_RETRIES):
        before = _version(path)
        stamp, image = read_stamp(path), read_image(path)
        wrong: StoreError | None = None
        events: list[Event] = []
        try:
            events = read_events(path, stamp, image)
        except (JournalAhead, JournalMissing) as error:  # sealed meanwhile, unless it stays so
            wrong = error
        if wrong is None and _identity(path) == before[0]:
            return _run(path, image, events, before)
        time.sleep(0.01 * (attempt + 1))
    if isinstance(wrong, JournalMissing):
        log.warning("%s", wrong)
        return _run(path, image, [], before)
    raise wrong or StoreError(f"{path} is rewritten faster than it can be read; try again")


def _identity(path: Path) -> Identity | None:
    """Changes whenever the file is replaced or grows; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _version(path: Path) -> Version:
    """Of the file and of its journal."""
    return _identity(path), _identity(journal_path(path))


def _run(path: Path, image: Image, events: list[Event], version: Version) -> Run:
    archive = Archive(image.everything())
    for event in events:
        if isinstance(event, Evaluations):
            archive.append(event)
    later = [event[1] for event in events if isinstance(event, tuple)]
    definition, wishes = archive.definition, read_interventions(image.specification)
    retries = Retries(definition, wishes, image.retried)
    for event in events:
        if isinstance(event, Retried):
            retries.record(event.rows)
    with believed(path):
        refused = refused_in(image.state, definition, image.evaluations.operators)
    return Run(
        specification=image.specification,
        archive=archive,
        populations=image.populations + later,
        final=later[-1] if later else image.final,
        stopped_by=image.stopped_by,
        refused=refused,
        path=path,
        retried=retries.tables(),
        chosen=(*choices_in(image.state), *(e for e in events if isinstance(e, Choices))),
        version=version,
    )
