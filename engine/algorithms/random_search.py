"""Random search: independent candidates.

Source: J. Bergstra, Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...operators.sampling import ScrambledSobol, Uniform
from ...typing import Candidates, SearchSpace
from .breeding import sampling_of
from .part_memory import PartMemory
from .sequence import Sequence


@dataclass(frozen=True, kw_only=True, repr=False)
class RandomSearch(Sequence):
    """Independent candidates, uniform in working coordinates: what every search should beat.

    In a space with a sampling of its own they are drawn by that. The settings are those of
    ``Sequence``: ``size`` of the population, ``duplicates``, ``mode``, ``window``, ``order``.
    """

    name: ClassVar[str] = "random"

    def draw(
        self, k: int, space: SearchSpace, rng: np.random.Generator, memory: PartMemory
    ) -> Candidates:
        """(k, n_var) candidates."""
        sampling = sampling_of(space)
        if type(sampling) is ScrambledSobol:  # whose points depend on each other
            sampling = Uniform()
        return sampling(k, space, rng)
