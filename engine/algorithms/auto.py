"""The algorithm of who names none: NSGA-II, set by the budget, the space and the objectives.

What it is set to is chosen when a run starts, by the one table here, and stored with the run:
resumed with a larger budget it stays what it was.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

from ...problems.definition import Definition, read_definition
from .algorithm import as_problem
from .budget_rules import size_for
from .nsga2 import NSGA2

log = logging.getLogger(__name__)


class Rule(NamedTuple):
    """What is chosen up to a budget.

    Attributes:
        budget: Evaluations up to which it holds.
        offspring: Children of a generation; None is as many as the population has members.
        figure: What speaks for it, as measured.
    """

    budget: float
    offspring: int | None
    figure: str


RULES = (
    Rule(
        1_000,
        4,
        "79.8, 88.1, 93.0 and 96.2 at 50, 100, 200 and 500, whole generations 76.3 to 96.2",
    ),
    Rule(math.inf, None, "with so many evaluations whole generations are as good, and busier"),
)
"""Of evaluations one at a time, in order of the budget. Figures are per cent of the best known
hypervolume, of everything evaluated: means over seven problems like training jobs."""

CHEAP = "evaluate_batch makes evaluations cheap, so that whole generations are born at once"

UNKNOWN, UNKNOWN_CHEAP = 500, 10_000
"""Budgets for which the choice is made where none is known: one at a time, and vectorized."""


class Choice(NamedTuple):
    """What is chosen for a problem and a budget.

    Attributes:
        size: Of the population, which is the first sample, too.
        offspring: Children of a generation; None is as many as the population has members.
        why: A line for each.
    """

    size: int
    offspring: int | None
    why: tuple[str, ...]


def chosen(definition: Definition, budget: int | None) -> Choice:
    """What is chosen; a function of these two alone."""
    known = UNKNOWN_CHEAP if definition.vectorized else UNKNOWN
    evaluations = known if budget is None else budget
    size = size_for(evaluations)
    why = [f"size={size}: 1.3 times the root of the budget, from 20 to 100"]
    if budget is None:
        why = [f"no budget is known: chosen as for {known} evaluations", *why]
    if definition.vectorized:
        return Choice(size, None, (*why, f"offspring=None: {CHEAP}"))
    rule = next(rule for rule in RULES if evaluations <= rule.budget)
    offspring = None if rule.offspring is None else min(rule.offspring, size)
    return Choice(size, offspring, (*why, f"offspring={offspring}: {rule.figure}"))


@dataclass(frozen=True, kw_only=True, repr=False)
class Auto(NSGA2):
    """NSGA-II with what suits the budget, the space and the objectives.

    What ``minimize`` takes where no algorithm is given. ``describe(problem, budget)`` says what it
    chooses and why. Whatever is set is used as it is set, and only the rest is chosen: ``size`` and
    ``offspring`` where they are None.

    All settings are those of ``NSGA2``.
    """

    name: ClassVar[str] = "auto"

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """With everything chosen that is not set; a warning says it if no budget is known."""
        choice = chosen(definition, budget)
        changed: dict[str, Any] = {}
        if self.size is None:
            changed["size"] = choice.size
        if self.mode == "generational" and self.offspring is None:
            changed["offspring"] = choice.offspring
        found = replace(self, **changed)
        if budget is None:
            log.warning("Auto: %s: %r", choice.why[0], found)
        return super(Auto, found).resolved(definition, budget)

    def describe(self, problem: Any, budget: int) -> str:
        """The plan for a problem and a budget, and why it is this one.

        Raises what ``start`` raises.
        """
        choice = chosen(read_definition(as_problem(problem)), budget)
        plan = super().describe(problem, budget)
        return "\n".join([plan, "chosen, but for what is set:", *(f"  {w}" for w in choice.why)])
