"""Several runs of NSGA-II with a dynamic population side by side, so that no tau must be chosen.

Run i doubles every b 2^i evaluations, after 8 b 2^i at the first size. The next generation is that
of the run that has used the fewest evaluations, and run i is opened once every other has used
b 2^i. Both follow from the sizes of the generations begun, not from the time at which outcomes
come: generations of several runs are under evaluation at once, and the result is the same for any
number of workers. Outcomes are told in order of id; those that come earlier wait.

Source: Doerr, Krejca, Wietheger, "Speeding Up the NSGA-II via Dynamic Population Sizes",
arXiv 2509.01739, for the idea; the constants were chosen by measurement.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import AskTellError, ConfigurationError
from ...operators.survival import constrained_rank
from ...problems.definition import Definition
from ...typing import BoolArray, Candidates, FloatArray, IntArray
from ..records.evaluations import Evaluations
from ..records.population import Population, no_population
from ..records.provenance import Born, Choices, together
from ..records.waiting import Waiting
from .asking import InTurn
from .batch import Batch
from .breeding import Breeding
from .counts import count
from .generational import Generational
from .schedule import Doubling
from .telling import read_asked_for, told_rows

MakeRun = Callable[[int], Generational]
"""Run i, of which nothing has been asked."""


class Concurrent(InTurn):
    """Runs in turn as ``ask`` and ``tell``. Made by ``ConcurrentDynamicNSGA2(...).start(problem)``.

    A *generation* is one of one of the runs; they are counted in the order in which they begin.

    Attributes:
        definition: Of the problem.
        seed: Of all runs together.
        schedule: Of the first run.
        base: Evaluations that the first run is ahead of the second when that is opened, halved.
        runs: In order of their opening.
        populations: Of each run after its last complete generation.
        generation: Of the candidates asked last; 0 is the first run's sample, -1 before it.
        selections: How often a population was selected, of any run.
        completed: Generations of which every candidate has been told.
        evaluations: Candidates told so far, failed ones included.
        failures: Candidates told as failed.
    """

    steady: ClassVar[bool] = False
    block: ClassVar[None] = None  # chunks of a generation are evaluated together

    def __init__(
        self, definition: Definition, schedule: Doubling, base: int, seed: int, make_run: MakeRun
    ) -> None:
        super().__init__(definition, seed)
        self.schedule = schedule
        self.base = base
        self._make_run = make_run
        self.runs: list[Generational] = []
        self.populations: list[Population] = []
        self._spent: set[int] = set()  # runs of which nothing new can be drawn
        self._of: list[int] = []  # the run of every generation begun
        self._first: list[int] = []  # the id of its first candidate
        self.selections = 0
        self.completed = 0
        self._born = 0  # the next id
        self._last_asked = 0  # generation
        self._to_hand: deque[int] = deque()  # ids
        self._asked: set[int] = set()  # ids, not told
        self._waiting = Waiting(self._nobody())  # for their turn
        self._foretold: list[Choices] = []  # to runs that are still to be opened
        self._parents = no_population(definition)

    @cached_property
    def breeding(self) -> Breeding:
        """What candidates of all runs are made by."""
        return self._make_run(0).breeding

    # -- what a user sees ------------------------------------------------------------------------

    @property
    def generation(self) -> int:
        """Of the candidates asked last."""
        return len(self._of) - 1

    @property
    def size(self) -> int:
        """The largest target size of a run."""
        return max((run.size for run in self.runs), default=self.schedule.first_size)

    @property
    def population(self) -> Population:
        """That of the best run after its last complete generation.

        Whether the next one has begun depends on the workers; what is shown does not.
        """
        return self._best(self.populations)

    def final_population(self) -> Population:
        """The best run's, told members of a generation that the budget has cut included."""
        return self._best([run.population for run in self.runs])

    def _best(self, populations: list[Population]) -> Population:
        """The one with the most different values on the front of all together."""
        if not populations:
            return no_population(self.definition)
        F = [self.definition.minimized(p.F) for p in populations]
        rank = constrained_rank(
            np.concatenate(F), np.concatenate([p.violation for p in populations])
        )
        fronts = np.split(rank == 0, np.cumsum([len(p) for p in populations])[:-1])
        found = [len(np.unique(f[best], axis=0)) for f, best in zip(F, fronts, strict=True)]
        return populations[int(np.argmax(found))]

    @property
    def parents(self) -> Population:
        """The population that was selected last."""
        return self._parents

    @property
    def outstanding(self) -> int:
        """Candidates asked for and not told."""
        return len(self._asked) - len(self._waiting)

    @property
    def first_id(self) -> int:
        """Id of the first candidate of the generation that was asked for last."""
        return self._first[self._last_asked]

    @property
    def complete(self) -> bool:
        """True if every candidate of every generation begun has been told."""
        return self.completed == len(self._of)

    def ask(self, k: int | None = None) -> Batch:
        """Up to ``k`` candidates, or all of a generation that can be had now.

        Raises:
            AskTellError: If the next generation descends from candidates that are not told yet.
        """
        k = read_asked_for(k)
        if not self._to_hand:
            self._begin()
        ids = [self._to_hand.popleft() for _ in range(self._ready(k))]
        if ids:
            self._last_asked = self._generation_of(ids[0])
        self._asked.update(ids)
        asked = np.array(ids, dtype=np.int64)
        born = self.candidates(asked)[0]
        return Batch(asked, born.X, born.parents, self.definition.space)

    def available(self) -> int:
        """How many candidates ``ask`` can give now; 0 while it must wait for outcomes."""
        if self._to_hand:
            return self._ready(None)
        i = self._next_run()
        if i is None:
            return 0
        if i == len(self.runs):
            return self.schedule.first_size
        return self.runs[i].available() if self.runs[i].complete else 0

    @property
    def begins(self) -> bool:
        """Whether the next ``ask`` begins a generation."""
        return not self._to_hand

    def _is_out(self, id: int) -> bool:
        return id in self._asked

    def _was_told(self, id: int) -> bool:
        return 0 <= id < self.evaluations

    def insert(
        self,
        ids: IntArray,
        generation: NDArray[np.int32],
        X: Candidates,
        F: FloatArray,
        G: FloatArray,
    ) -> None:
        """Candidates that failed and have values now: each in the next selection of its run.

        (k,) ids and generations in which they were born, (k, n_var), and in the user's units
        (k, n_obj) and (k, n_con). They do not count as evaluations again.
        """
        run_of = np.array(self._of, dtype=np.int64)[generation]
        for i in np.unique(run_of).tolist():
            mine, run = run_of == i, self.runs[i]
            run.insert(ids[mine], generation[mine], X[mine], F[mine], G[mine])
            if run.complete:
                self.populations[i] = run.population

    def advance(self) -> list[Evaluations]:
        """Tell those whose turn it is, up to the end of a generation; returns them in order."""
        self._raise_deferred()
        first = self.evaluations  # ids have no gaps
        if first >= self._born:
            return []
        generation = self._generation_of(first)
        end = self._last_id(generation) + 1
        last = first
        while last < end and last in self._waiting:
            last += 1
        told = self._waiting.take(list(range(first, last)))
        if told:
            ids = np.arange(first, last, dtype=np.int64)
            self._asked.difference_update(range(first, last))
            run = self.runs[self._of[generation]]
            before = run.failures
            F, G = (np.concatenate([getattr(rows, name) for rows in told]) for name in ("F", "G"))
            run.tell_rows(ids, F, G)
            self.failures += run.failures - before
            self.evaluations += len(ids)
            if last == end:
                self.completed += 1
                try:
                    self.populations[self._of[generation]] = run.population
                except BaseException as error:
                    self._raised = error
        return told

    def candidates(self, ids: IntArray) -> tuple[Born, NDArray[np.int32]]:
        """Candidates not yet told by (k,) ids, and (k,) generations they were born in."""
        generation = np.array([self._generation_of(id) for id in ids.tolist()], dtype=np.int32)
        born = self.runs[0].candidates(ids[:0])[0]
        for cut in np.split(np.arange(len(ids)), np.flatnonzero(np.diff(generation)) + 1):
            if len(cut):
                run = self.runs[self._of[int(generation[cut[0]])]]
                born = together(born, run.candidates(ids[cut])[0])
        return born, generation

    def withdraw(self) -> None:
        """Take back what was asked for and not told: it will be asked again."""
        open_ids = range(self.evaluations, self._born)
        self._to_hand = deque(id for id in open_ids if id not in self._waiting)
        self._asked = {id for id in open_ids if id in self._waiting}

    # -- generations -----------------------------------------------------------------------------

    def _ready(self, k: int | None) -> int:
        """How many can be handed out, of one generation and at most ``k``."""
        if not self._to_hand:
            return 0
        last = self._last_id(self._generation_of(self._to_hand[0]))
        ready = sum(id <= last for id in self._to_hand)
        return ready if k is None else min(k, ready)

    def _generation_of(self, id: int) -> int:
        return bisect_right(self._first, id) - 1

    def _last_id(self, generation: int) -> int:
        newest = generation + 1 == len(self._first)
        return (self._born if newest else self._first[generation + 1]) - 1

    def _next_run(self) -> int | None:
        """Whose generation begins next; None if nothing new can be drawn in any run."""
        used = {i: run.used for i, run in enumerate(self.runs) if i not in self._spent}
        if all(n >= self.base * 2 ** len(self.runs) for n in used.values()) and (
            used or not self.runs
        ):
            return len(self.runs)
        return min(used, key=lambda i: (used[i], i), default=None)

    def _begin(self) -> None:
        """Begin the next generation, if there is one."""
        tried = False
        while (i := self._next_run()) is not None:
            if i == len(self.runs):
                self.runs.append(self._make_run(i))
                for choices in self._foretold:
                    self.runs[-1].foretell(choices)
                self.populations.append(no_population(self.definition))
            run = self.runs[i]
            if not run.complete:
                if tried:
                    return
                raise AskTellError(
                    f"ask: generation {self.generation + 1} descends from candidates that are not "
                    f"told yet (the first is {self.evaluations}); tell them first"
                )
            before = run.selections
            k = run.begin(self._born, len(self._of))
            if k:
                break
            self._spent.add(i)  # nothing new can be drawn
            if self.breeding.limits is not None:
                self.breeding.limits.keep()  # nor is it drawn again
            tried = True
        else:
            return
        if run.selections > before:
            self.selections += 1
            self._parents = run.parents
        run.ask()  # all of them: who is handed out when is decided here
        self._of.append(i)
        self._first.append(self._born)
        self._to_hand.extend(range(self._born, self._born + k))
        self._born += k

    # -- state -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The whole state as arrays and JSON values; ``load_state_dict`` continues from it."""
        waiting = self._waiting.table()
        own = {
            "runs": len(self.runs),
            "spent": sorted(self._spent),
            "of": np.array(self._of, dtype=np.int64),
            "first": np.array(self._first, dtype=np.int64),
            "selections": self.selections,
            "completed": self.completed,
            "evaluations": self.evaluations,
            "failures": self.failures,
            "born": self._born,
            "waiting_ids": waiting.ids,
            "waiting_F": waiting.F,
            "waiting_G": waiting.G,
        }
        for i, run in enumerate(self.runs):
            for key, value in run.state_dict().items():  # what is refused is kept of all together
                own[key if key.startswith("refused_") else f"run{i}_{key}"] = value
            own[f"population{i}_ids"] = self.populations[i].ids
        return own

    def foretell(self, choices: Choices) -> None:
        """What was chosen for candidates that are still to be born."""
        self._foretold.append(choices)
        for run in self.runs:
            run.foretell(choices)

    def new_choices(self) -> list[Choices]:
        """What a screen has chosen since the last call."""
        return [choices for run in self.runs for choices in run.new_choices()]

    def load_state_dict(
        self,
        state: dict[str, Any],
        waiting: Evaluations | None = None,
        told: Evaluations | None = None,
    ) -> None:
        """Continue from a state: candidates that were asked for and not told are asked again.

        ``waiting`` are the outcomes that wait for their turn, with all that is known of them, and
        ``told`` everything that was told; None are those in the state.
        """
        self.runs, self.populations = [], []
        self._of, self._first = state["of"].tolist(), state["first"].tolist()
        run_of = np.array(self._of, dtype=np.int64)
        refused = {k: v for k, v in state.items() if k.startswith("refused_")}
        if told is not None and not (told.generation < len(run_of)).all():
            raise ConfigurationError("the generations of a state are not those of its outcomes")
        for i in range(count(state, "runs")):
            prefix = f"run{i}_"
            run = self._make_run(i)
            run.load_state_dict(
                {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
                | refused,
                told=_of_run(told, run_of == i),
            )
            shown = np.isin(run.parents.ids, state[f"population{i}_ids"])
            self.populations.append(run.population if run.complete else run.parents.take(shown))
            if not run.complete:
                run.ask()  # all of its generation: who is asked again is decided here
            self.runs.append(run)
        self._spent = set(state["spent"])
        self.selections = count(state, "selections")
        self.completed = count(state, "completed")
        self.evaluations = count(state, "evaluations")
        self.failures = count(state, "failures")
        self._born = count(state, "born")
        begun = [run.generation + 1 for run in self.runs]
        ends = [*self._first, self._born]
        if [self._of.count(i) for i in range(len(self.runs))] != begun or (
            len(self._first) != len(self._of)
            or ends[0] != 0
            or any(end <= first for first, end in pairwise(ends))
        ):
            raise ConfigurationError("the generations of a state are not those of its runs")
        self._waiting = Waiting(self._nobody())
        if waiting is None:
            ids, F, G = (np.array(state[f"waiting_{name}"]) for name in ("ids", "F", "G"))
            waiting = told_rows(self.definition, ids, F, G, *self.candidates(ids), self.operators)
        if not all(self.evaluations <= id < self._born for id in waiting.ids.tolist()):
            raise ConfigurationError("the outcomes that wait are of other candidates than are open")
        self._waiting.add(waiting)
        self._parents = no_population(self.definition)
        self.withdraw()


def _of_run(told: Evaluations | None, mine: BoolArray) -> Evaluations | None:
    """Those that were born in generations of which ``mine`` is true."""
    return None if told is None else told.take(np.flatnonzero(mine[told.generation]))
