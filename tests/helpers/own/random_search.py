"""Random search: candidates are drawn uniformly; the best of them are the population."""

from dataclasses import dataclass

import paretide as pt


@dataclass(frozen=True, kw_only=True)
class RandomSearch(pt.Algorithm):
    size: int = 10

    def breed(self, parents, k, space, rng, memory):
        return pt.Uniform()(k, space, rng)
