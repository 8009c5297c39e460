"""NSGA-II without generations: one child is born whenever one outcome is told.

At most ``window`` candidates are started and not told. Outcomes may be told in any order; they wait
here until ``order.py`` says that it is their turn, so that neither the number nor the speed of the
workers changes the result. A child descends from the population as it is when it is born.

A *generation* is as many tellings as the population has members: then the population is recorded,
may grow, and callbacks are called.

Source of the (mu + 1) scheme: J. J. Durillo, A. J. Nebro, F. Luna, E. Alba, "On the effect of the
steady-state selection scheme in multi-objective genetic algorithms", EMO 2009.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import AskTellError, ConfigurationError
from ...operators.arrays import all_finite
from ...problems.definition import Definition
from ...problems.numbers import one_number
from ...typing import Candidates, FloatArray, IntArray
from ..born import Born, nobody
from ..breeding import Breeding
from ..order import ORDERS, Order, OrderName
from ..outcome import EVALUATED, FAILED, PENDING, Evaluated, Failed
from ..population import Population, no_population
from ..randomness import SURVIVAL, VARIATION, generator, restored, state_of
from ..schedule import Constant, Doubling, stored_size
from .batch import Batch
from .counts import count
from .members import Members
from .telling import read_asked_for, read_told

Cost = Callable[[Any], float]
"""What a candidate, as ``evaluate`` gets it, is expected to cost."""

LARGEST_COST = 1e290
"""Of one candidate: as many of them as a run can have add up to a number."""


@dataclass
class _Candidate:
    """One that was born and not told."""

    x: Candidates  # (n_var,)
    parents: IntArray  # (2,)
    operator: int
    generation: int  # it was born in
    status: int
    F: FloatArray  # (n_obj,)
    G: FloatArray  # (n_con,)
    handed: bool = False


class SteadyState:
    """NSGA-II as ``ask`` and ``tell``, in steady state. Made by ``NSGA2(mode="steady").start()``.

    Attributes:
        definition: Of the problem.
        seed: Of the run.
        size: The population's target size.
        generation: How often as many as the population's size have been told; -1 before any ask.
        evaluations: Candidates told, in their order, failed ones included.
        failures: Candidates told as failed.
    """

    steady: ClassVar[bool] = True
    in_turn: ClassVar[bool] = True

    def __init__(
        self,
        definition: Definition,
        schedule: Constant | Doubling,
        breeding: Breeding,
        seed: int,
        *,
        window: int,
        order: OrderName,
        cost: Cost | None,
        initial: Candidates,
    ) -> None:
        self.definition = definition
        self.schedule = schedule
        self.seed = seed
        self.window = window
        self._breeding = breeding
        self._below_max = breeding.widened(schedule.eta_below_max)
        self._cost = cost
        self._initial = initial  # until the first sample is made
        self._variation_rng = generator(seed, VARIATION)
        self._survival_rng = generator(seed, SURVIVAL)
        self.size = schedule.first_size
        self._next_growth = schedule.first_growth
        self.generation = -1
        self.evaluations = 0
        self.failures = 0
        self._to_tell = schedule.first_size  # in this generation
        self._born = 0  # the next id
        self._order_name: OrderName = order
        self._order: Order = ORDERS[order]()
        self._open: dict[int, _Candidate] = {}  # by id, ascending
        self._unstarted: deque[int] = deque()  # of the sample
        self._ready: deque[int] = deque()  # started and not asked for
        self._waiting = 0  # outcomes for their turn
        self._members = Members(definition, self.size)
        self._parents = no_population(definition)
        # Row keys of members and of those that are open, which nobody new may have.
        self._seen = breeding.leaving()
        self._copies: Counter[bytes] = Counter()  # of keys that several have

    # -- what a user sees ------------------------------------------------------------------------

    @property
    def operators(self) -> tuple[str, ...]:
        """Names of what candidates are made by; ``Born.operator`` is a position in it."""
        return self._breeding.operators

    @property
    def n_parents(self) -> int:
        """How many parents are recorded of a candidate."""
        return self._breeding.parents

    @property
    def population(self) -> Population:
        """The survivors of everything told, in the order of telling."""
        return self._members.population()

    def final_population(self) -> Population:
        """The survivors if those that wait for their turn were told now."""
        members = self._members.copy()
        rng = restored(state_of(self._survival_rng))  # looking must not change what comes
        for id in self._order.waiting():
            candidate = self._open[id]
            if candidate.status == EVALUATED:
                members.insert(id, candidate.x, candidate.F, candidate.G, rng)
                if members.n > self.size:
                    members.remove_worst(rng)
        return members.population()

    @property
    def parents(self) -> Population:
        """The population at the end of the generation before."""
        return self._parents

    @property
    def outstanding(self) -> int:
        """Candidates asked for and not told."""
        return len(self._order) - len(self._ready) - self._waiting

    @property
    def waiting(self) -> int:
        """Outcomes that wait for their turn."""
        return self._waiting

    @property
    def complete(self) -> bool:
        """True between the last telling of a generation and the next ``advance``."""
        return self._to_tell == 0

    @property
    def completed(self) -> int:
        """Generations of which every outcome has been told."""
        return max(0, self.generation + self.complete)

    @property
    def selections(self) -> int:
        """How often a population was recorded; ``parents`` is the last one."""
        return max(self.generation, 0)

    def ask(self, k: int | None = None) -> Batch:
        """Up to ``k`` candidates, or all that the window has room for.

        None at all come in a search space of which nothing new can be drawn.

        Raises:
            AskTellError: If the window is full: as many have been asked for and not told.
        """
        k = read_asked_for(k)
        if self.generation < 0:
            self._sample()
        if not self._ready and len(self._order) >= self.window:
            raise AskTellError(
                f"ask: the window of {self.window} candidates is full until "
                f"{self._order.blocking()} is told; tell it first"
            )
        ids = [self._ready.popleft() for _ in range(min(k or self.window, len(self._ready)))]
        for id in ids:
            self._open[id].handed = True
        asked = np.array(ids, dtype=np.int64)
        born, _ = self.candidates(asked)
        return Batch(asked, born.X, born.parents, self.definition.space)

    def available(self) -> int:
        """How many candidates ``ask`` can give now."""
        return self.window if self.generation < 0 else len(self._ready)

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
        self.advance()
        while self.complete:
            self.advance()

    def tell_rows(self, ids: IntArray, F: FloatArray, G: FloatArray) -> None:
        """Outcomes that wait for their turn: (k,) ids, (k, n_obj), (k, n_con).

        Rows that cannot be ranked are failures.
        """
        told = ids.tolist()
        for id in told:
            if id not in self._open or not self._open[id].handed:
                known = 0 <= id < self._born and id not in self._open
                problem = "is told twice" if known else "has not been asked for"
                raise AskTellError(f"tell: id {id} {problem}")
            if self._open[id].status != PENDING or told.count(id) > 1:
                raise AskTellError(f"tell: id {id} is told twice")
        fit = None if all_finite(F, G) else self.definition.fit_for_ranking(F, G)
        for row, id in enumerate(told):
            candidate = self._open[id]
            candidate.status = EVALUATED if fit is None or fit[row] else FAILED
            candidate.F, candidate.G = F[row].copy(), G[row].copy()
            self._order.finish(id)
            self._waiting += 1

    def asked(self, ids: IntArray) -> bool:
        """True if all of (k,) ids have been asked for and none has been told."""
        candidates = [self._open.get(id) for id in ids.tolist()]
        return all(c is not None and c.handed and c.status == PENDING for c in candidates)

    def candidates(self, ids: IntArray) -> tuple[Born, NDArray[np.int32]]:
        """Those not yet told by (k,) ids, and (k,) generations they were born in."""
        return self._stacked([self._open[id] for id in ids.tolist()])

    def withdraw(self) -> None:
        """Take back what was asked for and not told: it will be asked again."""
        unstarted = set(self._unstarted)
        self._ready = deque(
            id for id, c in self._open.items() if c.status == PENDING and id not in unstarted
        )
        for id in self._ready:
            self._open[id].handed = False

    # -- one telling -----------------------------------------------------------------------------

    def advance(self) -> IntArray:
        """Tell those whose turn it is, up to the end of the generation; returns their ids.

        If a generation is complete, the next one begins.
        """
        if self.complete:
            self._next_generation()
        told = []
        while not self.complete:
            id = self._order.next()
            if id is None:
                break
            self._tell(id)
            told.append(id)
        return np.array(told, dtype=np.int64)

    def _next_generation(self) -> None:
        self._parents = self.population
        self.size, self._next_growth = self.schedule.grown(
            self.size, self._next_growth, self.evaluations
        )
        self._members = self._members.resized(self.size)
        self.generation += 1
        self._to_tell = self.size

    def _tell(self, id: int) -> None:
        """Insert one, let the worst go, and start another candidate in its place."""
        candidate = self._open.pop(id)
        self._waiting -= 1
        gone = None
        if candidate.status == EVALUATED:
            rng = self._survival_rng
            self._members.insert(id, candidate.x, candidate.F, candidate.G, rng)
            if self._members.n > self.size:
                gone = self._members.remove_worst(rng)
        else:
            self.failures += 1
            (gone,) = self.definition.space.key(candidate.x[None])
        if gone is not None:
            self._forget(gone)
        self.evaluations += 1
        self._to_tell -= 1
        self._fill()

    def insert(
        self,
        ids: IntArray,
        generation: NDArray[np.int32],
        X: Candidates,
        F: FloatArray,
        G: FloatArray,
    ) -> None:
        """Candidates that failed and have values now become members, if they are good enough.

        Between two generations they belong to the next one. (k,) ids and generations in which they
        were born, (k, n_var), and in the user's units (k, n_obj) and (k, n_con). They do not count
        as evaluations again.
        """
        if self.complete:
            self._next_generation()
        keys = self.definition.space.key(X)
        for id, x, key, f, g in zip(ids.tolist(), X, keys, F, G, strict=True):
            if self._seen is not None and len(self._seen.add(x[None])):
                self._copies[key] += 1  # of one that was born after this one had failed
            self._members.insert(id, x, f, g, self._survival_rng)
            if self._members.n > self.size:
                self._forget(self._members.remove_worst(self._survival_rng))

    def _forget(self, key: bytes) -> None:
        """One that has this key is gone: others may have it now, unless somebody still has."""
        if self._copies[key]:
            self._copies[key] -= 1
        elif self._seen is not None:
            self._seen.remove(key)

    def _sample(self) -> None:
        """The first candidates: as many as the population or the window, whichever is larger."""
        k, rng = max(self.size, self.window), self._variation_rng
        self._bear(self._breeding.first(self._initial, k, rng, self._seen))
        self._initial = nobody(self.definition.space).X
        self.generation = 0
        self._fill()

    def _fill(self) -> None:
        """Start candidates until the window is full or nothing new can be drawn."""
        while len(self._order) < self.window:
            if not self._unstarted:
                parents = self._members.mating()
                small = self.size < self.schedule.last_size
                breeding = self._below_max if small else self._breeding
                self._bear(breeding.children(1, parents, self._variation_rng, self._seen))
            if not self._unstarted:
                return
            id = self._unstarted[0]
            self._order.start(id, self._cost_of(id))  # which is the user's, and may raise
            self._ready.append(self._unstarted.popleft())

    def _bear(self, new: Born) -> None:
        n_obj, n_con = self.definition.n_obj, self.definition.n_con
        generation = max(self.generation, 0)
        for x, parents, operator in zip(new.X, new.parents, new.operator.tolist(), strict=True):
            F, G = np.full(n_obj, np.nan), np.full(n_con, np.nan)
            self._open[self._born] = _Candidate(x, parents, operator, generation, PENDING, F, G)
            self._unstarted.append(self._born)
            self._born += 1

    def _cost_of(self, id: int) -> float:
        if self._cost is None:
            return 1.0
        cost = self._cost(self.definition.space.candidate(self._open[id].x))
        try:
            number = one_number(cost)
        except (TypeError, ValueError):
            number = math.nan
        if not 0 < number <= LARGEST_COST:
            raise ConfigurationError(
                f"{self.definition.name}.cost(x) must return a number above 0 and at most "
                f"{LARGEST_COST:g}, got {cost!r:.200} for candidate {id}"
            )
        return number

    def _stacked(self, candidates: list[_Candidate]) -> tuple[Born, NDArray[np.int32]]:
        """Candidates, and (k,) generations they were born in."""
        space, k = self.definition.space, len(candidates)
        X = np.array([c.x for c in candidates], dtype=space.dtype).reshape(k, space.n_var)
        parents = np.array([c.parents for c in candidates], dtype=np.int64).reshape(
            k, self.n_parents
        )
        operator = np.array([c.operator for c in candidates], dtype=np.uint8)
        generation = np.array([c.generation for c in candidates], dtype=np.int32)
        return Born(X, parents, operator), generation

    # -- state -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The whole state as arrays and JSON values; ``load_state_dict`` continues from it."""
        candidates = list(self._open.values())
        born, generation = self._stacked(candidates)
        k = len(candidates)
        n_obj, n_con = self.definition.n_obj, self.definition.n_con
        return {
            "size": self.size,
            "next_growth": self._next_growth,
            "generation": self.generation,
            "evaluations": self.evaluations,
            "failures": self.failures,
            "to_tell": self._to_tell,
            "born": self._born,
            "variation_rng": state_of(self._variation_rng),
            "survival_rng": state_of(self._survival_rng),
            "open_ids": np.array(list(self._open), dtype=np.int64),
            "initial_X": self._initial,
            "open_X": born.X,
            "open_parents": born.parents,
            "open_operator": born.operator,
            "open_generation": generation,
            "open_status": np.array([c.status for c in candidates], dtype=np.uint8),
            "open_F": np.array([c.F for c in candidates]).reshape(k, n_obj),
            "open_G": np.array([c.G for c in candidates]).reshape(k, n_con),
            **{f"members_{name}": value for name, value in self._members.state().items()},
            **{f"order_{name}": value for name, value in self._order.state().items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state: candidates that were asked for and not told are asked again."""
        self.size = stored_size(self.schedule, state["size"])
        self._next_growth = count(state, "next_growth")
        self.generation = count(state, "generation")
        self.evaluations = count(state, "evaluations")
        self.failures = count(state, "failures")
        self._to_tell = count(state, "to_tell")
        self._born = count(state, "born")
        self._variation_rng = restored(state["variation_rng"])
        self._survival_rng = restored(state["survival_rng"])
        self._members = Members(self.definition, self.size)
        self._members.load(_part(state, "members_"))
        self._parents = self.population
        self._initial = np.array(state["initial_X"])
        columns = ("X", "parents", "operator", "generation", "status", "F", "G")
        arrays = [np.array(state[f"open_{name}"]) for name in columns]
        self._open = {
            id: _Candidate(x, parents, int(operator), int(generation), int(status), F, G)
            for id, x, parents, operator, generation, status, F, G in zip(
                state["open_ids"].tolist(), *arrays, strict=True
            )
        }
        self._waiting = sum(c.status != PENDING for c in self._open.values())
        if self._seen is not None:
            open_X = self._stacked(list(self._open.values()))[0].X
            self._seen = seen = self._breeding.leaving()
            keys = []
            for X in (self._members.mating().X, open_X):
                keys += self.definition.space.key(X)
                if seen is not None:
                    seen.add(X)
            self._copies = Counter({key: n - 1 for key, n in Counter(keys).items() if n > 1})
        order = _part(state, "order_")
        self._order = ORDERS[self._order_name](order)
        started = set(order["started"].tolist())
        with_outcome = {id for id, c in self._open.items() if c.status != PENDING}
        if (
            len(started) < len(order["started"])
            or not started <= self._open.keys()
            or sorted(order["finished"].tolist()) != sorted(with_outcome)
        ):  # a turn that never comes would be waited for
            raise ConfigurationError("the order of telling is of other candidates than are open")
        self._unstarted = deque(id for id in self._open if id not in started)
        self.withdraw()


def _part(state: dict[str, Any], prefix: str) -> dict[str, Any]:
    """What stands under names with this prefix, by the rest of the name."""
    return {key.removeprefix(prefix): v for key, v in state.items() if key.startswith(prefix)}
