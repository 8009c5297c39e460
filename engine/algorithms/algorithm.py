"""What the algorithms share: settings that can be printed, stored and started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, Self, TypeAlias, get_args

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError
from ...operators.crossover import SBX
from ...operators.mutation import BitFlip, PolynomialMutation
from ...operators.survival import Crowding, RankAndCrowding, Ties
from ...problems.candidates import read_candidates
from ...problems.definition import Definition, read_definition
from ...problems.pymoo_problem import adapt, is_pymoo
from ...typing import Candidates
from ..born import nobody
from ..breeding import Breeding, breeding_for
from ..foreign_names import ALGORITHM, check_arguments, refuse_foreign_problem
from ..order import OrderName
from ..randomness import check_seed
from ..schedule import Constant, Doubling, phases
from .concurrent import Concurrent
from .generational import Generational
from .steady import Cost, SteadyState

Mode = Literal["generational", "steady"]

Machine: TypeAlias = Generational | SteadyState | Concurrent
"""What a specification starts."""

DEFAULT_WINDOW = 64

LARGEST_WINDOW = 2**20
"""More candidates at once than any cluster has workers; all of them are drawn at the start."""


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


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """A cheap, printable description of an algorithm.

    Attributes:
        crossover: ``SBX(...)``, or None for the default of the space.
        mutation: ``PolynomialMutation(...)`` or ``BitFlip(...)``, or None for that of the space.
        crowding: What decides who stays of the front that is cut. "current": crowding distance,
            updated after each removal (Zheng, Doerr 2022). "once": not updated (Deb et al. 2002).
            "truthful": the truthful crowding distance, for three and more objectives (Zheng, Gao,
            Doerr, arXiv 2407.17687). In steady state one goes at a time, so that the first two are
            the same, and there is no truthful one.
        ties: Who stays of those with equal distances. "random", or "balanced": as many of each
            objective value as can be (Doerr, Ivan, Krejca, arXiv 2412.11931); not in steady state.
        eliminate_duplicates: Draw children again that equal a parent or another child.
        mode: "generational", or "steady": a child is born whenever an outcome is told, so that no
            worker waits for the end of a generation.
        window: In steady state, how many candidates are at most asked for and not told; None is
            64. Two to three times as many as there are workers keep these busy. It is part of the
            run, like the seed: another window gives another result, another number of workers
            does not.
        order: Of telling in steady state. "cost": the order in which ``window`` workers would
            finish if every evaluation took as long as ``problem.cost(x)`` says (all the same if it
            has none), whatever the real ones do. "arrival": first come, first told; the seed alone
            does not repeat such a run.
    """

    crossover: SBX | None = None
    mutation: PolynomialMutation | BitFlip | None = None
    crowding: Crowding = "current"
    ties: Ties = "random"
    eliminate_duplicates: bool = True
    mode: Mode = "generational"
    window: int | None = None
    order: OrderName = "cost"

    name: ClassVar[str]

    foreign: ClassVar[Mapping[str, str]] = ALGORITHM
    """What other tools call its settings."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse names that are none of its settings, saying what is meant."""
        check_arguments(cls.__name__, cls, args, kwargs, cls.foreign)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        if self.crossover is not None and not isinstance(self.crossover, SBX):
            raise ConfigurationError(f"{kind}: crossover must be pt.SBX, got {self.crossover!r}")
        if not isinstance(self.mutation, (PolynomialMutation, BitFlip, type(None))):
            raise ConfigurationError(
                f"{kind}: mutation must be pt.PolynomialMutation or pt.BitFlip, "
                f"got {self.mutation!r}"
            )
        distinct: Any = self.eliminate_duplicates
        if not isinstance(distinct, (bool, np.bool_)):
            raise ConfigurationError(
                f"{kind}: eliminate_duplicates must be True or False, got {distinct!r}"
            )
        object.__setattr__(self, "eliminate_duplicates", bool(distinct))
        for key, choices in (
            ("crowding", get_args(Crowding)),
            ("ties", get_args(Ties)),
            ("mode", get_args(Mode)),
            ("order", get_args(OrderName)),
        ):
            if getattr(self, key) not in choices:
                raise ConfigurationError(
                    f"{kind}: {key} must be one of {list(choices)}, got {getattr(self, key)!r}"
                )
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
        if self.mode == "steady" and (self.crowding == "truthful" or self.ties == "balanced"):
            raise ConfigurationError(
                f'{kind}: crowding="truthful" and ties="balanced" rank whole generations; leave '
                'mode="steady" out, or them'
            )

    def start(
        self,
        problem: Any,
        *,
        seed: int | None = None,
        budget: int | None = None,
        initial: Any = None,
    ) -> Machine:
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
        return resolved.machine(definition, check_seed(seed), cost_of(problem), given)

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """With every default filled in that depends on the problem or the budget."""
        return self

    def without_budget(self) -> Self:
        """For a run that has none: with the sizes that would come from it; a warning says which."""
        return self

    def schedule(self) -> Constant | Doubling:
        """The population size over time, of a resolved specification."""
        raise NotImplementedError

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
        for phase in phases(resolved.schedule(), budget):
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
    ) -> Machine:
        """The state machine of a resolved specification; the ``initial`` candidates come first."""
        if initial is None:
            initial = nobody(definition.space).X
        if self.mode == "steady":
            return SteadyState(
                definition,
                self.schedule(),
                self._breeding(definition),
                seed,
                window=DEFAULT_WINDOW if self.window is None else self.window,
                order=self.order,
                cost=cost,
                initial=initial,
            )
        return self.generational(definition, self.schedule(), seed, initial)

    def generational(
        self,
        definition: Definition,
        schedule: Constant | Doubling,
        seed: int,
        initial: Candidates,
        strand: tuple[int, ...] = (),
    ) -> Generational:
        """The generational machine with these settings; ``strand`` as it has it."""
        return Generational(
            definition,
            schedule,
            self._breeding(definition),
            seed,
            survival=RankAndCrowding(crowding=self.crowding, ties=self.ties),
            initial=initial,
            strand=strand,
        )

    def _breeding(self, definition: Definition) -> Breeding:
        return breeding_for(
            definition.space,
            crossover=self.crossover,
            mutation=self.mutation,
            duplicates=self.eliminate_duplicates,
        )

    def settings(self) -> dict[str, Any]:
        """All settings, as the constructor takes them."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __repr__(self) -> str:
        values = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))
        return f"{type(self).__name__}({values})"
