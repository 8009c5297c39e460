"""A user's own algorithm as drivers see it: something that breeds, and a survival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...operators.mating import Tournament
from ...operators.parts import Survival, Survivors
from ...typing import Candidates, FloatArray, IntArray, SearchSpace
from .breeding import Breeding, Mates, sampling_of
from .checked import check_candidates, check_mates, check_memory
from .part_memory import PartMemory

if TYPE_CHECKING:
    from .algorithm import Algorithm


PARENTS = 2
"""Of a candidate, as ``breed`` says them."""


@dataclass(frozen=True)
class OwnBreeding(Breeding):
    """Children as an algorithm's ``breed`` makes them, and the sample of the space.

    Attributes:
        algorithm: That breeds.
    """

    algorithm: Algorithm

    def _bred(self, k: int, mates: Mates, rng: np.random.Generator) -> tuple[Candidates, IntArray]:
        memory = {} if mates.memory is None else mates.memory
        made = self.algorithm.breed(mates, k, self.space, rng, memory)
        check_memory(self.algorithm, memory)
        X, rows = read_bred(self.algorithm, made, k, self.space, len(mates.ids))
        ids = np.full((k, self.parents), -1, dtype=np.int64)
        if rows is not None:
            ids[:] = mates.ids[rows]
        return X, ids


def read_bred(
    algorithm: Algorithm, made: Any, k: int, space: SearchSpace, n: int
) -> tuple[Candidates, IntArray | None]:
    """What ``breed`` has made of ``n`` members: (k, n_var), and (k, 2) rows of them or None.

    Raises ShapeError.
    """
    X, rows = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    X = check_candidates(algorithm, X, k, space)
    return X, None if rows is None else check_mates(algorithm, rows, (k, PARENTS), n)


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
