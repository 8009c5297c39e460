"""What NSGA-II and its dynamic variants are set with: a composition of parts, under their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from ...errors import ConfigurationError
from ...operators.parts import Crossover, Mating, Mutation, Repair, Sampling, Screen
from ...operators.survival import Copies, Crowding, RankAndCrowding, Ties, copies_give_way
from ...typing import SearchSpace
from .algorithm import Algorithm, check_choice
from .breeding import (
    Breeding,
    Default,
    Which,
    breeding_for,
    read_choice,
    read_duplicates,
    read_optional,
)
from .evolution import ROLES


@dataclass(frozen=True, kw_only=True, repr=False)
class NSGA2Settings(Algorithm):
    """Settings that NSGA-II and its dynamic variants share.

    Attributes:
        crossover: ``SBX(...)``, ``UniformCrossover(...)`` or one of one's own; "default" is that of
            the space, None is none: a child is a copy of one parent, mutated.
        mutation: ``PolynomialMutation(...)``, ``BitFlip(...)`` or one of one's own; "default" is
            that of the space, None is none.
        crowding: What decides who stays of the front that is cut. "current": crowding distance,
            updated after each removal (Zheng, Doerr 2022). "once": not updated (Deb et al. 2002).
            "truthful": the truthful crowding distance, for three and more objectives (Zheng, Gao,
            Doerr, arXiv 2407.17687). In steady state one goes at a time, so that the first two are
            the same, and there is no truthful one.
        ties: Who stays of those with equal distances. "random", or "balanced": as many of each
            objective value as can be (Doerr, Ivan, Krejca, arXiv 2412.11931); not in steady state.
        copies: Of members equal in all objectives. "yield": in the front that is cut all but one go
            before another feasible objective vector is lost. "stay": no matter, as the theory has
            it. None is "yield", and "stay" with balanced ties.
        duplicates: Who is drawn again. "all": who equals any candidate that was ever drawn, failed
            ones included, so that nothing is evaluated twice and a finite space ends as exhausted.
            "population": who equals a member or another child. None: nobody. Or a
            ``pt.Duplicates`` that says who.
        screen: Picks, of several children drawn for each that is evaluated, who goes out, by a
            model of everything told; None: they go out as they are drawn.
        mating: None is ``Tournament()``: a binary one by dominance, then crowding distance.
        sampling: Of the first candidates; None is the default of the space.
        repair: What candidates undergo before they are evaluated; None is nothing.

    The other settings are those of ``Algorithm``.
    """

    crossover: Crossover | Default | None = "default"
    mutation: Mutation | Default | None = "default"
    crowding: Crowding = "current"
    ties: Ties = "random"
    copies: Copies | None = None
    duplicates: Which = "all"
    mating: Mating | None = None
    sampling: Sampling | None = None
    repair: Repair | None = None
    screen: Screen | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        kind = type(self).__name__
        for key in ("crossover", "mutation"):
            chosen: Any = read_choice(f"{kind}: {key}", ROLES[key], getattr(self, key))
            object.__setattr__(self, key, chosen)
        for key in ("mating", "sampling", "repair", "screen"):
            part = read_optional(f"{kind}: {key}", ROLES[key], getattr(self, key))
            object.__setattr__(self, key, part)
        which = read_duplicates(f"{kind}: duplicates", self.duplicates)
        object.__setattr__(self, "duplicates", which)
        check_choice(self, "crowding", get_args(Crowding))
        check_choice(self, "ties", get_args(Ties))
        check_choice(self, "copies", (*get_args(Copies), None))
        copies_give_way(kind, self.copies, self.ties)  # or they conflict
        if self.mode == "steady" and (self.crowding == "truthful" or self.ties == "balanced"):
            raise ConfigurationError(
                f'{kind}: crowding="truthful" and ties="balanced" rank whole generations; leave '
                'mode="steady" out, or them'
            )

    def breeding(self, space: SearchSpace) -> Breeding:
        """The parts that make candidates, with the defaults of the space."""
        return breeding_for(
            space,
            sampling=self.sampling,
            mating=self.mating,
            crossover=self.crossover,
            mutation=self.mutation,
            repair=self.repair,
            duplicates=self.duplicates,
        )

    def survival_part(self) -> RankAndCrowding:
        """Rank and crowding distance."""
        return RankAndCrowding(crowding=self.crowding, ties=self.ties, copies=self.copies)
