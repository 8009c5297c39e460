"""The algorithm of who names none: NSGA-II, set by the budget, the space and the objectives.

What it is set to is chosen when a run starts, by the one table here, and stored with the run:
resumed with a larger budget it stays what it was.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, NamedTuple, Self, TypeAlias

from ...errors import ConfigurationError
from ...operators.crossover.uniform import UniformCrossover
from ...operators.mutation.polynomial import PolynomialMutation
from ...operators.parts import Screen
from ...operators.screening import GaussianProcess
from ...problems.definition import Definition, read_definition
from ...problems.space import Real, Space
from .algorithm import as_problem
from .budget_rules import size_for
from .nsga2 import NSGA2

log = logging.getLogger(__name__)

Chosen: TypeAlias = Literal["auto"]
"""What a screen is called that is still to be chosen."""


class Rule(NamedTuple):
    """What is chosen up to a budget.

    Attributes:
        budget: Evaluations up to which it holds.
        offspring: Children of a generation; None is as many as the population has members.
        screen: What picks children, where it fits the problem.
        on_reals: The same in a space of real numbers alone, where searching the model pays longer.
        screened: Children of a generation, if it does.
        figure: What speaks for it, as measured: with the screen, without it, in whole generations.
    """

    budget: float
    offspring: int | None
    screen: Screen | None
    on_reals: Screen | None
    screened: int | None
    figure: str


SCREEN = GaussianProcess(unscreened=0.125)
"""Of budgets for which a model pays."""

HALF = GaussianProcess(unscreened=0.5)
"""Of those in which a model finds most of the front early, and what it is wrong about decides. The
three hardest jobs at 500: 96.7, with a quarter unscreened 96.3; means of ten runs."""

SEARCH = GaussianProcess(search=4)
"""Of those for which it pays to evolve children on it before one is picked."""

WIDE = {"crossover": UniformCrossover(), "mutation": PolynomialMutation(eta=3)}
"""What children of real numbers are made by where they evolve on a model, which narrow steps lead
into one corner. DTLZ2 (8 variables) at 200: 90, and 64 with the operators of ``Real``; without
evolution 82; means of three runs. With those of a ``Space`` 82, and 87 with these, of five. A
quarter unscreened 90.5, an eighth 86.5, none 84; ZDT1 (10 variables) 96.9, 89.4, 67; of ten."""

MOST_OBJECTIVES = 5
"""For which improvement on a model has been tried."""

RULES = (
    Rule(
        75, 4, SEARCH, SEARCH, 10,
        "at 50 with a model 86.1, without 79.9, whole generations 77.9",
    ),
    Rule(
        150, 4, SEARCH, SEARCH, 10,
        "at 100 with a model 92.6, without 87.9, whole generations 86.7",
    ),
    Rule(
        350, 4, SCREEN, SEARCH, 10,
        "at 200 with a model 95.9, without 93.3, whole generations 93.0",
    ),
    Rule(
        1_000, 4, HALF, HALF, 20,
        "at 500 with a model 98.0, without 97.2, whole generations 96.9",
    ),
    Rule(
        math.inf, None, None, None, None,
        "with so many evaluations whole generations are as good",
    ),
)  # fmt: skip
"""Of evaluations one at a time, in order of the budget. Figures are per cent of the best known
hypervolume, of everything evaluated: means over seven problems like training jobs."""

CHEAP = "evaluate_batch makes evaluations cheap: whole generations, and no time for a model"

UNKNOWN, UNKNOWN_CHEAP = 500, 10_000
"""Budgets for which the choice is made where none is known: one at a time, and vectorized."""


class Choice(NamedTuple):
    """What is chosen for a problem and a budget.

    Attributes:
        size: Of the population, which is the first sample, too.
        offspring: Children of a generation; None is as many as the population has members.
        screen: What picks children; None: they go out as they are drawn.
        why: A line for each.
    """

    size: int
    offspring: int | None
    screen: Screen | None
    why: tuple[str, ...]


def chosen(
    definition: Definition, budget: int | None, screen: Screen | Chosen | None = "auto"
) -> Choice:
    """What is chosen, beside a ``screen`` that the user has set; a function of these alone."""
    known = UNKNOWN_CHEAP if definition.vectorized else UNKNOWN
    evaluations = known if budget is None else budget
    size = size_for(evaluations)
    why = [f"size={size}: 1.3 times the root of the budget, from 20 to 100"]
    if budget is None:
        why = [f"no budget is known: chosen as for {known} evaluations", *why]
    if definition.vectorized:
        return Choice(size, None, None, (*why, f"offspring=None, screen=None: {CHEAP}"))
    rule = next(rule for rule in RULES if evaluations <= rule.budget)
    if screen == "auto":
        picks = rule.on_reals if _real(definition) else rule.screen
        screen, reason = _fitting(picks, definition)
    else:
        reason = "as it is set"
    births = rule.offspring if screen is None else rule.screened
    offspring = None if births is None else min(births, size)
    why.append(f"offspring={offspring}: {rule.figure}")
    return Choice(size, offspring, screen, (*why, f"screen={screen}: {reason}"))


def _real(definition: Definition) -> bool:
    """Whether all variables are real numbers, in a space of which that is known."""
    space = definition.space
    return isinstance(space, (Real, Space)) and bool(space.continuous.all())


def _fitting(screen: Screen | None, definition: Definition) -> tuple[Screen | None, str]:
    """The screen if it fits a problem, and why it is this one."""
    if screen is None:
        return None, "no model pays for its time"
    if definition.n_obj > MOST_OBJECTIVES:
        return None, f"models are for up to {MOST_OBJECTIVES} objectives"
    try:
        screen.check_fit(definition.space)
    except ConfigurationError as error:
        return None, str(error)
    searched = screen.search if isinstance(screen, GaussianProcess) else 0
    evolved = f", once they have evolved on it for {searched} generations" if searched else ""
    return screen, f"of {screen.draws} children drawn for each evaluation, a model picks{evolved}"


@dataclass(frozen=True, kw_only=True, repr=False)
class Auto(NSGA2):
    """NSGA-II with what suits the budget, the space and the objectives.

    What ``minimize`` takes where no algorithm is given. ``describe(problem, budget)`` says what it
    chooses and why. Whatever is set is used as it is set, and only the rest is chosen.

    Attributes:
        size: Of the population; None is chosen.
        offspring: Children of a generation; None is chosen. More workers than that are idle.
        screen: Of several children drawn for each that is evaluated, picks who goes out; "auto" is
            chosen, None is none.

    The other settings are those of ``NSGA2``.
    """

    screen: Screen | Chosen | None = "auto"  # type: ignore[assignment]  # until it is resolved

    name: ClassVar[str] = "auto"

    def __post_init__(self) -> None:
        if self.screen != "auto":
            super().__post_init__()
            return
        object.__setattr__(self, "screen", None)  # as every other algorithm has it
        super().__post_init__()
        object.__setattr__(self, "screen", "auto")

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """With everything chosen that is not set; a warning says it if no budget is known."""
        choice = chosen(definition, budget, self.screen)
        changed: dict[str, Any] = {}
        if self.size is None:
            changed["size"] = choice.size
        if self.mode == "generational" and self.offspring is None:
            changed["offspring"] = choice.offspring
        if self.screen == "auto":
            changed["screen"] = choice.screen
            if _real(definition) and choice.screen == SEARCH:
                given = {key: getattr(self, key) for key in WIDE}
                changed |= {key: WIDE[key] for key in WIDE if given[key] == "default"}
        found = super(Auto, replace(self, **changed)).resolved(definition, budget)
        if budget is None:
            log.warning("Auto: %s: %r", choice.why[0], found)
        return found

    def describe(self, problem: Any, budget: int) -> str:
        """The plan for a problem and a budget, and why it is this one.

        Raises what ``start`` raises.
        """
        choice = chosen(read_definition(as_problem(problem)), budget, self.screen)
        plan = super().describe(problem, budget)
        return "\n".join([plan, "chosen, but for what is set:", *(f"  {w}" for w in choice.why)])
