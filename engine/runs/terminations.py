"""When a run ends, besides its budget: conditions that compose with ``|`` and ``&``.

Each is a function of what has been told, not of what it saw before: a resumed run ends where an
uninterrupted one would. They are looked at after every generation, so that where a run ends does
not depend on its workers. The clock is the exception: ``MaxSeconds`` is looked at all the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...checks import real_number, whole_number
from ...errors import ConfigurationError
from ...operators.indicators import hypervolumes
from ...operators.survival import nondominated_rank
from ...problems.numbers import number_array
from ...problems.suites.fronts import covered
from ...typing import FloatArray
from .convergence import box_of, feasible_and_minimized
from .progress import Progress

APPROXIMATE = (
    "the hypervolume that stop looks at is approximate: there are too many points with too many "
    "objectives for the exact one"
)


class Termination:
    """Called with a ``Progress``; returns why the run ends, or "" while it goes on."""

    def __call__(self, progress: Progress) -> str:
        """Why the run ends here, or "". Looked at after every generation."""
        raise NotImplementedError

    def by_clock(self, progress: Progress) -> str:
        """Why the run ends now, wherever it is, or "". Looked at between any two outcomes."""
        return ""

    def __or__(self, other: Termination) -> Termination:
        return Either(self, _termination(other))

    def __and__(self, other: Termination) -> Termination:
        return Both(self, _termination(other))


@dataclass(frozen=True)
class Either(Termination):
    """What ``first | second`` makes: the run ends when one of them says so, which it tells."""

    first: Termination
    second: Termination

    def __call__(self, progress: Progress) -> str:
        """The reason of the first that has one."""
        return self.first(progress) or self.second(progress)

    def by_clock(self, progress: Progress) -> str:
        """As soon as the clock fulfils one of them."""
        return self.first.by_clock(progress) or self.second.by_clock(progress)


@dataclass(frozen=True)
class Both(Termination):
    """What ``first & second`` makes: the run ends when both say so."""

    first: Termination
    second: Termination

    def __call__(self, progress: Progress) -> str:
        """Both reasons."""
        return _all_of(self.first(progress), self.second(progress))

    def by_clock(self, progress: Progress) -> str:
        """If the clock fulfils both: one that is no matter of time has its own places."""
        return _all_of(self.first.by_clock(progress), self.second.by_clock(progress))


@dataclass(frozen=True)
class MaxEvaluations(Termination):
    """After the generation in which so many candidates have been told ("evaluations").

    ``budget`` ends a run exactly there; this is for composition.
    """

    evaluations: int

    def __post_init__(self) -> None:
        count = whole_number("MaxEvaluations: evaluations", self.evaluations, least=1)
        object.__setattr__(self, "evaluations", count)

    def __call__(self, progress: Progress) -> str:
        """The reason "evaluations", or "" while the run goes on."""
        return "evaluations" if progress.evaluations >= self.evaluations else ""


@dataclass(frozen=True)
class MaxGenerations(Termination):
    """After so many generations, the sample not counted ("generations")."""

    generations: int

    def __post_init__(self) -> None:
        count = whole_number("MaxGenerations: generations", self.generations, least=1)
        object.__setattr__(self, "generations", count)

    def __call__(self, progress: Progress) -> str:
        """The reason "generations", or "" while the run goes on."""
        return "generations" if progress.generation >= self.generations else ""


@dataclass(frozen=True)
class MaxSeconds(Termination):
    """So long after this process started or resumed the run ("seconds").

    It ends the run between any two outcomes, also while none arrives; ``at_end`` of ``minimize``
    says what becomes of evaluations that are under way. Where that is depends on the time, but the
    run resumes as if it had not been ended. With ``&`` it ends the run where the other condition
    is looked at.
    """

    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", _read_number("MaxSeconds: seconds", self.seconds))

    def __call__(self, progress: Progress) -> str:
        """The reason "seconds", or "" while the run goes on."""
        return self.by_clock(progress)

    def by_clock(self, progress: Progress) -> str:
        """The same."""
        return "seconds" if progress.seconds >= self.seconds else ""


@dataclass(frozen=True)
class TargetHypervolume(Termination):
    """Once the population dominates so much ("hypervolume").

    Attributes:
        value: Hypervolume of the population's feasible members; of many with many objectives an
            approximate one is compared with it, which is logged once.
        reference: (n_obj,) reference point in the user's units.
    """

    value: float
    reference: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _read_number("TargetHypervolume: value", self.value))
        try:
            corner = number_array(self.reference)
        except (TypeError, ValueError):
            corner = np.empty(0)
        if corner.ndim != 1 or not len(corner) or not np.isfinite(corner).all():
            raise ConfigurationError(
                f"TargetHypervolume: reference must be finite numbers, one for each objective, "
                f"got {self.reference!r}"
            )
        object.__setattr__(self, "reference", tuple(corner.tolist()))

    def __call__(self, progress: Progress) -> str:
        """The reason "hypervolume", or "" while the run goes on."""
        definition, population = progress.definition, progress.population
        if len(self.reference) != definition.n_obj:
            raise ConfigurationError(
                f"TargetHypervolume: reference has {len(self.reference)} numbers, "
                f"{definition.name} has {definition.n_obj} objectives"
            )
        corner = definition.minimized(np.array(self.reference))
        F = definition.minimized(population.F[population.feasible])
        measured = hypervolumes([F], corner)
        if measured.approximate:
            progress.warn_once(APPROXIMATE)
        return "hypervolume" if measured.values[0] >= self.value else ""


@dataclass(frozen=True)
class Stall(Termination):
    """Once the best of everything evaluated hardly improves ("stall").

    Attributes:
        generations: Over so many of them.
        tolerance: Relative gain of hypervolume that counts as none. It is measured in a box around
            the front so far and the best of the first generation, which no outlier can widen, now
            and then in the same box. Of many points with many objectives it is approximate, which
            is logged once.
    """

    generations: int
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        count = whole_number("Stall: generations", self.generations, least=1)
        object.__setattr__(self, "generations", count)
        tolerance = _read_number("Stall: tolerance", self.tolerance, zero=True)
        object.__setattr__(self, "tolerance", tolerance)

    def __call__(self, progress: Progress) -> str:
        """The reason "stall", or "" while the run goes on."""
        if progress.generation < self.generations:
            return ""
        everything = progress.evaluated()
        feasible, F = feasible_and_minimized(everything)
        before = feasible & (everything.generation <= progress.generation - self.generations)
        front = F[feasible]
        front = front[nondominated_rank(front) == 0]
        box = box_of(everything, feasible, F, front)
        if box is None:
            return ""
        sets = [np.maximum(rows, box.best) for rows in (F[before], front)]
        measured = hypervolumes(sets, box.reference)
        if measured.approximate:
            progress.warn_once(APPROXIMATE)
        then, now = measured.shares
        return "stall" if then > 0 and now - then <= self.tolerance * then else ""


class FrontCovered(Termination):
    """Once the population holds every value of a known Pareto front, exactly ("front covered").

    Args:
        front: (s, n_obj) values in the user's units and directions, or a problem that has
            ``pareto_front()``.

    Raises ConfigurationError for anything else.
    """

    def __init__(self, front: Any) -> None:
        known = getattr(front, "pareto_front", None)
        try:
            values = number_array(known() if callable(known) else front)
        except (TypeError, ValueError):
            values = np.empty(0)
        if values.ndim != 2 or not len(values) or not np.isfinite(values).all():
            raise ConfigurationError(
                "FrontCovered: pass the front, an array (s, n_obj) of finite values, or a problem "
                f"that has pareto_front(); got {front!r:.200}"
            )
        self.front: FloatArray = np.unique(values + 0.0, axis=0)

    def __repr__(self) -> str:
        return f"FrontCovered(<{len(self.front)} points>)"

    def __call__(self, progress: Progress) -> str:
        """The reason "front covered", or "" while the run goes on."""
        F = progress.population.F
        return "front covered" if len(F) >= len(self.front) and covered(F, self.front) else ""


def _all_of(first: str, second: str) -> str:
    return f"{first} and {second}" if first and second else ""


def _termination(other: Any) -> Termination:
    if not isinstance(other, Termination):
        raise ConfigurationError(f"a termination composes with terminations, got {other!r}")
    return other


def _read_number(what: str, value: Any, *, zero: bool = False) -> float:
    expected = f"a number {'>= 0' if zero else 'above 0'}"
    number = real_number(what, value, expected=expected)
    if not (number >= 0 if zero else number > 0) or not np.isfinite(number):
        raise ConfigurationError(f"{what} must be {expected}, got {value!r}")
    return number
