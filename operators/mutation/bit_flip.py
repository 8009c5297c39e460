"""Standard bit mutation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import ConfigurationError
from ...typing import BoolArray, SearchSpace
from ..parts import Mutation
from ..settings import read_probability


@dataclass(frozen=True, kw_only=True)
class BitFlip(Mutation):
    """Standard bit mutation: each bit flipped independently. For spaces of dtype bool.

    Attributes:
        prob: That a bit is flipped; None is 1 / n_var.

    Source: Mühlenbein 1992, "How genetic algorithms really work: mutation and hillclimbing".
    """

    prob: float | None = None

    def __post_init__(self) -> None:
        if self.prob is not None:
            object.__setattr__(self, "prob", read_probability("BitFlip prob", self.prob))

    def __call__(self, X: BoolArray, space: SearchSpace, rng: np.random.Generator) -> BoolArray:
        """(k, n_var) copy of ``X`` with some bits flipped.

        Raises ConfigurationError for a space of anything but bits.
        """
        if space.dtype != np.bool_:
            raise ConfigurationError(
                f"{self!r} flips bits, and {space!r:.200} is of {space.dtype}; "
                "use a mutation that fits it"
            )
        prob = 1.0 / space.n_var if self.prob is None else self.prob
        return X ^ (rng.random(X.shape) < prob)
