"""NSGA-II with a dynamic population, and no tau to choose: several schedules side by side.

Source: B. Doerr, M. S. Krejca, S. Wietheger, "Speeding Up the NSGA-II via Dynamic Population
Sizes", arXiv 2509.01739. The runs themselves are in ``concurrent.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from ...checks import whole_number
from ...errors import ConfigurationError
from ...operators.parts import Crossover, Mating, Mutation, Repair, Sampling, Screen
from ...operators.settings import read_eta
from ...operators.survival import Copies, Crowding, Ties
from ...problems.definition import Definition, read_definition
from ...typing import Candidates
from ..foreign_names import DYNAMIC
from ..records.provenance import nobody
from .algorithm import as_problem
from .breeding import Default, Which
from .budget_rules import size_without_budget
from .concurrent import Concurrent
from .generational import Generational
from .limits import Known
from .nsga2_settings import NSGA2Settings
from .schedule import Doubling, size_at
from .screening import Paid
from .steady import Cost

FIRST_FACTOR = 8
"""How much longer the first size is kept than the others."""


@dataclass(frozen=True, init=False, repr=False)
class ConcurrentDynamicNSGA2(NSGA2Settings):
    """Runs of ``DynamicNSGA2`` side by side ("concurrent-dnsga2" on the command line).

    Run i has tau = base 2^i and first_tau = 8 base 2^i; always the run with the fewest evaluations
    goes on, and run i is opened once every other has used base 2^i. The final population is that
    of the run with the most different values on the front of all of them; ``result.front()`` is
    that of everything evaluated, and ``run.concurrent_runs()`` says which generations are of which
    run. It costs a factor logarithmic in the evaluations against the best tau.

    Args:
        start: First size of each run; None is max(4, 2 n_obj), and half of ``max_size`` where
            that is None, too, and the budget is less than 60 evaluations for each of its members.
            Kept as ``start_size``.
        max_size: Last size; None is a hundredth of the budget, from 20 to 100.
        base: Evaluations; None is the number of variables.
        eta_below_max: Of SBX below the last size, as in ``DynamicNSGA2``.

    The other settings are those of ``NSGA2Settings``; it has generations only.
    """

    start_size: int | None
    max_size: int | None
    base: int | None
    eta_below_max: float | None

    name: ClassVar[str] = "concurrent-dnsga2"

    foreign = DYNAMIC

    # Written out because `start` is both a setting and the method that starts the machine.
    def __init__(
        self,
        *,
        start: int | None = None,
        max_size: int | None = None,
        base: int | None = None,
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
            "start_size": start,
            "max_size": max_size,
            "base": base,
            "eta_below_max": eta_below_max,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)
        self.__post_init__()

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, least in {"start_size": 2, "max_size": 2, "base": 1}.items():
            if getattr(self, key) is not None:
                name = f"ConcurrentDynamicNSGA2: {'start' if key == 'start_size' else key}"
                object.__setattr__(self, key, whole_number(name, getattr(self, key), least=least))
        if self.eta_below_max is not None:
            eta = read_eta("ConcurrentDynamicNSGA2: eta_below_max", self.eta_below_max)
            object.__setattr__(self, "eta_below_max", eta)

    def _values(self) -> dict[str, Any]:
        """As the constructor takes them."""
        own = ("mode", "window", "order")  # that belong to algorithms that can do without these
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in own}
        return {"start": values.pop("start_size"), **values}

    def settings(self) -> dict[str, Any]:
        """All settings, as the constructor takes them."""
        settings = super().settings()
        known = self._values()
        return {"start": settings["start_size"], **{k: settings[k] for k in known if k != "start"}}

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={v!r}" for k, v in self._values().items())
        return f"ConcurrentDynamicNSGA2({values})"

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """With sizes and base filled in.

        Raises ConfigurationError if a default needs the budget and there is none.
        """
        base = definition.space.n_var if self.base is None else self.base
        given = Doubling(self.start_size, self.max_size, base, eta_below_max=self.eta_below_max)
        known = given.resolved(definition, budget)
        filled = {
            "start": known.start,
            "max_size": known.max_size,
            "base": base,
            "eta_below_max": known.eta_below_max,
        }
        return type(self)(**{**self._values(), **filled})

    def without_budget(self) -> Self:
        """With a last size, if it has none."""
        if self.max_size is not None:
            return self
        last = size_without_budget("ConcurrentDynamicNSGA2", "max_size")
        return type(self)(**{**self._values(), "max_size": last})

    def at_once(self) -> None:
        """As many as there are runs, and their sizes: no number says it."""

    def schedule(self) -> Doubling:
        """Of the first run."""
        if self.base is None:
            raise ConfigurationError(f"{self} is not resolved: start it with a problem")
        return self._schedule_of(0, self.base)

    def _schedule_of(self, i: int, base: int) -> Doubling:
        tau = base * 2**i
        return Doubling(self.start_size, self.max_size, tau, FIRST_FACTOR * tau, self.eta_below_max)

    def machine(
        self,
        definition: Definition,
        seed: int,
        cost: Cost | None = None,
        initial: Candidates | None = None,
        known: Known | None = None,
        paid: Paid | None = None,
    ) -> Concurrent:
        """The state machine of a resolved specification; the first run has ``initial``."""
        first = self.schedule()
        base = first.tau or 1
        survival = self.survival_part()
        breeding = self.breeding(definition.space).within(definition, known, first.last_size)

        def make_run(i: int) -> Generational:
            given = initial if i == 0 and initial is not None else nobody(definition.space).X
            return Generational(
                definition, self._schedule_of(i, base), breeding, survival, seed,
                offspring=None, initial=given, screen=self.screen, strand=(i,), paid=paid,
            )  # fmt: skip

        return Concurrent(definition, first, base, seed, make_run)

    def describe(self, problem: Any, budget: int) -> str:
        """The plan for a problem and a budget: what each run gets and how large it grows.

        Raises what ``start`` raises.
        """
        resolved = self.resolved(read_definition(as_problem(problem)), budget)
        base = resolved.base or 1
        used: list[int] = []
        taken = 0
        while taken < budget:
            if all(n >= base * 2 ** len(used) for n in used):
                used.append(0)
            i = min(range(len(used)), key=lambda j: (used[j], j))
            size = size_at(resolved._schedule_of(i, base), used[i])
            used[i] += min(size, budget - taken)
            taken += size
        lines = [f"{resolved}", "run  first_tau      tau  evaluations  last size"]
        for i, n in enumerate(used):
            schedule = resolved._schedule_of(i, base)
            lines.append(
                f"{i:>3}  {schedule.first_growth:>9}  {base * 2**i:>7}  {n:>11}  "
                f"{size_at(schedule, n - 1):>9}"
            )
        return "\n".join(lines)
