"""An evolutionary algorithm put together of parts: one's own beside those that paretide has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from ...operators.mating import Tournament
from ...operators.parts import (
    Crossover,
    Mating,
    Mutation,
    Repair,
    Sampling,
    Screen,
    Survival,
    read_part,
)
from ...operators.survival import RankAndCrowding
from ...typing import SearchSpace
from .algorithm import Algorithm
from .breeding import (
    Breeding,
    Default,
    Which,
    breeding_for,
    read_choice,
    read_duplicates,
    read_optional,
)
from .schedule import BudgetShare, Constant, Doubling

ROLES = {
    "survival": Survival,
    "mating": Mating,
    "crossover": Crossover,
    "mutation": Mutation,
    "sampling": Sampling,
    "repair": Repair,
    "screen": Screen,
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Evolution(Algorithm):
    """Parents mate, their children are varied and repaired, the best of both survive.

    Attributes:
        survival: Who stays; ``RankAndCrowding()`` makes it NSGA-II.
        mating: Who becomes a parent; None is ``Tournament()``: by dominance, then score; with a
            survival of one's own ``Tournament(by="rank")``.
        crossover: What parents make; "default" is what the space has, None is nothing: a child is
            a copy of one parent.
        mutation: What children undergo; "default" is what the space has, None is nothing.
        sampling: Of the first candidates; None is what the space has.
        repair: What candidates undergo before they are evaluated; None is nothing.
        duplicates: Who is drawn again, by the key of the space. "all": who equals any candidate
            that was ever drawn, failed ones included, so that nothing is evaluated twice and a
            finite space ends as exhausted. "population": who equals a member or another child.
            None: nobody. Or a ``pt.Duplicates``.
        screen: Picks, of several children drawn for each that is evaluated, who goes out, by a
            model of everything told; None: they go out as they are drawn.
        size: Of the population: a number, or a schedule that makes it dynamic:
            ``Doubling(start, max_size, tau, first_tau)``, ``BudgetShare(start, max_size)``,
            ``Constant(size)``. None is 1.3 times the square root of the budget, from 20 to 100;
            100 where there is no budget, with a warning.
        offspring: Children of a generation; None is as many as the population has members. In
            steady state one is born at a time.

    The other settings are those of ``Algorithm``. A composition of paretide's own parts takes the
    fused kernels; one with a part of one's own calls each part once on all rows.
    """

    survival: Survival = field(default_factory=RankAndCrowding)
    mating: Mating | None = None
    crossover: Crossover | Default | None = "default"
    mutation: Mutation | Default | None = "default"
    sampling: Sampling | None = None
    repair: Repair | None = None
    duplicates: Which = "all"
    screen: Screen | None = None
    size: int | Constant | Doubling | BudgetShare | None = None
    offspring: int | None = None

    name: ClassVar[str] = "evolution"

    def __post_init__(self) -> None:
        super().__post_init__()
        kind = type(self).__name__
        for key, role in ROLES.items():
            what, part = f"{kind}: {key}", getattr(self, key)
            if key == "survival":
                read_part(what, role, part)
                continue
            read: Any = read_choice if key in ("crossover", "mutation") else read_optional
            object.__setattr__(self, key, read(what, role, part))
        which = read_duplicates(f"{kind}: duplicates", self.duplicates)
        object.__setattr__(self, "duplicates", which)

    def breeding(self, space: SearchSpace) -> Breeding:
        """The parts that make candidates, with the defaults of the space."""
        mating = self.mating
        if mating is None and not isinstance(self.survival, RankAndCrowding):
            mating = Tournament(by="rank")  # which may mean something else than dominance
        return breeding_for(
            space,
            sampling=self.sampling,
            mating=mating,
            crossover=self.crossover,
            mutation=self.mutation,
            repair=self.repair,
            duplicates=self.duplicates,
        )

    def survival_part(self) -> Survival:
        """Who survives."""
        return self.survival
