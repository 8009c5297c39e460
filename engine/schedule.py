"""The population size as a function of the evaluations used: the "dynamic" in dynamic NSGA-II.

Source: Doerr, Krejca, Wietheger, "Speeding Up the NSGA-II via Dynamic Population Sizes",
arXiv 2509.01739.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import ConfigurationError
from ..problems.definition import Definition
from ..problems.space import Binary

FIRST_SHARE, GROWTH_SHARE = 0.3, 0.3
"""Of a known budget: at the first size, and over all sizes between it and the last."""


@dataclass(frozen=True)
class Doubling:
    """Start with ``start``, double after ``first_tau`` evaluations and then every ``tau``.

    ``max_size`` ends it. The clock is cumulative: ``tau`` need not divide the population size. At
    most one doubling happens in a generation.
    """

    start: int
    max_size: int
    first_tau: int
    tau: int

    def grown(self, size: int, next_growth: int, evaluations: int) -> tuple[int, int]:
        """Size and time of the next growth, once ``evaluations`` have been used at ``size``."""
        if size < self.max_size and evaluations >= next_growth:
            return min(2 * size, self.max_size), next_growth + self.tau
        return size, next_growth

    def sizes(self) -> list[int]:
        """All sizes in order."""
        sizes = [self.start]
        while sizes[-1] < self.max_size:
            sizes.append(min(2 * sizes[-1], self.max_size))
        return sizes


def constant(size: int) -> Doubling:
    """A size that never changes."""
    return Doubling(size, size, 1, 1)


def default_taus(
    definition: Definition, start: int, max_size: int, budget: int | None
) -> tuple[int, int]:
    """``first_tau`` and ``tau`` where the user chose none.

    Bit strings of length n: 8 n ln n, then 8 n (measured on OneMinMax). Otherwise 0.3 of the budget
    at the first size and another 0.3 split evenly over the sizes before the last.
    Raises ConfigurationError if the budget would be needed and is not known.
    """
    n = definition.space.n_var
    if isinstance(definition.space, Binary):
        return max(1, math.ceil(8 * n * math.log(n))), 8 * n
    if budget is None:
        raise ConfigurationError(
            "DynamicNSGA2 derives tau from the budget, and none is known: pass tau=, or budget="
        )
    between = len(Doubling(start, max_size, 1, 1).sizes()) - 2
    first = max(1, round(FIRST_SHARE * budget))
    return first, max(1, round(GROWTH_SHARE * budget / max(1, between)))
