"""What is proved about the time in which an algorithm finds a whole Pareto front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class RuntimeBound:
    """One proved runtime: evaluations until the population holds every Pareto-optimal value.

    Attributes:
        algorithm: Whose runtime it is.
        kind: Whether it bounds the runtime from above, from below, or both ways.
        formula: The bound, of the expected number of evaluations unless ``condition`` says
            otherwise. N is the population size; n, m and k are those of the problem.
        condition: What it holds for; empty if there is nothing to say.
        least_size: Smallest population size that it is proved for; None where the size is no
            parameter of the bound, or where ``condition`` only describes it.
        growth: The number inside the formula's O, Omega or Theta for a population size; what is
            measured may be divided by it, since the hidden constant is unknown. None if the source
            gives no explicit function. It raises OverflowError beyond the floats, as n^k may.
        source: Who proved it, and where to read it.
    """

    algorithm: str
    kind: Literal["upper", "lower", "tight"]
    formula: str
    source: str
    condition: str = ""
    least_size: int | None = None
    growth: Callable[[int], float] | None = field(default=None, compare=False, repr=False)


ZHENG_LIU_DOERR = "Zheng, Liu and Doerr, AAAI 2022; extended in arXiv:2112.08581"
BIAN_QIAN = "Bian and Qian 2022, arXiv:2203.11550"
DOERR_QU_JUMP = "Doerr and Qu, PPSN 2022; arXiv:2204.13750"
DOERR_QU_LOWER = "Doerr and Qu, AAAI 2023; arXiv:2209.13974"
DOERR_IVAN_KREJCA = "Doerr, Ivan and Krejca 2024, arXiv:2412.11931"
DYNAMIC = "Doerr, Krejca and Wietheger, arXiv:2509.01739v3, 2026"
ZHENG_DOERR_MANY = "Zheng and Doerr 2022, arXiv:2211.13084"
ZHENG_DOERR_JUMP = "Zheng and Doerr, Evolutionary Computation 31(4), 2023; arXiv:2012.07231"
ZHENG_DOERR_SMS = "Zheng and Doerr 2023, arXiv:2312.10290"
DOERR_KREJCA_OPRIS = "Doerr, Krejca and Opris 2025, arXiv:2505.01266"
OPRIS_MANY = "Opris, Dang, Neumann and Sudholt 2024, arXiv:2404.11433"
OPRIS_JUMP = "Opris 2025, arXiv:2505.01256"
WIETHEGER_DOERR = "Wietheger and Doerr, IJCAI 2023; arXiv:2211.08202"

NSGA2_FAILS = RuntimeBound(
    algorithm="NSGA-II",
    kind="lower",
    formula="not sub-exponential in n",
    source=ZHENG_DOERR_MANY,
)
"""With more than two objectives, on OneMinMax."""
