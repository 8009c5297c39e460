"""Algorithms and conditions that end a run, in runs so small that they cost nothing."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from ...errors import RuleBroken
from ...operators.parts import Duplicates, Part
from ...operators.survival import nondominated_rank
from ...problems.definition import read_definition
from ...problems.encoded import encode
from ...problems.own_names import own_name
from ...typing import Candidates, FloatArray, IntArray, SearchSpace
from .. import kinds
from ..algorithms.algorithm import Algorithm, Started, cost_of, known_of
from ..algorithms.breeding import Breeding, Mates
from ..algorithms.checked import check_memory
from ..algorithms.nsga2 import NSGA2
from ..algorithms.own import OwnBreeding, read_bred
from ..records.outcome import Task
from ..runs.minimize import minimize
from ..runs.progress import Progress
from ..runs.terminations import Termination
from ..store import strict_json
from .again import as_rule, bits_of, left_alone, once_and_again
from .bench import SIZES, Bench, storable
from .evaluations import evaluated
from .parts import (
    check_crossover,
    check_duplicates,
    check_mating,
    check_mutation,
    check_repair,
    check_sampling,
)
from .survivals import check_survival
from .tiny import Hashed

T = TypeVar("T")

GENERATIONS = 4
"""Of the runs that are tried."""

LEAST = 200
"""Evaluations of a run that costs nothing, however small its population."""

PLANNED = 100_000
"""Evaluations that sizes are derived from which depend on them; so many that none is too few."""


# -- algorithms ------------------------------------------------------------------------------------


def check_algorithm(algorithm: Algorithm, problem: Any, bench: Bench) -> list[str]:
    """Its parts one by one, then whole: twice the same, and stopped half way and gone on with."""
    remarks = storable(algorithm) if kinds.with_name(algorithm)["reason"] else []
    breeding, survival = algorithm.breeding(bench.space), algorithm.survival_part()
    remarks += _check_breeding(breeding, bench)
    if isinstance(breeding, OwnBreeding):
        _check_breed(algorithm, bench)
    if _of_a_user(survival):
        check_survival(survival, bench)
    run = _Run(algorithm, problem, bench)
    whole = run.asked()
    for other, when in ((run.asked(), "again"), (run.asked(stored=True), "from its stored state")):
        if whole != other:
            n = next(i for i, (a, b) in enumerate(zip(whole, other, strict=False)) if a != b)
            raise RuleBroken(
                f"{algorithm!r:.200} asked for other candidates when it was run {when}, from the "
                f"ask {n} on; expected the same bits: it draws from the generator that it is given,"
                " and what it must know of earlier calls belongs into memory, as arrays"
            )
    return remarks


def _of_a_user(part: Any) -> bool:
    """What paretide brings is tried by its own tests, whatever its settings are."""
    return isinstance(part, Part) and not own_name(type(part))


def _check_breeding(breeding: Breeding, bench: Bench) -> list[str]:
    """The parts that candidates are made by, with the repair that follows them."""
    own = replace(bench, repair=breeding.repair)
    remarks = []
    if _of_a_user(breeding.sampling):
        remarks += check_sampling(breeding.sampling, own)
    if _of_a_user(breeding.mating):
        remarks += check_mating(breeding.mating, own.seed)
    if breeding.crossover is not None and _of_a_user(breeding.crossover):
        remarks += check_crossover(breeding.crossover, own)
    if breeding.mutation is not None and _of_a_user(breeding.mutation):
        remarks += check_mutation(breeding.mutation, own)
    if breeding.repair is not None:
        remarks += check_repair(breeding.repair, bench)
    if isinstance(breeding.duplicates, Duplicates):
        remarks += check_duplicates(breeding.duplicates, bench)
    return remarks


def _check_breed(algorithm: Algorithm, bench: Bench) -> None:
    """What an algorithm breeds of few and many members."""
    space = bench.space

    def call(parents: Mates, k: int, rng: np.random.Generator, memory: Any) -> Any:
        made = algorithm.breed(parents, k, space, rng, memory)
        check_memory(algorithm, memory)
        return made

    for n in SIZES:
        F = bench.rng(n).random((n, max(bench.objectives)))
        rank, score = nondominated_rank(F), F.sum(axis=1)
        parents = Mates(np.arange(n), bench.rows(n), rank, score, F, np.zeros(n))
        for k in (1, 7):

            def read(made: Any, k: int = k, n: int = n) -> Any:
                return read_bred(algorithm, made, k, space, n)

            given: dict[str, Any] = {"parents": parents, "k": k, "rng": bench.rng(), "memory": {}}
            once_and_again(algorithm, call, given, read, space)


class _Run:
    """The same small run any number of times; a candidate is evaluated once."""

    def __init__(self, algorithm: Algorithm, problem: Any, bench: Bench) -> None:
        self.problem = problem
        self.seed = bench.seed
        self.definition = read_definition(problem)
        self.algorithm = algorithm.resolved(self.definition, PLANNED)
        generations = GENERATIONS * self.algorithm.smallest_budget
        self.budget = max(generations, LEAST if isinstance(problem, Hashed) else 0)
        self.known: dict[tuple[int, bytes], tuple[FloatArray, FloatArray]] = {}

    def asked(self, *, stored: bool = False) -> list[Any]:
        """What was asked for, ask by ask; ``stored``: it is stored half way, and goes on from that.

        Raises RuleBroken for what the algorithm raises, and if it moves a global generator.
        """
        asked = []
        machine = self.done(self.start)
        while machine.evaluations < self.budget:
            batch = self.done(machine.ask)
            if not len(batch):
                break  # nothing new can be drawn
            asked.append(bits_of((batch.ids, batch.X, batch.parents), batch.space))
            F, G = self.values(batch.ids, batch.X)
            self.done(partial(machine.tell, batch, F=F, G=G if self.definition.n_con else None))
            if stored and 2 * machine.evaluations >= self.budget:
                state = read_back(self.done(machine.state_dict), self.definition.space)
                machine = self.done(self.start)
                self.done(partial(machine.load_state_dict, state))
                stored = False
        return asked

    def start(self) -> Started:
        """A new state machine."""
        known = known_of(self.problem, self.definition)
        return self.algorithm.machine(
            self.definition, self.seed, cost_of(self.problem), known=known
        )

    def done(self, call: Callable[[], T]) -> T:
        """What the algorithm does, watched."""
        with left_alone(self.algorithm), as_rule(self.algorithm, "in a small run"):
            return call()

    def values(self, ids: IntArray, X: Candidates) -> tuple[FloatArray, FloatArray]:
        """F and G of candidates; NaN of those that fail."""
        keys = list(zip(ids.tolist(), self.definition.space.key(X), strict=True))
        new = [row for row, key in enumerate(keys) if key not in self.known]
        if new:
            done = evaluated(self.problem, self.definition, Task(ids[new], X[new]), self.seed)
            for row, F, G in zip(new, done.F, done.G, strict=True):
                self.known[keys[row]] = F, G
        F, G = (np.stack(some) for some in zip(*map(self.known.get, keys), strict=True))
        return F, G


def read_back(state: dict[str, Any], space: SearchSpace) -> dict[str, Any]:
    """A state as a file gives it back."""
    arrays = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
    scalars = {name: value for name, value in state.items() if name not in arrays}
    found: dict[str, Any] = strict_json.loads(strict_json.dumps(scalars))
    for name, value in arrays.items():
        objects = value.dtype == object
        found[name] = space.decode(encode(space, value)) if objects else value.copy()
    return found


# -- conditions that end a run ---------------------------------------------------------------------


def check_termination(termination: Termination, problem: Any, bench: Bench) -> list[str]:
    """Looks at what has been told, and at nothing else: neither changes it nor remembers it."""
    fresh = termination
    with contextlib.suppress(Exception):  # of what cannot be copied there is itself alone
        fresh = copy.deepcopy(termination)

    def look(progress: Progress) -> None:
        moment = _Moment(progress)
        given = (moment.evaluated().F, moment.population.X, moment.population.F)
        before = bits_of(given, bench.space)
        for method in ("__call__", "by_clock"):
            answers = []
            anew = fresh if fresh is termination else copy.deepcopy(fresh)
            for one in (termination, termination, anew):
                with left_alone(termination), as_rule(termination, f"in {method}"):
                    answers.append(getattr(one, method)(moment))
            _check_answers(termination, method, answers, moment)
        if bits_of(given, bench.space) != before:
            raise RuleBroken(
                f"{termination!r:.200} changed the population that it was shown; expected that it "
                "leaves it as it is"
            )

    minimize(problem, NSGA2(size=8), budget=8 * GENERATIONS, seed=bench.seed, callbacks=[look])
    return []


class _Moment(Progress):
    """A moment of a run, at which the clock stands: a second a generation."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress._session)

    @property
    def seconds(self) -> float:
        """As if a generation took one."""
        return float(self.generation + 1)


def _check_answers(
    termination: Termination, method: str, answers: list[Any], moment: Progress
) -> None:
    for answer in answers:
        if not isinstance(answer, str):
            raise RuleBroken(
                f"{termination!r:.200}: {method} returned {answer!r:.100} "
                f'({type(answer).__name__}); expected a text, why the run ends, or ""'
            )
    if len(set(answers)) > 1:
        one, again, anew = answers
        raise RuleBroken(
            f"{termination!r:.200} answered {one!r:.80}, when asked again {again!r:.80}, and from "
            f"a resumed run {anew!r:.80}, all at {moment!r}; expected the same: it looks at what "
            "has been told, not at what it saw before"
        )
