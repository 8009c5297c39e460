"""Finished evaluations as a table: what the journal carries, the store keeps and a run shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConfigurationError
from ...problems.definition import Definition
from ...problems.stand_in import StandIn, checked_candidates
from ...typing import BoolArray, ByteArray, Candidates, FloatArray, IntArray
from .fast import constants, frozen
from .frames import LOGGED, frame, logged_names, named_columns
from .outcome import EVALUATED, Completion, Failed
from .plain_text import one_line
from .population import Population
from .provenance import AS_DRAWN, INITIAL, OPERATORS, Born, Choices, orphans

MOST_TABLES, MOST_ROWS = 256, 65_536
"""That an archive keeps as they came before it copies them."""

_CANDIDATES = re.compile(r"(run\d+_)?(parents|offspring|late|open|members|initial|refused)_X")
"""Names of the arrays of candidates in a state."""

MOST_PARENTS = 64
"""Of a child."""

CACHE = "cache"
"""The worker of those who got the outcome of an equal candidate."""


@dataclass(frozen=True, repr=False)
class Evaluations:
    """Evaluated candidates in the order they were told; values in the user's units and directions.

    Attributes:
        ids: (n,) int64.
        generation: (n,) int32 they were born in.
        parents: (n, p) int64 ids, as many as meet in a crossover; -1 where there is none.
        operator_code: (n,) uint8 position in ``operators`` of what made them.
        choice: (n,) int32, which of the children that were drawn for it a screen has chosen; -1 if
            it went out as it was drawn, -2 if it was made on the screen's model.
        status: (n,) uint8: 1 evaluated, 2 failed.
        X: (n, n_var) in the dtype of the space.
        F: (n, n_obj) float64; NaN where failed.
        G: (n, n_con) float64; NaN where failed.
        seed: (n,) uint32 what ``ctx.seed`` was when the outcome was made; 0 for
            ``evaluate_batch``, which gets none.
        seconds: (n,) float64 wall time of the evaluation.
        worker_code: (n,) int32 position in ``workers`` of who did it; "cache" is nobody, the
            outcome of an equal candidate was known.
        workers: Their names.
        failures: By id.
        extras: By id, what ``ctx.log`` collected.
        definition: Of the problem: names and directions of the columns.
        operators: Names of what makes candidates in this run: "sample", "initial", and of the
            operators that make children.
    """

    ids: IntArray
    generation: NDArray[np.int32]
    parents: IntArray
    operator_code: ByteArray
    choice: NDArray[np.int32]
    status: ByteArray
    X: Candidates
    F: FloatArray
    G: FloatArray
    seed: NDArray[np.uint32]
    seconds: FloatArray
    worker_code: NDArray[np.int32]
    workers: tuple[str, ...]
    failures: dict[int, Failed]
    extras: dict[int, dict[str, Any]]
    definition: Definition
    operators: tuple[str, ...] = OPERATORS

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        name = one_line(self.definition.name)
        return f"<{len(self)} evaluations of {name}, {len(self.failures)} failed>"

    @property
    def evaluated(self) -> BoolArray:
        """(n,) bool, False where failed."""
        return np.asarray(self.status == EVALUATED)

    @property
    def recalled(self) -> BoolArray:
        """(n,) bool, True for those who got the outcome of an equal candidate."""
        return np.asarray(self.worker == CACHE, dtype=np.bool_)

    @property
    def worker(self) -> NDArray[Any]:
        """(n,) str: who did it."""
        return np.array(self.workers, dtype=object)[self.worker_code]

    @property
    def operator(self) -> NDArray[Any]:
        """(n,) str: "sample", "initial", or the operators that made it of its parents."""
        return np.array(self.operators, dtype=object)[self.operator_code]

    def take(self, rows: IntArray) -> Evaluations:
        """The evaluations in these rows, in their order."""
        ids = self.ids[rows].tolist()
        return Evaluations(
            **{name: getattr(self, name)[rows] for name in ARRAYS},
            workers=self.workers,
            failures={i: self.failures[i] for i in ids if i in self.failures},
            extras={i: self.extras[i] for i in ids if i in self.extras},
            definition=self.definition,
            operators=self.operators,
        )

    def population(self, rows: IntArray | BoolArray) -> Population:
        """The candidates in these rows."""
        G = self.G[rows]
        return Population(
            self.ids[rows],
            self.X[rows],
            self.F[rows],
            G,
            self.definition.violation(G),
            self.definition,
        )

    def columns(self) -> dict[str, Any]:
        """Every column by name, as an array or a list: failures and logged extras included.

        ``records.frames.column_names`` says what a column is called whose name another one has;
        what was logged is always ``log.NAME``, None where it was not.
        """
        ids = self.ids.tolist()
        extras = [self.extras.get(i, {}) for i in ids]
        return {
            **named_columns(self.definition, self.ids, self.X, self.F, self.G),
            "generation": self.generation,
            **{f"parent_{i + 1}": ids for i, ids in enumerate(self.parents.T)},
            "operator": self.operator,
            **({"choice": self.choice} if (self.choice != AS_DRAWN).any() else {}),
            "evaluated": self.evaluated,
            "failure": [self.failures[i].reason if i in self.failures else "" for i in ids],
            "seed": self.seed,
            "seconds": self.seconds,
            "worker": self.worker,
            **{
                f"{LOGGED}{key}": [extra.get(key) for extra in extras]
                for key in logged_names(extras)
            },
        }

    def to_frame(self) -> Any:
        """A pandas DataFrame of all ``columns``. Needs pandas."""
        return frame(self.columns())


ARRAYS = tuple(
    f.name
    for f in fields(Evaluations)
    if f.name not in ("workers", "failures", "extras", "definition", "operators")
)
"""The columns that are arrays."""


def empty(
    definition: Definition, operators: tuple[str, ...] = OPERATORS, n_parents: int = 2
) -> Evaluations:
    """A table without rows, of a run with these operators and so many parents to a child.

    Raises ConfigurationError for more parents than a file can name.
    """
    if not 1 <= n_parents <= MOST_PARENTS:
        raise ConfigurationError(
            f"a child has from 1 to {MOST_PARENTS} parents, got a crossover of {n_parents}"
        )
    space = definition.space
    return Evaluations(
        ids=np.empty(0, dtype=np.int64),
        generation=np.empty(0, dtype=np.int32),
        parents=np.empty((0, n_parents), dtype=np.int64),
        operator_code=np.empty(0, dtype=np.uint8),
        choice=np.empty(0, dtype=np.int32),
        status=np.empty(0, dtype=np.uint8),
        X=np.empty((0, space.n_var), dtype=space.dtype),
        F=np.empty((0, definition.n_obj)),
        G=np.empty((0, definition.n_con)),
        seed=np.empty(0, dtype=np.uint32),
        seconds=np.empty(0),
        worker_code=np.empty(0, dtype=np.int32),
        workers=(),
        failures={},
        extras={},
        definition=definition,
        operators=operators,
    )


def unrecorded(population: Population) -> Evaluations:
    """A population of which nothing but candidates and outcomes is known."""
    k = len(population)
    born = orphans(population.X, INITIAL)
    done = Completion(
        ids=population.ids,
        status=np.full(k, EVALUATED, dtype=np.uint8),
        F=population.F,
        G=population.G,
        failures={},
        extras={},
        seeds=np.zeros(k, dtype=np.uint32),
        seconds=np.zeros(k),
        worker="",
    )
    return record(population.definition, done, born, np.zeros(k, dtype=np.int32))


def record(
    definition: Definition,
    done: Completion,
    born: Born,
    generation: NDArray[np.int32],
    operators: tuple[str, ...] = OPERATORS,
) -> Evaluations:
    """A completion with what the engine knows of its candidates, in a run of these operators."""
    columns = {
        "ids": done.ids,
        "generation": generation,
        "parents": born.parents,
        "operator_code": born.operator,
        "choice": born.choice,
        "status": done.status,
        "X": born.X,
        "F": done.F,
        "G": done.G,
        "seed": done.seeds,
        "seconds": done.seconds,
        "worker_code": constants[len(done.ids), 0, np.int32],
        "workers": (done.worker,),
        "failures": done.failures,
        "extras": done.extras,
        "definition": definition,
        "operators": operators,
    }
    return frozen(Evaluations, columns)


def of_problem(rows: Evaluations, definition: Definition) -> Evaluations:
    """What a file holds, for a run that has the problem itself: with its candidates.

    A file of a space of the user's own is read without it, so its candidates are as they are
    stored. Raises StoreCorrupt if the space does not know them.
    """
    there, space = rows.definition.space, definition.space
    if not isinstance(there, StandIn) or there is space:
        return replace(rows, definition=definition)
    return replace(rows, definition=definition, X=there.candidates_of(space, rows.X))


def choices_of_problem(choices: Choices, there: Definition, definition: Definition) -> Choices:
    """What was chosen, as ``of_problem`` does with candidates. Raises StoreCorrupt."""
    if choices.made is None or not isinstance(there.space, StandIn):
        return choices
    X = there.space.candidates_of(definition.space, choices.made.X)
    return replace(choices, made=choices.made._replace(X=X))


def state_of_problem(
    state: dict[str, Any], there: Definition, definition: Definition
) -> dict[str, Any]:
    """The state of an algorithm, as ``of_problem`` does with what it knows of candidates.

    These are arrays of objects, and of numbers those that the drivers keep candidates in, whatever
    parts remember. Raises StoreCorrupt.
    """
    stand_in, space = there.space, definition.space
    if not isinstance(stand_in, StandIn):
        return state
    found = {}
    for name, value in state.items():
        found[name] = value
        if isinstance(value, np.ndarray) and value.dtype == object:
            found[name] = stand_in.candidates_of(space, value)
        elif isinstance(value, np.ndarray) and _CANDIDATES.fullmatch(name):
            found[name] = checked_candidates(space, value, len(value))
    return found


class Archive:
    """All evaluations of a run, growing at its end; rows never change once they are there.

    What was appended last is kept as it came, and copied together with others: copying small tables
    one by one costs more than evaluating what is cheap.
    """

    def __init__(self, first: Evaluations) -> None:
        self.definition = first.definition
        self._copied = 0
        self._columns = {name: getattr(first, name)[:0] for name in ARRAYS}
        self._n_parents = first.parents.shape[1]
        self._latest: list[Evaluations] = []
        self._to_copy = 0  # rows of the latest
        self._codes: dict[str, int] = {}  # of the workers, in order of appearance
        self._alike: tuple[str, ...] | None = None  # workers whose codes are the same in a table
        self._operators = first.operators
        self._failures: dict[int, Failed] = {}
        self._extras: dict[int, dict[str, Any]] = {}
        self.append(first)

    def __reduce__(self) -> tuple[type[Archive], tuple[Evaluations]]:
        """Pickled as its table, without the room that it has left."""
        return Archive, (self.table(),)

    @property
    def rows(self) -> int:
        """How many there are."""
        return self._copied + self._to_copy

    @property
    def failures(self) -> Mapping[int, Failed]:
        """By id."""
        return MappingProxyType(self._failures)

    def recent_seconds(self, most: int) -> FloatArray:
        """(k,) wall time of the last evaluations, ``most`` at most, those from a cache left out."""
        self._copy_latest()
        first = max(0, self._copied - most)
        mine = self._columns["worker_code"][first : self._copied] != self._codes.get(CACHE, -1)
        return np.asarray(self._columns["seconds"][first : self._copied][mine], dtype=np.float64)

    def append(self, rows: Evaluations) -> None:
        """Add rows at the end; their arrays must not change any more."""
        if rows.operators is not self._operators and rows.operators != self._operators:
            rows = self._renamed(rows)
        if rows.parents.shape[1] != self._n_parents:
            rows = self._as_wide(rows)
        if rows.workers != self._alike:
            rows = self._recoded(rows)
        k = len(rows.ids)
        if not k:
            return
        self._latest.append(rows)
        self._to_copy += k
        if rows.failures:
            self._failures.update(rows.failures)
        if rows.extras:
            self._extras.update(rows.extras)
        if len(self._latest) >= MOST_TABLES or self._to_copy >= MOST_ROWS:
            self._copy_latest()

    def _renamed(self, rows: Evaluations) -> Evaluations:
        """With our codes of the operators, of which there may be new ones."""
        self._operators = tuple(dict.fromkeys((*self._operators, *rows.operators)))
        codes = [self._operators.index(name) for name in rows.operators]
        return replace(rows, operator_code=np.array(codes, dtype=np.uint8)[rows.operator_code])

    def _as_wide(self, rows: Evaluations) -> Evaluations:
        """With as many parents as we have, of which there may be more from now on."""
        if not self.rows:
            self._columns["parents"], self._n_parents = rows.parents[:0], rows.parents.shape[1]
            return rows
        width = max(self._n_parents, rows.parents.shape[1])
        if width > self._n_parents:
            self._copy_latest()
            self._columns["parents"] = _widened(self._columns["parents"], width)
            self._n_parents = width
        return replace(rows, parents=_widened(rows.parents, width))

    def _recoded(self, rows: Evaluations) -> Evaluations:
        """With our codes of the workers."""
        codes = [self._codes.setdefault(w, len(self._codes)) for w in rows.workers]
        if codes == list(range(len(codes))):
            self._alike = rows.workers
            return rows
        return replace(rows, worker_code=np.array(codes, dtype=np.int32)[rows.worker_code])

    def _copy_latest(self) -> None:
        end = self.rows
        if end > len(self._columns["ids"]):
            self._grow(max(64, 2 * end))
        for name, column in self._columns.items():
            if self._latest:
                parts = [getattr(rows, name) for rows in self._latest]
                np.concatenate(parts, out=column[self._copied : end], casting="same_kind")
        self._copied, self._to_copy = end, 0
        self._latest.clear()

    def _grow(self, capacity: int) -> None:
        for name, column in self._columns.items():
            larger = np.empty((capacity, *column.shape[1:]), dtype=column.dtype)
            larger[: self._copied] = column[: self._copied]
            self._columns[name] = larger

    def table(self) -> Evaluations:
        """Everything so far, as read-only views."""
        return self._views(0, dict(self._failures), dict(self._extras))

    def since(self, first: int) -> Evaluations:
        """What has been appended after so many rows, as read-only views."""
        self._copy_latest()
        ids = self._columns["ids"][first : self._copied].tolist()
        failures = {i: self._failures[i] for i in ids if i in self._failures}
        return self._views(first, failures, {i: self._extras[i] for i in ids if i in self._extras})

    def _views(
        self, first: int, failures: dict[int, Failed], extras: dict[int, dict[str, Any]]
    ) -> Evaluations:
        self._copy_latest()
        views = {name: column[first : self._copied] for name, column in self._columns.items()}
        for view in views.values():
            view.flags.writeable = False
        return Evaluations(
            **views,
            workers=tuple(self._codes),
            failures=failures,
            extras=extras,
            definition=self.definition,
            operators=self._operators,
        )


def _widened(parents: IntArray, width: int) -> IntArray:
    """(n, width) of (n, p) parents; there are no others."""
    wide = np.full((len(parents), width), -1, dtype=np.int64)
    wide[:, : parents.shape[1]] = parents
    return wide
