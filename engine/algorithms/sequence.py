"""Candidates one after the other, whatever becomes of them: what a search is measured against.

Random search, Sobol points and grids differ in ``draw`` alone. All else is as of any algorithm:
asked and told, stored and resumed, in generations or not, and the best of everything make the
population.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...operators.duplicates import Seen
from ...operators.mating import Tournament
from ...typing import Candidates, SearchSpace
from ..records.provenance import OPERATORS, SAMPLE, Born, orphans
from .algorithm import Algorithm
from .breeding import Breeding, Mates, sampling_of
from .checked import check_candidates
from .generation import REDRAWS, Bred
from .limits import Refusing
from .part_memory import PartMemory


@dataclass(frozen=True, kw_only=True, repr=False)
class Sequence(Algorithm):
    """Base of the algorithms that learn nothing.

    Attributes:
        size: Of the population, the best of everything evaluated. A generation has as many; it is
            waited for, so that on many workers ``mode="steady"`` is the faster.
        duplicates: Whether candidates that repeat others are drawn again.

    The other settings are those of ``Algorithm``.
    """

    size: int = 100
    duplicates: bool = True

    endless: ClassVar[bool] = True
    """Whether there is always another candidate, be it one that was there."""

    def draw(
        self, k: int, space: SearchSpace, rng: np.random.Generator, memory: PartMemory
    ) -> Candidates:
        """The next ``k`` candidates (k, n_var); fewer where they end.

        ``memory`` is empty at first, and comes back when the run is resumed.
        """
        raise NotImplementedError

    @property
    def smallest_budget(self) -> int:
        """Any budget will do."""
        return 1

    def breeding(self, space: SearchSpace) -> Breeding:
        """The sequence in a space."""
        return SequenceBreeding(
            space,
            sampling=sampling_of(space),
            mating=Tournament(),
            crossover=None,
            mutation=None,
            repair=None,
            duplicates=self.distinct(),
            operator=OPERATORS[SAMPLE],
            algorithm=self,
        )


@dataclass(frozen=True)
class SequenceBreeding(Breeding):
    """The next candidates of a sequence, who have no parents.

    Attributes:
        algorithm: Whose sequence it is.
    """

    algorithm: Sequence

    def children(
        self, k: int, mates: Mates | None, rng: np.random.Generator, seen: Seen | None
    ) -> Born:
        """``k`` that are not in ``seen``, and are in it then; fewer if nothing new comes."""
        memory = {} if mates is None or mates.memory is None else mates.memory
        limits = self.limits

        def drawn(k: int) -> Bred:
            X = self.algorithm.draw(k, self.space, rng, memory)
            X = check_candidates(self.algorithm, X, len(X), self.space)
            return X, orphans(X, SAMPLE, self.parents).parents

        refusing = None if limits is None else Refusing(limits, seen, drawn, SAMPLE)
        wanted, draw = (seen, drawn) if refusing is None else (refusing, refusing.draw)
        found = [np.empty((0, self.space.n_var), dtype=self.space.dtype)]
        missing, barren = k, 0
        while missing and (barren < REDRAWS or (limits is not None and limits.draws_again())):
            X, _ = draw(missing)
            if not len(X):
                break
            new = X if wanted is None else np.delete(X, wanted.add(X), axis=0)
            found.append(new)
            missing -= len(new)
            barren = 0 if len(new) or not self.algorithm.endless else barren + 1
        return orphans(np.concatenate(found), SAMPLE, self.parents)
