"""NSGA-II.

Source: K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A fast and elitist multiobjective genetic
algorithm: NSGA-II", IEEE Trans. Evol. Comput. 6(2), 2002. Departures: the crowding distance is the
current one by default (Zheng and Doerr 2022), ties are broken at random, and children that equal a
parent or each other are drawn again. The generation itself is in ``generational.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from ...checks import whole_number
from ...errors import ConfigurationError
from ...problems.definition import Definition
from ..schedule import BudgetShare, Constant, Doubling, size_without_budget
from .algorithm import Algorithm


@dataclass(frozen=True, kw_only=True, repr=False)
class NSGA2(Algorithm):
    """NSGA-II.

    Attributes:
        size: Of the population: a number, or a schedule that makes it dynamic:
            ``Doubling(start, max_size, tau, first_tau)``, ``BudgetShare(start, max_size)``,
            ``Constant(size)``.

    The other settings are those of ``Algorithm``.
    """

    size: int | Constant | Doubling | BudgetShare = 100

    name: ClassVar[str] = "nsga2"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.size, (Constant, Doubling, BudgetShare)):
            object.__setattr__(self, "size", whole_number("NSGA2: size", self.size, least=2))

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """With a schedule that has no gaps."""
        if isinstance(self.size, int):
            return self
        return replace(self, size=self.size.resolved(definition, budget))

    def without_budget(self) -> Self:
        """With a last size, if it doubles and has none."""
        if not isinstance(self.size, Doubling) or self.size.max_size is not None:
            return self
        return replace(self, size=replace(self.size, max_size=size_without_budget("Doubling")))

    def schedule(self) -> Constant | Doubling:
        """The population size over time."""
        if isinstance(self.size, BudgetShare):
            raise ConfigurationError(f"{self.size} needs a budget: start it with one")
        return Constant(self.size) if isinstance(self.size, int) else self.size
