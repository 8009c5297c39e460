"""What a population's size and the window of steady state are where only the budget says it.

The size follows the square root of the budget. Best of 20, 30, 50 and 100 on seven problems like
training jobs, ten seeds each, in per cent of the best known hypervolume, against a size of 100:

    budget      100          200          500          1 000
    best size   20           20           30           30
                87.0, 82.7   92.6, 87.5   96.3, 94.6   97.7, 97.5

The window follows the size: a child whose parents were chosen before half a population of others
was told is born blind. Size 20 at a budget of 100: 83.0 with a window of 64, 87.5 with one of 8.
"""

from __future__ import annotations

import logging
import math

log = logging.getLogger(__name__)

FEWEST, MOST = 20, 100
"""Members of a population, unless the budget has fewer evaluations."""

ROOT_FACTOR = 1.3
"""Times the square root of the budget is the size: between the best ones of the table."""

EACH_OF_LAST_SIZE = 100
"""Evaluations for each member of the last size that make a dynamic population pay."""

LARGEST_WINDOW = 2**20
"""More candidates at once than any cluster has workers; all of them are drawn at the start."""

ENOUGH_CHILDREN = 0.25
"""Of a first sample: with fewer children than that a run is a random search."""


def size_for(budget: int) -> int:
    """Of a population, from the evaluations that there are; at least 2."""
    size = round(ROOT_FACTOR * math.sqrt(budget))
    return max(2, min(budget, max(FEWEST, min(size, MOST))))


def last_size_for(budget: int, first: int) -> int:
    """Of a population that grows from ``first``: never a front of four points."""
    return max(first, FEWEST, min(budget // EACH_OF_LAST_SIZE, MOST))


def first_size_of_small(last: int, first: int) -> int:
    """Of a population that grows to ``last`` on a budget that is small for it; at least ``first``.

    The tables' problems at 100, 200 and 500: from 10 to 20 it reaches 85.0, 91.5 and 95.7, from 4
    to 20 it reaches 80.9, 87.4 and 92.8.
    """
    return max(first, last // 2)


def size_without_budget(algorithm: str, setting: str) -> int:
    """The size where no budget says what it should be; logs a warning."""
    log.warning(
        "%s derives %s from the budget, and there is none: it is %d; pass %s= for another one",
        algorithm, setting, MOST, setting,
    )  # fmt: skip
    return MOST


def window_for(size: int) -> int:
    """Of steady state: candidates asked for and not told, from a population's (last) size."""
    return max(1, min(size // 2, LARGEST_WINDOW))


def warn_of_random_search(budget: int, sample: int) -> None:
    """Log a warning where a first sample leaves next to nothing of the budget."""
    children = budget - sample
    if children < ENOUGH_CHILDREN * sample:
        log.warning(
            "a budget of %d is spent on a first sample of %d, which leaves %d children: hardly "
            "more than a random search; from a budget of %d it is a search, or choose a smaller "
            "size", budget, sample, children, math.ceil((1 + ENOUGH_CHILDREN) * sample),
        )  # fmt: skip
