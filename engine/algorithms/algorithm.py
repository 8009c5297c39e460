"""What an algorithm is: a frozen, printable specification that starts a state machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import NoneType
from typing import Any, ClassVar, Literal, Self, TypeAlias, get_args

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError
from ...operators.parts import Screen, Survival, Survivors
from ...operators.survival import RankAndCrowding
from ...problems.candidates import read_candidates
from ...problems.definition import Definition, read_definition
from ...problems.pymoo_problem import adapt, is_pymoo
from ...typing import Candidates, FloatArray, IntArray, SearchSpace
from ..foreign_names import ALGORITHM, check_arguments, refuse_foreign_problem
from ..randomness import check_seed
from ..records.provenance import nobody
from .breeding import Breeding, Mates, Which, read_duplicates
from .budget_rules import LARGEST_WINDOW, size_for, size_without_budget, window_for
from .concurrent import Concurrent
from .generational import Generational
from .limits import Known
from .own import OwnSurvival, own_breeding
from .part_memory import PartMemory
from .schedule import BudgetShare, Constant, Doubling, phases
from .screening import Paid
from .steady import Cost, SteadyState
from .telling_order import OrderName

Mode = Literal["generational", "steady"]

Started: TypeAlias = Generational | SteadyState | Concurrent
"""What a specification starts."""


def as_problem(problem: Any) -> Any:
    """``problem``, adapted if it is pymoo's; ConfigurationError for what is no problem here."""
    refuse_foreign_problem(problem)
    return adapt(problem) if is_pymoo(problem) else problem


def cost_of(problem: Any) -> Cost | None:
    """The problem's ``cost(x)``, if it declares one."""
    cost = getattr(problem, "cost", None)
    if cost is not None and not callable(cost):
        raise ConfigurationError(f"cost must be a method cost(x) of the problem, got {cost!r}")
    return cost


def known_of(problem: Any, definition: Definition) -> Known | None:
    """What is known without training: the problem's ``known(x)``, if it has one."""
    known: Known | None = getattr(problem, "known", None)
    return known if definition.has_known else None


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """A cheap, printable description of a search: what is born, and who survives.

    Base of all algorithms, and of those that users write: frozen dataclasses whose fields are their
    settings. ``size`` is that of the population, a number or a schedule. ``offspring``, where there
    is such a field, is how many are born in a generation, ``duplicates`` and ``screen`` are as in
    ``Evolution``. One that is put together of parts is a ``pt.Evolution``; what is none
    defines ``breed``, and ``survive`` if not rank and crowding distance decide:

        @dataclass(frozen=True, kw_only=True)
        class RandomSearch(pt.Algorithm):
            size: int = 50

            def breed(self, parents, k, space, rng, memory):
                return pt.Uniform()(k, space, rng)

    Everything else, from ask and tell to steady state, the store and the workers, is the engine's.

    Attributes:
        mode: "generational", or "steady": a child is born whenever an outcome is told, so that no
            worker waits for the end of a generation.
        window: In steady state, how many candidates are at most asked for and not told; None is
            half of the (last) size. Two to three times as many as there are workers keep these
            busy, and fewer than there are a warning names. It is part of the run, like the seed:
            another window gives another result, another number of workers does not.
            ``evaluate_batch`` gets a quarter of it at a time, or ``batch_size`` rows if these are
            fewer: declare that for more than four workers.
        order: Of telling in steady state. "cost": the order in which ``window`` workers would
            finish if every evaluation took as long as ``problem.cost(x)`` says (all the same if it
            has none), whatever the real ones do. "arrival": first come, first told; the seed alone
            does not repeat such a run.
    """

    mode: Mode = "generational"
    window: int | None = None
    order: OrderName = "cost"

    name: ClassVar[str] = ""
    """The short name of one of paretide's own."""

    foreign: ClassVar[Mapping[str, str]] = ALGORITHM
    """What other tools call its settings."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse names that are none of its settings, saying what is meant."""
        check_arguments(cls.__name__, cls, args, kwargs, cls.foreign)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        check_choice(self, "mode", get_args(Mode))
        check_choice(self, "order", get_args(OrderName))
        if self.window is not None:
            window = whole_number(f"{kind}: window", self.window, least=1)
            if window > LARGEST_WINDOW:
                raise ConfigurationError(
                    f"{kind}: window={window} is more than {LARGEST_WINDOW} candidates at once; "
                    "choose two to three times the number of workers"
                )
            object.__setattr__(self, "window", window)
        if self.mode != "steady" and (self.window is not None or self.order != "cost"):
            raise ConfigurationError(
                f'{kind}: window and order belong to mode="steady"; add it, or leave them out'
            )
        if not isinstance(getattr(self, "size", None), (NoneType, Constant, Doubling, BudgetShare)):
            size = whole_number(f"{kind}: size", self.size, least=2)  # type: ignore[attr-defined]
            object.__setattr__(self, "size", size)
        if self.births() is not None:
            births = whole_number(f"{kind}: offspring", self.births(), least=1)
            object.__setattr__(self, "offspring", births)
            if self.mode == "steady":
                raise ConfigurationError(
                    f'{kind}: in mode="steady" one child is born at a time; leave offspring out'
                )

    # -- what a user's own algorithm defines -----------------------------------------------------

    def breed(
        self,
        parents: Mates,
        k: int,
        space: SearchSpace,
        rng: np.random.Generator,
        memory: PartMemory,
    ) -> Candidates | tuple[Candidates, IntArray]:
        """``k`` new candidates of the members of the population.

        Args:
            parents: The population: ``ids`` (n,), ``X`` (n, n_var), ``F`` (n, n_obj) minimized,
                ``violation`` (n,), and ``rank`` and ``score`` (n,) as ``survive`` gave them. It may
                have no members: nobody has succeeded so far.
            k: How many, 1 in steady state.
            space: Of the candidates.
            rng: The generator of variation.
            memory: Named arrays, empty at first: what must survive a resume.

        Returns:
            (k, n_var) in the dtype of the space; or that and (k, 2) int64, the rows of ``parents``
            that each descends from, which makes its lineage.
        """
        raise NotImplementedError

    def survive(
        self,
        F: FloatArray,
        violation: FloatArray,
        size: int,
        rng: np.random.Generator,
        memory: PartMemory,
    ) -> Survivors:
        """Who stays of parents and children: by rank and crowding distance, unless redefined.

        As a ``pt.Survival``: F (n, n_obj) minimized and finite, violation (n,) 0 where feasible;
        ``size`` different rows of them, or all if there are no more, with ranks and scores.
        """
        return RankAndCrowding()(F, violation, size, rng, memory)

    # -- what the engine asks --------------------------------------------------------------------

    def start(
        self,
        problem: Any,
        *,
        seed: int | None = None,
        budget: int | None = None,
        initial: Any = None,
    ) -> Started:
        """The state machine for ``problem``, with ``ask`` and ``tell``.

        Args:
            problem: A problem, or a pymoo Problem.
            seed: An int from 0 to 2**63 - 1; None draws one (``machine.seed`` says which).
            budget: Evaluations that will be used, if known; only defaults depend on it.
            initial: Candidates to ask for first: (k, n_var) like ``X``, or a list of what
                ``evaluate`` gets.

        Raises:
            ConfigurationError: For a wrong definition, seed or candidate.
            ShapeError: For an ``initial`` array that is none of candidates.
        """
        problem = as_problem(problem)
        definition = read_definition(problem)
        resolved = self.resolved(definition, budget)
        given = None if initial is None else read_candidates(definition.space, initial)
        known = known_of(problem, definition)
        return resolved.machine(definition, check_seed(seed), cost_of(problem), given, known)

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """With every default filled in that depends on the problem or the budget."""
        changed: dict[str, Any] = {}
        size = getattr(self, "size", None)
        if isinstance(size, (Doubling, BudgetShare)):
            changed["size"] = size.resolved(definition, budget)
        elif size is None and self._has_size():
            changed["size"] = (
                size_without_budget(type(self).__name__, "size")
                if budget is None
                else size_for(budget)
            )
        sized = replace(self, **changed) if changed else self
        if self.mode != "steady" or self.window is not None:
            return sized
        return replace(sized, window=sized._window(sized.schedule()))

    def without_budget(self) -> Self:
        """For a run that has none: with the sizes that would come from it; a warning says which."""
        size = getattr(self, "size", None)
        if not isinstance(size, Doubling) or size.max_size is not None:
            return self
        last = size_without_budget("Doubling", "max_size")
        changed: dict[str, Any] = {"size": replace(size, max_size=last)}
        return replace(self, **changed)

    def schedule(self) -> Constant | Doubling:
        """The population size over time, of a resolved specification: that of ``size``."""
        size = getattr(self, "size", None)
        if size is None and self._has_size():
            raise ConfigurationError(f"{self} is not resolved: start it with a problem")
        if size is None:
            raise ConfigurationError(
                f"{type(self).__name__} has no size: give it a field, size: int = 100, or a method "
                "schedule()"
            )
        if isinstance(size, BudgetShare):
            raise ConfigurationError(f"{size} needs a budget: start it with one")
        return Constant(size) if isinstance(size, int) else size

    def _window(self, schedule: Constant | Doubling) -> int:
        """Of steady state."""
        return window_for(schedule.last_size) if self.window is None else self.window

    def _has_size(self) -> bool:
        """Whether it has a field of that name, which None leaves to the budget."""
        return any(f.name == "size" for f in fields(self))

    def distinct(self) -> Which:
        """Who is drawn again of those that repeat others: its field ``duplicates``."""
        return read_duplicates(
            f"{type(self).__name__}: duplicates", getattr(self, "duplicates", "all")
        )

    def screening(self) -> Screen | None:
        """What picks children: its field ``screen``."""
        return getattr(self, "screen", None)

    def births(self) -> int | None:
        """Children of a generation: of its field ``offspring``; None is as many as parents."""
        return getattr(self, "offspring", None)

    @property
    def composed(self) -> bool:
        """Whether it is put together of parts, and has no ``breed`` of its own."""
        return type(self).breed is Algorithm.breed

    def at_once(self) -> tuple[int, str] | None:
        """How many candidates are at most under evaluation, and the setting that says it.

        Of a resolved specification; None where there is no such number.
        """
        if self.mode == "steady":
            return self._window(self.schedule()), "window"
        births = self.births()
        return (self.schedule().last_size, "size") if births is None else (births, "offspring")

    @property
    def smallest_budget(self) -> int:
        """Evaluations below which there is no complete first population."""
        return self.schedule().first_size

    def describe(self, problem: Any, budget: int) -> str:
        """The plan for a problem and a budget: sizes, lengths of phases, evaluations.

        Raises what ``start`` raises.
        """
        definition = read_definition(as_problem(problem))
        resolved = self.resolved(definition, budget)
        lines = [f"{resolved}", "   size  generations  evaluations   share"]
        for phase in phases(resolved.schedule(), budget, self.births()):
            lines.append(
                f"{phase.size:>7}  {phase.generations:>11}  {phase.evaluations:>11}  "
                f"{phase.evaluations / budget:>5.1%}"
            )
        return "\n".join(lines)

    def machine(
        self,
        definition: Definition,
        seed: int,
        cost: Cost | None = None,
        initial: Candidates | None = None,
        known: Known | None = None,
        paid: Paid | None = None,
    ) -> Started:
        """The state machine of a resolved specification; the ``initial`` candidates come first.

        A screen goes by what has been ``paid``, if evaluations are not only counted.
        """
        if initial is None:
            initial = nobody(definition.space).X
        schedule, survival = self.schedule(), self.survival_part()
        breeding = self.breeding(definition.space).within(definition, known, schedule.last_size)
        if self.mode == "steady":
            return SteadyState(
                definition,
                schedule,
                breeding,
                survival,
                seed,
                window=self._window(schedule),
                order=self.order,
                cost=cost,
                initial=initial,
                screen=self.screening(),
                paid=paid,
            )
        return Generational(
            definition, schedule, breeding, survival, seed,
            offspring=self.births(), initial=initial, screen=self.screening(), paid=paid,
        )  # fmt: skip

    def breeding(self, space: SearchSpace) -> Breeding:
        """What candidates are made by, in a space."""
        if self.composed:
            raise ConfigurationError(
                f"{type(self).__name__} says nothing of how candidates are made: define "
                "breed(self, parents, k, space, rng, memory), or compose a pt.Evolution of parts"
            )
        return own_breeding(self, space)

    def survival_part(self) -> Survival:
        """Who survives, as a part."""
        if type(self).survive is Algorithm.survive:
            return RankAndCrowding()
        return OwnSurvival(self)

    def settings(self) -> dict[str, Any]:
        """All settings, as the constructor takes them."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __repr__(self) -> str:
        values = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))
        return f"{type(self).__name__}({values})"


def check_choice(algorithm: Any, key: str, choices: tuple[str | None, ...]) -> None:
    """Raise ConfigurationError unless a setting is one of these."""
    value = getattr(algorithm, key)
    if value not in choices:
        raise ConfigurationError(
            f"{type(algorithm).__name__}: {key} must be one of {list(choices)}, got {value!r}"
        )
