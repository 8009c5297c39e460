"""A user's own algorithm as drivers see it: something that breeds, and a survival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...operators.mating import Tournament
from ...operators.parts import Survival, Survivors
from ...typing import Candidates, FloatArray, IntArray, SearchSpace
from ..breeding import Breeding, Mates, sampling_of
from ..checked import check_candidates, check_mates, check_memory
from .part_memory import PartMemory

if TYPE_CHECKING:
    from .algorithm import Algorithm


@dataclass(frozen=True)
class OwnBreeding(Breeding):
    """Children as an algorithm's ``breed`` makes them, and the sample of the space.

    Attributes:
        algorithm: That breeds.
    """

    algorithm: Algorithm

    def _bred(self, k: int, mates: Mates, rng: np.random.Generator) -> tuple[Candidates, IntArray]:
        memory = {} if mates.memory is None else mates.memory
        made: Any = self.algorithm.breed(mates, k, self.space, rng, memory)
        X, rows = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
        check_memory(self.algorithm, memory)
        X = check_candidates(self.algorithm, X, k, self.space)
        ids = np.full((k, self.parents), -1, dtype=np.int64)
        if rows is not None:
            rows = check_mates(self.algorithm, rows, (k, self.parents), len(mates.ids))
            ids[:] = mates.ids[rows]
        return X, ids


def own_breeding(algorithm: Algorithm, space: SearchSpace) -> OwnBreeding:
    """The breeding of an algorithm that defines ``breed``."""
    return OwnBreeding(
        space,
        sampling=sampling_of(space),
        mating=Tournament(),
        crossover=None,
        mutation=None,
        repair=None,
        duplicates=algorithm.distinct(),
        operator=type(algorithm).__name__,
        algorithm=algorithm,
    )


@dataclass(frozen=True)
class OwnSurvival(Survival):
    """Survivors as an algorithm's ``survive`` chooses them."""

    algorithm: Algorithm

    def __call__(
        self,
        F: FloatArray,
        violation: FloatArray,
        size: int,
        rng: np.random.Generator,
        memory: PartMemory,
    ) -> Survivors:
        """What ``survive`` returns."""
        return self.algorithm.survive(F, violation, size, rng, memory)

    def __repr__(self) -> str:
        return f"{type(self.algorithm).__name__}.survive"
