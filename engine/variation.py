"""Children of a population: the operators that fit its search space, put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..errors import ConfigurationError
from ..operators.crossover.exchange import exchange
from ..operators.crossover.sbx import SBX, sbx
from ..operators.fused import bit_children, real_children
from ..operators.mating import binary_tournament
from ..operators.mutation import (
    BitFlip,
    PolynomialMutation,
    polynomial_mutation,
    redraw_categories,
)
from ..operators.sampling.uniform import bits, uniform
from ..problems.space import Binary, Integer, Real, varying
from ..typing import (
    Candidates,
    FloatArray,
    IntArray,
    SearchSpace,
    WorkingSpace,
    has_coordinates,
)
from .born import BIT_FLIP, SBX_POLYNOMIAL

EXCHANGE_PROB = 0.5  # of a value without an order, in a crossed pair


@dataclass(frozen=True)
class Variation:
    """Sampling, mating selection, crossover and mutation for one space.

    Bit strings: tournament and bit-flip, no crossover. All others: tournament, SBX and polynomial
    mutation in working coordinates, where variables without an order are exchanged and redrawn
    instead. Bit strings and real vectors, which are their own coordinates, take one call.

    Variables with a single value take no part: a run with them draws what it would without them.
    """

    space: WorkingSpace
    crossover: SBX | None
    mutation: BitFlip | PolynomialMutation

    @cached_property
    def operator(self) -> int:
        """Position in ``OPERATORS`` of what makes children."""
        return BIT_FLIP if isinstance(self.mutation, BitFlip) else SBX_POLYNOMIAL

    @cached_property
    def in_one_call(self) -> bool:
        """Whether ``children`` is one call of a kernel."""
        return isinstance(self.space, (Binary, Real))

    @cached_property
    def _varied(self) -> tuple[IntArray, Variation] | None:
        """The columns that vary and variation for them; None if that is all of them, or none."""
        columns = varying(self.space)
        if len(columns) in (0, self.space.n_var):
            return None
        return columns, replace(self, space=self.space.take(columns))

    def _with_fixed(self, varied: Candidates, columns: IntArray) -> Candidates:
        """(n, n_var) candidates of which ``varied`` holds these columns."""
        fixed = self.space.from_working(self.space.layout.lower[None])
        X = np.repeat(fixed, len(varied), axis=0)
        X[:, columns] = varied
        return X

    def sample(self, n: int, rng: np.random.Generator) -> Candidates:
        """(n, n_var) uniform candidates."""
        if self._varied is not None:
            columns, variation = self._varied
            return self._with_fixed(variation.sample(n, rng), columns)
        if isinstance(self.space, Binary):
            return bits(n, self.space.n_var, rng)
        layout = self.space.layout
        return self.space.from_working(
            uniform(n, layout.lower, layout.upper, layout.categories, rng)
        )

    def children(
        self,
        ids: IntArray,
        X: Candidates,
        rank: IntArray,
        crowding: FloatArray,
        k: int,
        rng: np.random.Generator,
        redraws: int | None = None,
    ) -> tuple[Candidates, IntArray]:
        """(k, n_var) children of ``X`` and (k, 2) ids of their parents, -1 where there is none.

        ``redraws``, only where it takes one call: how often children that equal a row of ``X`` or
        one another are drawn again before they are left out; None takes them as they come.
        """
        if self._varied is not None:
            columns, variation = self._varied
            own = np.ascontiguousarray(X[:, columns])
            children, parents = variation.children(ids, own, rank, crowding, k, rng, redraws)
            return self._with_fixed(children, columns), parents
        prob = self._mutation_prob
        if isinstance(self.mutation, BitFlip):
            return bit_children(X, rank, crowding, k, prob, rng, redraws, ids)
        assert self.crossover is not None
        if isinstance(self.space, Real):
            low, high, eta = self.space.low, self.space.high, self.mutation.eta
            return real_children(
                X, rank, crowding, k, low, high, self.crossover, eta, prob, rng, redraws, ids
            )
        assert redraws is None
        pairs = (k + 1) // 2  # an odd number: the last child is dropped
        winners = binary_tournament(rank, crowding, 2 * pairs, rng)
        couples = np.repeat(ids[winners].reshape(pairs, 2), 2, axis=0)[:k]
        return self._cross(X, winners[0::2], winners[1::2], k, rng), couples

    @cached_property
    def _mutation_prob(self) -> float:
        prob = self.mutation.prob
        return 1.0 / self.space.n_var if prob is None else prob

    def _cross(
        self, X: Candidates, a: IntArray, b: IntArray, k: int, rng: np.random.Generator
    ) -> Candidates:
        assert self.crossover is not None
        A, B = self.space.to_working(X[a]), self.space.to_working(X[b])
        layout = self.space.layout
        listed = np.flatnonzero(layout.categories)
        children = sbx(A, B, layout.lower, layout.upper, self.crossover, rng)
        if listed.size:  # SBX means nothing there: their parents' values, exchanged
            children[:, listed] = exchange(
                A[:, listed], B[:, listed], EXCHANGE_PROB * self.crossover.prob, rng
            )
        mutated = self._mutate_working(children[:k], rng)
        first, second = (
            (np.repeat(Z, 2, axis=0)[:k], np.repeat(X[p], 2, axis=0)[:k])
            for Z, p in ((A, a), (B, b))
        )
        return self._candidates(mutated, first, second)

    def _mutate_working(self, Z: FloatArray, rng: np.random.Generator) -> FloatArray:
        assert isinstance(self.mutation, PolynomialMutation)
        layout = self.space.layout
        prob = self._mutation_prob
        listed = np.flatnonzero(layout.categories)
        ordered = np.flatnonzero(layout.categories == 0)
        mutated = Z
        if ordered.size:
            mutated = polynomial_mutation(
                Z, layout.lower, layout.upper, self.mutation.eta, prob, rng
            )
        if listed.size:
            mutated = mutated.copy()
            mutated[:, listed] = redraw_categories(
                Z[:, listed], layout.categories[listed], prob, rng
            )
        return mutated

    def _candidates(self, Z: FloatArray, *parents: tuple[FloatArray, Candidates]) -> Candidates:
        """Back from working coordinates; a value that no operator touched stays the same bits.

        Logarithm and exponential do not undo each other exactly, and a copy that differs in its
        last bit would pass for a new candidate.
        """
        X = self.space.from_working(Z)
        if not isinstance(self.space, Integer):
            for parent_Z, parent_X in parents:
                X = np.where(parent_Z == Z, parent_X, X)
        return X


def variation_for(
    space: SearchSpace,
    crossover: SBX | None,
    mutation: BitFlip | PolynomialMutation | None,
) -> Variation:
    """Variation with the defaults of the space where nothing was chosen.

    Raises ConfigurationError for operators that do not fit the space.
    """
    if not has_coordinates(space):
        raise ConfigurationError(f"{space!r} has no working coordinates, in which these vary")
    if isinstance(space, Binary):
        if crossover is not None:
            raise ConfigurationError(
                f"{crossover} does not fit a Binary space; leave crossover out"
            )
        chosen = BitFlip() if mutation is None else mutation
        if not isinstance(chosen, BitFlip):
            raise ConfigurationError(f"{chosen} does not fit a Binary space; use BitFlip")
        return Variation(space, None, chosen)
    chosen_mutation = PolynomialMutation() if mutation is None else mutation
    if not isinstance(chosen_mutation, PolynomialMutation):
        raise ConfigurationError(
            f"{chosen_mutation} fits only a Binary space; use PolynomialMutation"
        )
    return Variation(space, SBX() if crossover is None else crossover, chosen_mutation)


def widened(variation: Variation, eta: float | None) -> Variation:
    """Variation with a distribution index of SBX of at most ``eta``; None changes nothing."""
    crossover = variation.crossover
    if crossover is None or eta is None or eta >= crossover.eta:
        return variation
    return replace(variation, crossover=replace(crossover, eta=eta))
