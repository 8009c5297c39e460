"""The population size as a function of the evaluations used: the "dynamic" in dynamic NSGA-II.

A schedule with gaps is what a user writes; ``resolved`` fills them in for a problem and a budget.
Source: Doerr, Krejca, Wietheger, "Speeding Up the NSGA-II via Dynamic Population Sizes",
arXiv 2509.01739. The defaults were chosen by measurement.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

from ...checks import real_number, whole_number
from ...errors import ConfigurationError
from ...operators.settings import read_eta
from ...problems.definition import Definition
from ...problems.space import Binary
from .budget_rules import EACH_OF_LAST_SIZE, first_size_of_small, last_size_for, size_for

log = logging.getLogger(__name__)

FIRST_SHARE, GROWTH_SHARE = 0.3, 0.3
"""Of a known budget: at the first size, and over all sizes between it and the last."""

LEAST_BUDGET = 60
"""Evaluations for each individual of the last size below which NSGA-II is better."""

ETA_BELOW_MAX = 3.0
"""SBX's distribution index below the last size. With the usual 15 a small population jumps too
seldom from one segment of a disconnected front to the next, and a large one does not make up for
it: on ZDT3 (max_size 100, budget 12 000) 9 of 50 runs lost a segment, with 3 none did
(``benchmarks/theory/study.py``). Random immigrants, an archive or a larger start did not help, and
larger mutation steps made ZDT4 slower."""


class Schedule(Protocol):
    """Says how large a population is."""

    def resolved(self, definition: Definition, budget: int | None) -> Constant | Doubling:
        """Without gaps; raises ConfigurationError if a default needs a budget and there is none."""


@dataclass(frozen=True)
class Constant:
    """Always the same size.

    Attributes:
        size: Of the population, at least 2.
    """

    size: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", whole_number("Constant: size", self.size, least=2))

    @property
    def first_size(self) -> int:
        """The size."""
        return self.size

    @property
    def last_size(self) -> int:
        """The size."""
        return self.size

    @property
    def first_growth(self) -> int:
        """Never, which is 1 as well as any other number."""
        return 1

    @property
    def eta_below_max(self) -> None:
        """There is no smaller size."""
        return None

    def grown(self, size: int, next_growth: int, evaluations: int) -> tuple[int, int]:
        """The same."""
        return size, next_growth

    def resolved(self, definition: Definition, budget: int | None) -> Constant:
        """Itself."""
        return self


@dataclass(frozen=True)
class Doubling:
    """Start with ``start``, double after ``first_tau`` evaluations and then every ``tau``.

    The clock is cumulative: ``tau`` need not divide the population size. At most one doubling
    happens in a generation.

    Attributes:
        start: First size; None is max(4, 2 n_obj), and half of ``max_size`` where that is None,
            too, and the budget is less than 60 evaluations for each of its members.
        max_size: Last size; None is a hundredth of the budget, from 20 to 100.
        tau: Evaluations between doublings; None is 8 n for n bits, in other spaces 0.3 of the
            budget split evenly over the sizes between first and last.
        first_tau: Evaluations at the first size; None is ``tau`` if that is given, otherwise
            8 n ln n for n bits, in other spaces 0.3 of the budget.
        eta_below_max: What SBX's distribution index is at most below the last size, so that a small
            population does not lose segments of a disconnected front; None is 3, and nothing in
            Binary spaces, which have no SBX. A number no less than the crossover's, as 15, changes
            nothing.
    """

    start: int | None = None
    max_size: int | None = None
    tau: int | None = None
    first_tau: int | None = None
    eta_below_max: float | None = None

    def __post_init__(self) -> None:
        for key, least in {"start": 2, "max_size": 2, "tau": 1, "first_tau": 1}.items():
            if getattr(self, key) is not None:
                count = whole_number(f"Doubling: {key}", getattr(self, key), least=least)
                object.__setattr__(self, key, count)
        if self.eta_below_max is not None:
            eta = read_eta("Doubling: eta_below_max", self.eta_below_max)
            object.__setattr__(self, "eta_below_max", eta)

    @property
    def first_size(self) -> int:
        """Of a resolved schedule."""
        return self._known("start")

    @property
    def last_size(self) -> int:
        """Of a resolved schedule."""
        return self._known("max_size")

    @property
    def first_growth(self) -> int:
        """Evaluations after which it doubles for the first time."""
        return self._known("first_tau")

    def grown(self, size: int, next_growth: int, evaluations: int) -> tuple[int, int]:
        """Size and time of the next growth, once ``evaluations`` have been used at ``size``."""
        if size < self.last_size and evaluations >= next_growth:
            return min(2 * size, self.last_size), next_growth + self._known("tau")
        return size, next_growth

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """Without gaps; logs a warning where NSGA-II is the better choice."""
        start, max_size = _sizes(self, self.start, self.max_size, definition, budget)
        first_tau, tau = self.first_tau, self.tau
        if tau is None:
            default_first, tau = default_taus(definition, start, max_size, budget)
            first_tau = default_first if first_tau is None else first_tau
        elif first_tau is None:
            first_tau = tau
        eta = _eta(self.eta_below_max, definition)
        return replace(
            self,
            start=start,
            max_size=max_size,
            tau=tau,
            first_tau=first_tau,
            eta_below_max=eta,
        )

    def _known(self, key: str) -> int:
        value: int | None = getattr(self, key)
        if value is None:
            raise ConfigurationError(f"{self} is not resolved: start it with a problem")
        return value


@dataclass(frozen=True)
class BudgetShare:
    """Doubling, by shares of the budget: the first size, the sizes in between, the last one.

    Attributes:
        start: First size; None is max(4, 2 n_obj), and half of ``max_size`` where that is None,
            too, and the budget is less than 60 evaluations for each of its members.
        max_size: Last size; None is a hundredth of the budget, from 20 to 100.
        first: Share of the budget at the first size.
        growth: Share of the budget over all sizes between the first and the last, split evenly.
        eta_below_max: As in ``Doubling``.
    """

    start: int | None = None
    max_size: int | None = None
    first: float = FIRST_SHARE
    growth: float = GROWTH_SHARE
    eta_below_max: float | None = None

    def __post_init__(self) -> None:
        for key in ("start", "max_size"):
            if getattr(self, key) is not None:
                count = whole_number(f"BudgetShare: {key}", getattr(self, key), least=2)
                object.__setattr__(self, key, count)
        for key in ("first", "growth"):
            expected = "a share between 0 and 1"
            value = real_number(f"BudgetShare: {key}", getattr(self, key), expected=expected)
            if not 0 < value < 1:
                raise ConfigurationError(f"BudgetShare: {key} must be {expected}, got {value!r}")
            object.__setattr__(self, key, value)
        if self.first + self.growth > 1:
            raise ConfigurationError(
                f"BudgetShare: first={self.first} and growth={self.growth} are more than the budget"
            )
        if self.eta_below_max is not None:
            eta = read_eta("BudgetShare: eta_below_max", self.eta_below_max)
            object.__setattr__(self, "eta_below_max", eta)

    def resolved(self, definition: Definition, budget: int | None) -> Doubling:
        """The doubling that it is for a budget; raises ConfigurationError if none is known."""
        if budget is None:
            raise ConfigurationError(f"{self} needs a budget, and none is known: pass budget=")
        start, max_size = _sizes(self, self.start, self.max_size, definition, budget)
        first_tau, tau = _shares(start, max_size, self.first * budget, self.growth * budget)
        return Doubling(start, max_size, tau, first_tau, _eta(self.eta_below_max, definition))


def sizes(schedule: Constant | Doubling) -> list[int]:
    """All sizes of a schedule in order."""
    found = [schedule.first_size]
    while found[-1] < schedule.last_size:
        found.append(min(2 * found[-1], schedule.last_size))
    return found


def stored_size(schedule: Constant | Doubling, size: Any) -> int:
    """The size that a state tells of; raises ConfigurationError for one that is none of it."""
    if type(size) is not int or not schedule.first_size <= size <= schedule.last_size:
        raise ConfigurationError(
            f"a population has {schedule.first_size} to {schedule.last_size} members here, not "
            f"{size!r:.100}"
        )
    return size


def size_at(schedule: Constant | Doubling, evaluations: int) -> int:
    """The size of the generation that begins after so many, if all before were of full size."""
    size, next_growth, used = schedule.first_size, schedule.first_growth, schedule.first_size
    while used <= evaluations:
        size, next_growth = schedule.grown(size, next_growth, used)
        if size == schedule.last_size:
            break
        used += size
    return size


@dataclass(frozen=True)
class Phase:
    """Generations of one size.

    Attributes:
        size: Of the population.
        generations: How many.
        evaluations: In all of them.
    """

    size: int
    generations: int
    evaluations: int


def phases(schedule: Constant | Doubling, budget: int, births: int | None = None) -> list[Phase]:
    """What a schedule does with a budget if all that can be born are.

    ``births`` are the children of a generation; None is as many as the population has members.
    """
    found: list[Phase] = []
    size, next_growth, used, generations = schedule.first_size, schedule.first_growth, 0, 0
    began = 0
    while used < budget:
        born = size if births is None or not used else births  # at first a sample
        used += min(born, budget - used)
        generations += 1
        larger, next_growth = schedule.grown(size, next_growth, used)
        if larger != size or used == budget:
            found.append(Phase(size, generations, used - began))
            size, generations, began = larger, 0, used
    return found


def default_taus(
    definition: Definition, start: int, max_size: int, budget: int | None
) -> tuple[int, int]:
    """``first_tau`` and ``tau`` where the user chose none.

    Bit strings of length n: 8 n ln n, then 8 n (measured on OneMinMax). Otherwise those of
    ``BudgetShare``. Raises ConfigurationError if the budget would be needed and is not known.
    """
    n = definition.space.n_var
    if isinstance(definition.space, Binary):
        return max(1, math.ceil(8 * n * math.log(n))), 8 * n
    if budget is None:
        raise ConfigurationError(
            "DynamicNSGA2 derives tau from the budget, and none is known: pass tau=, or budget="
        )
    return _shares(start, max_size, FIRST_SHARE * budget, GROWTH_SHARE * budget)


def _shares(start: int, max_size: int, first: float, growth: float) -> tuple[int, int]:
    """``first_tau`` and ``tau`` of so many evaluations at the first size, and in between."""
    between = len(sizes(Doubling(start, max_size))) - 2
    return max(1, round(first)), max(1, round(growth / max(1, between)))


def _sizes(
    schedule: Schedule,
    start: int | None,
    max_size: int | None,
    definition: Definition,
    budget: int | None,
) -> tuple[int, int]:
    """First and last size with defaults; warns where the budget is too small for them."""
    first = max(4, 2 * definition.n_obj) if start is None else start
    last = max_size
    if last is None:
        if budget is None:
            raise ConfigurationError(
                f"{type(schedule).__name__} derives max_size from the budget, and none is known: "
                "pass max_size=, or budget="
            )
        last = last_size_for(budget, first)
    small = budget is not None and budget < LEAST_BUDGET * last
    if budget is not None and small and not isinstance(definition.space, Binary):
        if start is None and max_size is None:
            first = first_size_of_small(last, first)
        log.warning(
            "a budget of %d is %.0f evaluations for each of max_size=%d; below %d for each "
            "NSGA2(size=%d) is the better choice, from %d the dynamic population pays",
            budget, budget / last, last, LEAST_BUDGET, size_for(budget), EACH_OF_LAST_SIZE,
        )  # fmt: skip
    return min(first, last), last


def _eta(eta: float | None, definition: Definition) -> float | None:
    """``eta_below_max`` with its default."""
    if not isinstance(definition.space, Binary):
        return ETA_BELOW_MAX if eta is None else eta
    if eta is not None:
        raise ConfigurationError(
            f"eta_below_max={eta} is for SBX, which a Binary space has not; leave it out"
        )
    return None
