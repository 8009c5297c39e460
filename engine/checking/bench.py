"""What things are tried out with, and what is reported of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...checks import whole_number
from ...errors import ConfigurationError
from ...operators.parts import Repair
from ...problems.candidates import read_candidates
from ...typing import Candidates, SearchSpace
from .. import kinds
from ..algorithms.breeding import sampling_of
from ..algorithms.checked import check_candidates, check_rows
from ..randomness import check_seed, generator

SIZES = (1, 2, 7, 20)
"""Rows that parts are called with."""


@dataclass(frozen=True)
class Report:
    """Of something that keeps the rules of its kind, as far as they can be tried.

    Attributes:
        thing: As it is printed.
        kind: What it is: "Crossover", "space", ...
        space: In which it was tried, as it is printed; "" if in none.
        remarks: What is no fault, but worth knowing before a run.
    """

    thing: str
    kind: str
    space: str
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" in {self.space}" if self.space else ""
        first = f"{self.thing} keeps the rules of {self.kind}{where}"
        return "\n".join([first, *(f"- {remark}" for remark in self.remarks)])


@dataclass(frozen=True)
class Bench:
    """A space, and candidates of it.

    Attributes:
        space: In which parts are tried.
        seed: Of every generator.
        given: Candidates to call them with; None draws some.
        repair: What comes after them in a run.
        objectives: Numbers of objectives to try.
    """

    space: SearchSpace
    seed: int = 1
    given: Candidates | None = None
    repair: Repair | None = None
    objectives: tuple[int, ...] = (1, 2, 3)

    def rng(self, *purpose: int) -> np.random.Generator:
        """A generator; always the same for a purpose."""
        return generator(self.seed, *purpose)

    def rows(self, n: int) -> Candidates:
        """(n, n_var) candidates: those that were given, again and again, or a sample."""
        if self.given is not None:
            return self.given[np.arange(n) % len(self.given)]
        if "sampling" not in self.space.operators:
            raise ConfigurationError(
                f"check needs candidates to call a part with: {type(self.space).__name__}.operators"
                " names no sampling; pass candidates="
            )
        sampling = sampling_of(self.space)
        return self.children(sampling, sampling(n, self.space, self.rng()), n)

    def children(self, part: Any, returned: Any, k: int) -> Candidates:
        """What a part has returned as ``k`` candidates; raises ShapeError if these are none.

        With a repair to come they may be outside the space, and are what becomes of them.
        """
        if self.repair is None:
            return check_candidates(part, returned, k, self.space)
        X = check_rows(part, returned, k, self.space)
        return check_candidates(self.repair, self.repair(X, self.space), k, self.space)


def bench_for(
    space: SearchSpace,
    candidates: Any = None,
    repair: Repair | None = None,
    n_obj: int | None = None,
    seed: int = 1,
) -> Bench:
    """A bench with what a user passes; raises ConfigurationError and ShapeError."""
    given = None if candidates is None else read_candidates(space, candidates)
    if given is not None and not len(given):
        raise ConfigurationError("check: candidates= holds none; pass at least one")
    objectives = (1, 2, 3) if n_obj is None else (whole_number("check: n_obj", n_obj, least=1),)
    return Bench(space, check_seed(seed), given, repair, objectives)


def shown(thing: Any) -> str:
    """As it is printed; what is printed by its address alone, as it was made."""
    text = repr(thing)
    if text == object.__repr__(thing):
        args, kwargs = getattr(thing, "init_arguments", ((), {}))
        given = [*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())]
        text = f"{type(thing).__name__}({', '.join(given)})"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


LONGEST = 100
"""Characters of what is tried that a report shows."""


def storable(thing: Any) -> list[str]:
    """A remark if a store cannot say how to make a part again."""
    reasons = kinds.reasons(kinds.describe(thing))
    return [f"a store cannot hold it, {reason}" + PASSED_AGAIN for reason in reasons]


PASSED_AGAIN = ": to resume a run with it, it must be passed again"
"""What that means."""
