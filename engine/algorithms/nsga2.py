"""NSGA-II.

Source: K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A fast and elitist multiobjective genetic
algorithm: NSGA-II", IEEE Trans. Evol. Comput. 6(2), 2002. Departures: the crowding distance is the
current one by default (Zheng and Doerr 2022), ties are broken at random, and children that equal a
parent or each other are drawn again. The generation itself is in ``generational.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..schedule import Doubling, constant
from .specification import Specification, check_count


@dataclass(frozen=True, kw_only=True, repr=False)
class NSGA2(Specification):
    """NSGA-II with a population of constant size.

    Attributes:
        size: Of the population.

    The other settings are those of ``Specification``.
    """

    size: int = 100

    name: ClassVar[str] = "nsga2"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("NSGA2: size", self.size, 2)

    def schedule(self) -> Doubling:
        """Always the same size."""
        return constant(self.size)
