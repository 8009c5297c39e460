"""NSGA-II with a dynamic population: start small, double, stop at a maximum.

Source: B. Doerr, M. S. Krejca, S. Wietheger, "Speeding Up the NSGA-II via Dynamic Population
Sizes", arXiv 2509.01739. The defaults of its schedule were chosen by measurement.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from ...checks import whole_number
from ...operators.parts import Crossover, Mating, Mutation, Repair, Sampling, Screen
from ...operators.settings import read_eta
from ...operators.survival import Copies, Crowding, Ties
from ...problems.definition import Definition
from ..foreign_names import DYNAMIC
from .algorithm import Mode
from .breeding import Default, Which
from .budget_rules import size_without_budget, window_for
from .nsga2_settings import NSGA2Settings
from .schedule import Doubling
from .telling_order import OrderName


@dataclass(frozen=True, init=False, repr=False)
class DynamicNSGA2(NSGA2Settings):
    """NSGA-II with a dynamic population ("dnsga2" on the command line).

    The same as ``NSGA2(size=Doubling(start, max_size, tau, first_tau, eta_below_max))``.

    Not to be confused with pymoo's DNSGA2, which is for problems that change over time.

    Args:
        start: First size; None is max(4, 2 n_obj), and half of ``max_size`` where
            that is None, too, and the budget is less than 60 evaluations for each of its members.
            Kept as ``start_size``.
        max_size: Last size; None is a hundredth of the budget, from 20 to 100.
        tau: Evaluations between doublings; None is 8 n for n bits, in other spaces 0.3 of the
            budget split evenly over the sizes between first and last.
        first_tau: Evaluations at the first size; None is ``tau`` if that is given, otherwise
            8 n ln n for n bits, in other spaces 0.3 of the budget.
        eta_below_max: What SBX's distribution index is at most below the last size, so that a small
            population does not lose segments of a disconnected front: with 15 at all sizes 9 of 50
            runs on ZDT3 lost one, with 3 none (max_size 100, budget 12 000). None is 3, and nothing
            in Binary spaces, which have no SBX. A number no less than the crossover's, as 15,
            changes nothing.

    The other settings are those of ``NSGA2Settings``.
    """

    start_size: int | None
    max_size: int | None
    tau: int | None
    first_tau: int | None
    eta_below_max: float | None

    name: ClassVar[str] = "dnsga2"

    foreign = DYNAMIC

    # Written out because `start` is both a setting and the method that starts the machine.
    def __init__(
        self,
        *,
        start: int | None = None,
        max_size: int | None = None,
        tau: int | None = None,
        first_tau: int | None = None,
        eta_below_max: float | None = None,
        crossover: Crossover | Default | None = "default",
        mutation: Mutation | Default | None = "default",
        crowding: Crowding = "current",
        ties: Ties = "random",
        copies: Copies | None = None,
        duplicates: Which = "all",
        screen: Screen | None = None,
        mating: Mating | None = None,
        sampling: Sampling | None = None,
        repair: Repair | None = None,
        mode: Mode = "generational",
        window: int | None = None,
        order: OrderName = "cost",
    ) -> None:
        values = {
            "crossover": crossover,
            "mutation": mutation,
            "crowding": crowding,
            "ties": ties,
            "copies": copies,
            "duplicates": duplicates,
            "screen": screen,
            "mating": mating,
            "sampling": sampling,
            "repair": repair,
            "mode": mode,
            "window": window,
            "order": order,
            "start_size": start,
            "max_size": max_size,
            "tau": tau,
            "first_tau": first_tau,
            "eta_below_max": eta_below_max,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)
        self.__post_init__()

    def __post_init__(self) -> None:
        super().__post_init__()
        limits = {"start_size": 2, "max_size": 2, "tau": 1, "first_tau": 1}
        for key, least in limits.items():
            if getattr(self, key) is not None:
                name = "start" if key == "start_size" else key
                count = whole_number(f"DynamicNSGA2: {name}", getattr(self, key), least=least)
                object.__setattr__(self, key, count)
        if self.eta_below_max is not None:
            eta = read_eta("DynamicNSGA2: eta_below_max", self.eta_below_max)
            object.__setattr__(self, "eta_below_max", eta)

    def _values(self) -> dict[str, Any]:
        """As the constructor takes them."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {"start": values.pop("start_size"), **values}

    def settings(self) -> dict[str, Any]:
        """All settings, as the constructor takes them."""
        settings = super().settings()
        return {"start": settings.pop("start_size"), **settings}

    def __repr__(self) -> str:
        return f"DynamicNSGA2({', '.join(f'{k}={v!r}' for k, v in self._values().items())})"

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """With the schedule filled in; logs a warning where NSGA-II is the better choice.

        Raises ConfigurationError if a default needs the budget and there is none.
        """
        schedule = self.schedule().resolved(definition, budget)
        values: dict[str, Any] = {f.name: getattr(schedule, f.name) for f in fields(schedule)}
        if self.mode == "steady" and self.window is None:
            values["window"] = window_for(schedule.last_size)
        return type(self)(**{**self._values(), **values})

    def without_budget(self) -> Self:
        """With a last size, if it has none."""
        if self.max_size is not None:
            return self
        size = size_without_budget("DynamicNSGA2", "max_size")
        return type(self)(**{**self._values(), "max_size": size})

    def schedule(self) -> Doubling:
        """What makes its population dynamic; that is all it is."""
        return Doubling(
            self.start_size, self.max_size, self.tau, self.first_tau, self.eta_below_max
        )
