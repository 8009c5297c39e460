"""An algorithm without generations: one child is born whenever one outcome is told.

At most ``window`` candidates are started and not told. Outcomes may be told in any order; they wait
here until ``telling_order.py`` says that it is their turn, so that neither the number nor the speed
of the workers changes the result. A child descends from the population as it is when it is born.

A *generation* is as many tellings as the population has members: then the population is recorded,
may grow, and callbacks are called.

Source of the (mu + 1) scheme: J. J. Durillo, A. J. Nebro, F. Luna, E. Alba, "On the effect of the
steady-state selection scheme in multi-objective genetic algorithms", EMO 2009.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import AskTellError, ConfigurationError
from ...operators.arrays import all_finite
from ...operators.parts import Screen, Survival
from ...problems.definition import Definition
from ...problems.numbers import one_number
from ...typing import Candidates, FloatArray, IntArray
from ..randomness import SURVIVAL, VARIATION, generator, restored, state_of
from ..records.evaluations import Evaluations
from ..records.outcome import EVALUATED, FAILED, PENDING
from ..records.population import Population, no_population
from ..records.provenance import EVOLVED, Born, Choices, nobody
from ..records.waiting import Waiting
from .asking import InTurn
from .batch import Batch
from .breeding import Breeding, Mates
from .counts import count
from .everything import Everything
from .members import Members
from .offshoots import Offshoots
from .part_memory import read, stored
from .schedule import Constant, Doubling, stored_size
from .screening import Paid, Screening
from .taken import Taken
from .telling import read_asked_for, told_rows
from .telling_order import ORDERS, Order, OrderName

Cost = Callable[[Any], float]
"""What a candidate, as ``evaluate`` gets it, is expected to cost."""

LARGEST_COST = 1e290
"""Of one candidate: as many of them as a run can have add up to a number."""


BLOCKS = 4
"""Into which the window is divided for ``evaluate_batch``."""


@dataclass(slots=True)
class _Candidate:
    """One that was born and not told; small arrays, since each of them is told by itself."""

    X: Candidates  # (1, n_var)
    key: bytes
    parents: IntArray  # (1, 2)
    operator: int
    choice: int
    generation: int  # it was born in
    handed: bool = False
    fit: bool = False  # once it has finished: it may be ranked
    point: FloatArray | None = None  # (n_obj,) then, minimized
    violation: float = 0.0


class SteadyState(InTurn):
    """Steady state as ``ask`` and ``tell``. Made by ``NSGA2(mode="steady").start()`` and the like.

    Attributes:
        definition: Of the problem.
        seed: Of the run.
        size: The population's target size.
        generation: How often as many as the population's size have been told; -1 before any ask.
        evaluations: Candidates told, in their order, failed ones included.
        failures: Candidates told as failed.
        block: How many candidates with ids in a row ``evaluate_batch`` gets in one call.
    """

    steady: ClassVar[bool] = True
    first_id: ClassVar[int] = 0
    begins: ClassVar[bool] = False  # no ask begins a generation, telling does

    def __init__(
        self,
        definition: Definition,
        schedule: Constant | Doubling,
        breeding: Breeding,
        survival: Survival,
        seed: int,
        *,
        window: int,
        order: OrderName,
        cost: Cost | None,
        initial: Candidates,
        screen: Screen | None = None,
        paid: Paid | None = None,
    ) -> None:
        super().__init__(definition, seed)
        self.schedule = schedule
        self.window = window
        self.block = max(1, min(window // BLOCKS, definition.batch_size))
        self._breeding = breeding
        self._survival = survival
        self._below_max = breeding.widened(schedule.eta_below_max)
        self._cost = cost
        self._initial = initial  # until the first sample is made
        self._variation_rng = generator(seed, VARIATION)
        self._survival_rng = generator(seed, SURVIVAL)
        self.size = schedule.first_size
        self._next_growth = schedule.first_growth
        self.generation = -1
        self._to_tell = schedule.first_size  # in this generation
        self._born = 0  # the next id
        self._order_name: OrderName = order
        self._order: Order = ORDERS[order]()
        self._open: dict[int, _Candidate] = {}  # by id, ascending
        self._unstarted: deque[int] = deque()  # of the sample
        self._ready: deque[int] = deque()  # started and not asked for
        self._waiting = Waiting(self._nobody())  # for their turn
        self._torn = False  # a part has raised where a half is done
        self._members = Members(definition, self.size, survival)
        self._parents = no_population(definition)
        self._key = definition.space.key
        # Members and those that are open, whom nobody new may equal.
        self._taken: Taken | Everything | None = self._nobody_taken()
        self._screening = (
            None
            if screen is None
            else Screening(screen, definition, seed, limits=breeding.limits, paid=paid)
        )

    # -- what a user sees ------------------------------------------------------------------------

    @property
    def breeding(self) -> Breeding:
        """What candidates are made by."""
        return self._breeding

    @property
    def population(self) -> Population:
        """The survivors of everything told, in the order of telling."""
        return self._members.population()

    def final_population(self) -> Population:
        """The survivors if those that wait for their turn were told now."""
        members = self._members.copy()
        rng = restored(state_of(self._survival_rng))  # looking must not change what comes
        for id in self._order.waiting():
            if self._open[id].fit:
                self._join(members, id, self._open[id], rng)
        return members.population()

    @property
    def parents(self) -> Population:
        """The population at the end of the generation before."""
        return self._parents

    @property
    def outstanding(self) -> int:
        """Candidates asked for and not told."""
        return len(self._order) - len(self._ready) - len(self._waiting)

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

    def _is_out(self, id: int) -> bool:
        return id in self._open and self._open[id].handed

    def _was_told(self, id: int) -> bool:
        return 0 <= id < self._born and id not in self._open

    def take_in(self, rows: Evaluations) -> bool:
        """Outcomes that wait for their turn, of candidates that were asked for: False."""
        self._wait(rows)
        for id in rows.ids.tolist():
            self._order.finish(id)
        return False

    def _wait(self, rows: Evaluations) -> None:
        """Keep them until then, with what decides who survives."""
        F, G = rows.F, rows.G
        every = all_finite(F, G)
        fit = [True] * len(rows) if every else self.definition.fit_for_ranking(F, G).tolist()
        points, violation = self.definition.minimized(F), self.definition.violation(G)
        columns = (rows.ids.tolist(), fit, points, violation.tolist())
        for id, is_fit, point, violated in zip(*columns, strict=True):
            candidate = self._open[id]
            candidate.fit, candidate.point, candidate.violation = is_fit, point, violated
        self._waiting.add(rows)

    def candidates(self, ids: IntArray) -> tuple[Born, NDArray[np.int32]]:
        """Those not yet told by (k,) ids, and (k,) generations they were born in."""
        return self._stacked([self._open[id] for id in ids.tolist()])

    def withdraw(self) -> None:
        """Take back what was asked for and not told: it will be asked again."""
        unstarted = set(self._unstarted)
        self._ready = deque(
            id for id in self._open if id not in self._waiting and id not in unstarted
        )
        for id in self._ready:
            self._open[id].handed = False

    # -- one telling -----------------------------------------------------------------------------

    def advance(self) -> list[Evaluations]:
        """Tell those whose turn it is, up to the end of the generation; returns them in this order.

        If a generation is complete, the next one begins.
        """
        self._raise_deferred()
        if self._unstarted and len(self._order) < self.window:
            self._fill()  # it was begun, and raised
        if self.complete:
            self._next_generation()
        told: list[int] = []
        while not self.complete and self._raised is None:
            id = self._order.next()
            if id is None:
                break
            try:
                self._tell(id)
                told.append(id)
                self._fill()
            except BaseException as error:
                self._raised = error
        return self._waiting.take(told)

    def _next_generation(self) -> None:
        self._parents = self.population
        self.size, self._next_growth = self.schedule.grown(
            self.size, self._next_growth, self.evaluations
        )
        self._members = self._members.resized(self.size)
        self.generation += 1
        self._to_tell = self.size

    def _tell(self, id: int) -> None:
        """One joins the members, and who is one too many goes."""
        self._torn = True
        candidate = self._open.pop(id)
        if self._screening is not None:
            self._note(id, candidate)
        if candidate.fit:
            gone = self._join(self._members, id, candidate, self._survival_rng)
        else:
            self.failures += 1
            gone = candidate.key
        if gone is not None and self._taken is not None:
            self._taken.leave(gone)
        self.evaluations += 1
        self._to_tell -= 1
        self._torn = False

    def _note(self, id: int, candidate: _Candidate) -> None:
        """A screen knows of one more outcome."""
        assert self._screening is not None
        rows, row = self._waiting[id]
        some = slice(row, row + 1)
        self._screening.tell(np.array([id]), candidate.X, rows.F[some], rows.G[some])

    def foretell(self, choices: Choices) -> None:
        """What was chosen for candidates that are still to be born."""
        if self._screening is not None:
            self._screening.foretell(choices)

    def new_choices(self) -> list[Choices]:
        """What a screen has chosen since the last call."""
        return [] if self._screening is None else self._screening.new_choices()

    def _nobody_taken(self) -> Taken | Everything | None:
        """An empty set of whom nobody new may equal; None if anybody may."""
        everything = self._breeding.everything()
        return self._breeding.taken() if everything is None else everything

    def _join(
        self, members: Members, id: int, candidate: _Candidate, rng: np.random.Generator
    ) -> bytes | None:
        """One that has finished becomes one of these; returns the key of who goes for it."""
        rows, row = self._waiting[id]
        assert candidate.point is not None  # it has finished
        return members.add(
            id, candidate.X[0], candidate.key, rows.F[row], rows.G[row],
            candidate.point, candidate.violation, rng,
        )  # fmt: skip

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
        self._torn = True
        if self._screening is not None:
            self._screening.mend(ids, F, G)
        points, violation = self.definition.minimized(F), self.definition.violation(G)
        columns = (ids.tolist(), X, self._keys(X), F, G, points, violation.tolist())
        for id, x, key, f, g, point, violated in zip(*columns, strict=True):
            if self._taken is not None:
                self._taken.join(key, x)  # one that was born after this one had failed may have it
            gone = self._members.add(id, x, key, f, g, point, violated, self._survival_rng)
            if gone is not None and self._taken is not None:
                self._taken.leave(gone)
        self._torn = False

    def _keys(self, X: Candidates) -> list[bytes]:
        """What tells (k, n_var) candidates apart, where that counts."""
        return [b""] * len(X) if self._taken is None else self._key(X)

    def _sample(self) -> None:
        """The first candidates: as many as the population or the window, whichever is larger."""
        k, rng = max(self.size, self.window), self._variation_rng
        memory = self._members.memory
        self._draw_for_now()
        self._bear(self._breeding.first(self._initial, k, rng, self._taken, memory))
        self._initial = nobody(self.definition.space).X
        self.generation = 0
        self._fill()

    def _fill(self) -> None:
        """Start candidates until the window is full or nothing new can be drawn."""
        while len(self._order) < self.window:
            if not self._unstarted:
                small = self.size < self.schedule.last_size
                breeding = self._below_max if small else self._breeding
                mates, rng = self._members.mates(), self._variation_rng
                self._torn = True
                self._draw_for_now()
                self._bear(self._child(breeding, mates, rng))
                self._torn = False
            if not self._unstarted:
                return
            id = self._unstarted[0]
            self._order.start(id, self._cost_of(id))  # which is the user's, and may raise
            self._ready.append(self._unstarted.popleft())

    def _draw_for_now(self) -> None:
        """What refuses candidates is told of which generation the next ones are."""
        if self._breeding.limits is not None:
            self._breeding.limits.begin(max(self.generation, 0))

    def _child(self, breeding: Breeding, mates: Mates, rng: np.random.Generator) -> Born:
        """One, or none if nothing new can be drawn."""
        screening, taken = self._screening, self._taken
        k = 1 if screening is None else screening.draws(1)
        if screening is None or k == 1:
            return breeding.children(1, mates, rng, taken)
        held = 0 if taken is None else len(taken)
        pool = breeding.children(k, mates, rng, taken)
        under_way = self._stacked(list(self._open.values()))[0].X
        offshoots = Offshoots(pool, breeding, taken)
        chosen = screening.pick(offshoots, 1, self._born, under_way)
        if isinstance(taken, Everything):
            taken.take_back(held)
            taken.add(chosen.X)
        elif taken is not None and len(chosen):
            for row, key in enumerate(self._keys(pool.X)):
                if row != chosen.choice[0]:
                    taken.leave(key)
            (taken.last,) = self._keys(chosen.X)
            if chosen.choice[0] == EVOLVED:
                taken.join(taken.last, chosen.X[0])
        return chosen

    def _bear(self, new: Born) -> None:
        generation = max(self.generation, 0)
        operators, choices = new.operator.tolist(), new.choice.tolist()
        one = len(new) == 1 and self._taken is not None  # whom it has just seen
        keys = [self._taken.last] if one and self._taken is not None else self._keys(new.X)
        for row, key in enumerate(keys):
            some = slice(row, row + 1)
            self._open[self._born] = _Candidate(
                new.X[some], key, new.parents[some], operators[row], choices[row], generation
            )
            self._unstarted.append(self._born)
            self._born += 1
        if self._breeding.limits is not None:
            self._breeding.limits.keep()

    def _cost_of(self, id: int) -> float:
        if self._cost is None:
            return 1.0
        cost = self._cost(self.definition.space.candidate(self._open[id].X[0]))
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
        if not candidates:
            return nobody(self.definition.space, self._breeding.parents), np.empty(
                0, dtype=np.int32
            )
        X = np.concatenate([c.X for c in candidates])
        parents = np.concatenate([c.parents for c in candidates])
        operator = np.array([c.operator for c in candidates], dtype=np.uint8)
        choice = np.array([c.choice for c in candidates], dtype=np.int32)
        generation = np.array([c.generation for c in candidates], dtype=np.int32)
        return Born(X, parents, operator, choice), generation

    # -- state -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The whole state as arrays and JSON values; ``load_state_dict`` continues from it.

        Raises RuntimeError if a part has raised where a half was done: what is stored goes on.
        """
        if self._torn:
            raise RuntimeError(
                "an error came between two outcomes, and half of what it was done to is no state; "
                "what was stored before, and what has finished since, is"
            )
        candidates = list(self._open.values())
        born, generation = self._stacked(candidates)
        k, n_obj, n_con = len(candidates), self.definition.n_obj, self.definition.n_con
        status = np.full(k, PENDING, dtype=np.uint8)
        F, G = np.full((k, n_obj), np.nan), np.full((k, n_con), np.nan)
        for row, (id, candidate) in enumerate(self._open.items()):
            if id in self._waiting:
                rows, place = self._waiting[id]
                status[row] = EVALUATED if candidate.fit else FAILED
                F[row], G[row] = rows.F[place], rows.G[place]
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
            "open_choice": born.choice,
            "open_generation": generation,
            "open_status": status,
            "open_F": F,
            "open_G": G,
            **{f"members_{name}": value for name, value in self._members.state().items()},
            **{f"order_{name}": value for name, value in self._order.state().items()},
            **stored(self._members.memory),
            **({} if self._screening is None else self._screening.state()),
            **({} if self._breeding.limits is None else self._breeding.limits.state()),
            **(
                {"retold_drawn": self._taken.state()} if isinstance(self._taken, Everything) else {}
            ),
        }

    def load_state_dict(
        self,
        state: dict[str, Any],
        waiting: Evaluations | None = None,
        told: Evaluations | None = None,
    ) -> None:
        """Continue from a state: candidates that were asked for and not told are asked again.

        ``waiting`` are the outcomes that wait for their turn, with all that is known of them, and
        ``told`` everything that was told, in that order; None are those in the state.
        """
        self.size = stored_size(self.schedule, state["size"])
        self._next_growth = count(state, "next_growth")
        self.generation = count(state, "generation")
        self.evaluations = count(state, "evaluations")
        self.failures = count(state, "failures")
        self._to_tell = count(state, "to_tell")
        self._born = count(state, "born")
        self._variation_rng = restored(state["variation_rng"])
        self._survival_rng = restored(state["survival_rng"])
        members = _part(state, "members_")
        self._members = Members(self.definition, self.size, self._survival, read(state))
        self._members.load(members, self._keys(np.asarray(members["X"])))
        self._parents = self.population
        self._initial = np.array(state["initial_X"])
        ids, born = state["open_ids"].tolist(), _born(state)
        self._taken = self._nobody_taken()
        if isinstance(self._taken, Everything):
            if told is None:
                self._taken.load(state["retold_drawn"])
            else:
                self._taken.add(told.X)
            self._taken.add(born.X)
        elif self._taken is not None:
            for X in (self._members.mates().X, born.X):
                for key, x in zip(self._keys(X), X, strict=True):
                    self._taken.join(key, x)
        self._open = {}
        generation = np.array(state["open_generation"])
        made = (born.operator.tolist(), born.choice.tolist(), generation.tolist())
        for row, (id, key, *how) in enumerate(zip(ids, self._keys(born.X), *made, strict=True)):
            some = slice(row, row + 1)
            self._open[id] = _Candidate(born.X[some], key, born.parents[some], *how)
        if waiting is None:
            finished = np.array(state["open_status"]) != PENDING
            F, G = (np.array(state[f"open_{name}"])[finished] for name in ("F", "G"))
            told_ids = np.array(ids, dtype=np.int64)[finished]
            waiting = told_rows(
                self.definition,
                told_ids,
                F,
                G,
                born.take(finished),
                generation[finished],
                self.operators,
            )
        if self._screening is not None:
            self._screening.load(state, told)
        if self._breeding.limits is not None:
            self._breeding.limits.load(state)
        self._waiting = Waiting(self._nobody())
        self._wait(waiting)
        order = _part(state, "order_")
        self._order = ORDERS[self._order_name](order)
        started = set(order["started"].tolist())
        if (
            len(started) < len(order["started"])
            or not started <= self._open.keys()
            or sorted(order["finished"].tolist()) != sorted(waiting.ids.tolist())
        ):  # a turn that never comes would be waited for
            raise ConfigurationError("the order of telling is of other candidates than are open")
        self._unstarted = deque(id for id in self._open if id not in started)
        self.withdraw()


def _born(state: dict[str, Any]) -> Born:
    """Those that are open."""
    return Born(
        *(np.array(state[f"open_{name}"]) for name in ("X", "parents", "operator", "choice"))
    )


def _part(state: dict[str, Any], prefix: str) -> dict[str, Any]:
    """What stands under names with this prefix, by the rest of the name."""
    return {key.removeprefix(prefix): v for key, v in state.items() if key.startswith(prefix)}
