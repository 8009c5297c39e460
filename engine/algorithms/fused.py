"""Children by the built-in parts in the built-in spaces: the fast path of breeding.

The same steps as ``breeding.py`` takes one after the other, to other draws: kernels select, cross
and mutate 16 pairs at a time, so that nothing leaves the first cache, and what needs working
coordinates stays in them from crossover to mutation. ``cext/reference.py`` has the same in plain
words (``real_children``, ``bit_children``, ``crossed_bits``, ``working_children``), draw for draw.
Only parts of exactly these classes are taken: a subclass may do anything else, and is called.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...operators.crossover.sbx import SBX, cross
from ...operators.crossover.uniform import UniformCrossover
from ...operators.fused import bit_children, crossed_bit_children, real_children
from ...operators.mating import Tournament, binary_tournament
from ...operators.mutation.bit_flip import BitFlip
from ...operators.mutation.polynomial import PolynomialMutation, mutate
from ...operators.parts import Crossover, Mating, Mutation
from ...operators.working import candidates, varying, with_fixed
from ...problems.space import Binary, Integer, Real, Space
from ...typing import Candidates, FloatArray, IntArray, SearchSpace, WorkingSpace
from ..records.fast import constants

BUILT_IN = (Real, Integer, Binary, Space)
"""Spaces of which equal candidates are rows of equal values, and parts never leave the bounds."""


class Mates(NamedTuple):
    """Those that may become parents, and what decides who does.

    Attributes:
        ids: (n,) int64.
        X: (n, n_var) in the dtype of the space.
        rank: (n,) int64, 0 for the best.
        score: (n,) float64, larger is better.
        F: (n, n_obj) objectives, minimized whatever the user's directions are; this and what
            follows is for who looks at more than ranks.
        violation: (n,) float64, 0 where feasible.
        memory: Named arrays that survive a resume.
    """

    ids: IntArray
    X: Candidates
    rank: IntArray
    score: FloatArray
    F: FloatArray
    violation: FloatArray
    memory: dict[str, NDArray[Any]] | None = None


NO_IDS, NO_VALUES = constants[0, 0, np.int64], constants[(0, 0), 0.0, float]
NO_SCORE = constants[0, 0.0, float]
NOBODY = Mates(NO_IDS, NO_VALUES, NO_IDS, NO_SCORE, NO_VALUES, NO_SCORE)


@dataclass(frozen=True)
class Fused:
    """Tournaments, crossover and mutation by kernels, for one space.

    Bit strings: tournament, uniform crossover or none, and bit-flip. All others: tournament, SBX
    and polynomial mutation in working coordinates, where variables without an order are exchanged
    and redrawn instead. Bit strings and real vectors, which are their own coordinates, take one
    call.

    Variables with a single value take no part: a run with them draws what it would without them.
    """

    space: WorkingSpace
    mating: Tournament
    crossover: SBX | UniformCrossover | None
    mutation: BitFlip | PolynomialMutation

    @cached_property
    def in_one_call(self) -> bool:
        """Whether ``children`` is one call of a kernel, which can draw duplicates again."""
        return isinstance(self.space, (Binary, Real))

    def children(
        self, mates: Mates, k: int, rng: np.random.Generator, redraws: int | None = None
    ) -> tuple[Candidates, IntArray]:
        """(k, n_var) children of ``mates`` and (k, 2) ids of their parents, -1 if there is none.

        ``redraws``, only where it takes one call: how often children that equal a row of
        ``mates.X`` or one another are drawn again before they are left out; None takes them as
        they come.
        """
        ids, X, rank, score = mates.ids, mates.X, mates.rank, mates.score
        F, violation = (mates.F, mates.violation) if self.mating.by == "dominance" else (None, None)
        if self._varied is not None:
            columns, fused = self._varied
            own = mates._replace(X=np.ascontiguousarray(X[:, columns]))
            varied, parents = fused.children(own, k, rng, redraws)
            return with_fixed(self.space, varied, columns), parents
        prob = self._mutation_prob
        if self.crossover is None:
            return bit_children(X, rank, score, k, prob, rng, redraws, ids, F, violation)
        if isinstance(self.crossover, UniformCrossover):
            return crossed_bit_children(
                X, rank, score, k, self.crossover, prob, rng, redraws, ids, F, violation
            )
        if isinstance(self.space, Real):
            low, high, eta = self.space.low, self.space.high, self._mutation_eta
            return real_children(
                X, rank, score, k, low, high, self.crossover, eta, prob, rng, redraws, ids,
                F, violation,
            )  # fmt: skip
        assert redraws is None
        pairs = (k + 1) // 2  # an odd number: the last child is dropped
        winners = binary_tournament(rank, score, 2 * pairs, rng, F, violation)
        couples = np.repeat(ids[winners].reshape(pairs, 2), 2, axis=0)[:k]
        return self._in_working_coordinates(X[winners[0::2]], X[winners[1::2]], k, rng), couples

    def _in_working_coordinates(
        self, A: Candidates, B: Candidates, k: int, rng: np.random.Generator
    ) -> Candidates:
        assert isinstance(self.crossover, SBX)
        space = self.space
        Z_A, Z_B = space.to_working(A), space.to_working(B)
        crossed = cross(Z_A, Z_B, space.layout, self.crossover, rng)[:k]
        mutated = mutate(crossed, space.layout, self._mutation_eta, self._mutation_prob, rng)
        first, second = (
            (np.repeat(Z, 2, axis=0)[:k], np.repeat(X, 2, axis=0)[:k])
            for Z, X in ((Z_A, A), (Z_B, B))
        )
        return candidates(space, mutated, first, second)

    @cached_property
    def _varied(self) -> tuple[IntArray, Fused] | None:
        """The columns that vary and the same for them; None if that is all of them, or none."""
        columns = varying(self.space)
        return None if columns is None else (columns, replace(self, space=self.space.take(columns)))

    @cached_property
    def _mutation_prob(self) -> float:
        prob = self.mutation.prob
        return 1.0 / self.space.n_var if prob is None else prob

    @cached_property
    def _mutation_eta(self) -> float:
        assert isinstance(self.mutation, PolynomialMutation)
        return self.mutation.eta


def fused_for(
    space: SearchSpace, mating: Mating, crossover: Crossover | None, mutation: Mutation | None
) -> Fused | None:
    """The fast path of these parts, if they have one."""
    if type(space) not in BUILT_IN or type(mating) is not Tournament:
        return None
    known: Any = (type(crossover), type(mutation))
    fast: list[Any] = [(SBX, PolynomialMutation)]
    if isinstance(space, Binary):
        fast = [(UniformCrossover, BitFlip), (type(None), BitFlip)]
    return Fused(space, mating, crossover, mutation) if known in fast else None  # type: ignore[arg-type]
