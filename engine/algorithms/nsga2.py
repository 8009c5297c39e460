"""NSGA-II.

Source: K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A fast and elitist multiobjective genetic
algorithm: NSGA-II", IEEE Trans. Evol. Comput. 6(2), 2002. Departures: the crowding distance is the
current one by default (Zheng and Doerr 2022), ties are broken at random, and children that equal a
parent or each other are drawn again. A generation is in ``generation.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .nsga2_settings import NSGA2Settings
from .schedule import BudgetShare, Constant, Doubling


@dataclass(frozen=True, kw_only=True, repr=False)
class NSGA2(NSGA2Settings):
    """NSGA-II.

    Attributes:
        size: Of the population: a number, or a schedule that makes it dynamic:
            ``Doubling(start, max_size, tau, first_tau)``, ``BudgetShare(start, max_size)``,
            ``Constant(size)``. None is 1.3 times the square root of the budget, from 20 to 100;
            100 where there is no budget, with a warning.
        offspring: Children of a generation; None is as many as the population has members. In
            steady state one is born at a time.

    The other settings are those of ``NSGA2Settings``.
    """

    size: int | Constant | Doubling | BudgetShare | None = None
    offspring: int | None = None

    name: ClassVar[str] = "nsga2"
