"""A scrambled Sobol sequence from its first point to the end of the budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...errors import ConfigurationError
from ...operators.sampling.sobol import spread
from ...operators.sampling.sobol_points import LARGEST_DIMENSION, sobol_points
from ...operators.working import varying, with_coordinates, with_fixed
from ...typing import Candidates, SearchSpace
from .breeding import Breeding
from .part_memory import PartMemory
from .sequence import Sequence


@dataclass(frozen=True, kw_only=True, repr=False)
class Sobol(Sequence):
    """Points of one scrambled Sobol sequence: they fill the space evenly, however many there are.

    The seed chooses the scrambling. The settings are those of ``Sequence``: ``size`` of the
    population, ``duplicates``, ``mode``, ``window``, ``order``. First candidates of other
    algorithms come from ``pt.ScrambledSobol()``, which is the default of every built-in space.
    """

    name: ClassVar[str] = "sobol"

    def draw(
        self, k: int, space: SearchSpace, rng: np.random.Generator, memory: PartMemory
    ) -> Candidates:
        """The next (k, n_var) points; raises ConfigurationError as ``breeding`` does."""
        if not memory:
            memory["scrambling"] = np.array(rng.integers(2**63 - 1))
            memory["drawn"] = np.array(0)
        start = int(memory["drawn"])
        memory["drawn"] = np.array(start + k)
        space = with_coordinates(self, space)
        columns = varying(space)
        d = space.n_var if columns is None else len(columns)
        cube = sobol_points(start, k, d, np.random.default_rng(int(memory["scrambling"])))
        if columns is None:
            return spread(space, cube)
        return with_fixed(space, spread(space.take(columns), cube), columns)

    def breeding(self, space: SearchSpace) -> Breeding:
        """Raises ConfigurationError without working coordinates, or with too many variables."""
        with_coordinates(self, space)
        if space.n_var > LARGEST_DIMENSION:
            raise ConfigurationError(
                f"a Sobol sequence has at most {LARGEST_DIMENSION} dimensions, and there are "
                f"{space.n_var} variables; use pt.RandomSearch()"
            )
        return super().breeding(space)
