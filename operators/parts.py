"""What an algorithm is put together of: parts, which are callables on whole arrays.

A part with settings is a frozen dataclass that subclasses its role and has ``__call__``; one
without is a function under the decorator of its role. Both get arrays, the space and the run's
generator, never a problem, a population or a global, and return new arrays: what they were given
stays as it was. The built-in parts are written against the same classes.

The roles are classes, not shapes: what a file names must be one of them before it is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, ClassVar, NamedTuple, TypeVar, overload

import numpy as np

from ..checks import whole_number
from ..errors import ConfigurationError
from ..typing import BoolArray, Candidates, FloatArray, IntArray, SearchSpace

Function = Callable[..., Any]
R = TypeVar("R", bound="Part")

Vary = Callable[[Candidates, np.random.Generator], Candidates]
"""Children of parents, see ``Screen.improve``."""


class Part:
    """Base class of every role; ``arguments`` is what a part of the role is called with.

    Those of ``named_arguments`` are passed by name to parts that have them, see ``named_of``.
    """

    arguments: ClassVar[tuple[str, ...]]
    named_arguments: ClassVar[tuple[str, ...]] = ()

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """One step, on whole arrays."""
        raise self._missing()

    def _missing(self) -> NotImplementedError:
        expected = ", ".join(("self", *self.arguments))
        return NotImplementedError(f"{type(self).__name__} needs __call__({expected})")


class Sampling(Part):
    """Draws first candidates."""

    arguments = ("n", "space", "rng")

    def __call__(self, *arguments: Any, **named: Any) -> Candidates:
        """``(n, space, rng)``: X (n, n_var) in the dtype of the space."""
        raise self._missing()


class Mating(Part):
    """Selects parents."""

    arguments = ("rank", "score", "k", "parents", "rng")
    named_arguments = ("F", "violation")

    def __call__(self, *arguments: Any, **named: Any) -> IntArray:
        """``(rank, score, k, parents, rng)``: (k, parents) int64 rows, those of a mating in a row.

        rank (n,) int64, the lower the better, and score (n,) float64, the larger the better, are
        those of survival; n >= 1, and may be less than ``parents``.

        One that says so, as in ``(rank, score, k, parents, rng, *, F, violation)``, also gets F
        (n, n_obj) float64, minimized, violation (n,) float64, 0 where feasible, or either.
        """
        raise self._missing()


class Crossover(Part):
    """Makes two children of each mating.

    Attributes:
        parents: How many meet in one.
    """

    parents: int = 2

    arguments = ("space", "rng")

    def __call__(self, *arguments: Any, **named: Any) -> Candidates:
        """``(A, B, space, rng)``, with as many arrays (k, n_var) as there are parents.

        Returns (2k, n_var): rows 2i and 2i + 1 are the children of mating i.
        """
        raise self._missing()


class Mutation(Part):
    """Changes children a little."""

    arguments = ("X", "space", "rng")

    def __call__(self, *arguments: Any, **named: Any) -> Candidates:
        """``(X, space, rng)``: what has become of X (k, n_var)."""
        raise self._missing()


class Repair(Part):
    """Makes candidates keep a rule; deterministic.

    What is repaired is what is evaluated, stored and shown: samples, children, and the candidates
    that a user has given.
    """

    arguments = ("X", "space")

    def __call__(self, *arguments: Any, **named: Any) -> Candidates:
        """``(X, space)``: what has become of X (k, n_var)."""
        raise self._missing()


class Survivors(NamedTuple):
    """Who stays, and how good each is.

    Attributes:
        rows: (r,) int64, distinct.
        rank: (r,) int64, 0 for the best; what mating looks at first.
        score: (r,) float64, larger is better; what mating looks at next. Of ``RankAndCrowding`` it
            is the crowding distance.
    """

    rows: IntArray
    rank: IntArray
    score: FloatArray


class Survival(Part):
    """Decides who stays."""

    arguments = ("F", "violation", "size", "rng", "memory")

    def __call__(self, *arguments: Any, **named: Any) -> Survivors:
        """``(F, violation, size, rng, memory)``: ``size`` rows, or all if there are no more.

        F (n, n_obj) is minimized and finite, violation (n,) float64 is 0 where feasible. ``memory``
        is a dict of named arrays, empty at first, in which a part may leave what it needs the next
        time: it is stored and comes back when the run is resumed.
        """
        raise self._missing()


class Duplicates(Part):
    """Says who repeats whom."""

    arguments = ("X", "others", "space")

    def __call__(self, *arguments: Any, **named: Any) -> BoolArray:
        """``(X, others, space)``: (k,) bool of X (k, n_var).

        True where a row repeats one of ``others`` (m, n_var), or an earlier row of ``X``.
        """
        raise self._missing()


class KnownOutcomes(NamedTuple):
    """Everything told so far, in order of id in generations and of telling in steady state.

    Attributes:
        X: (n, n_var) in the dtype of the space.
        F: (n, n_obj) minimized; NaN in the row of a candidate that failed.
        margins: (n, n_con) of constraints, at most 0 where one is kept; NaN in the row of a
            candidate that failed.
        known_of: What needs no training, of a problem that has ``known(x)``: of (k, n_var)
            candidates (k, n_obj) minimized and (k, n_con) margins, NaN in a column that has to be
            evaluated. None of other problems. It runs the user's code: ask for what is needed.
        cost: (n,) what each evaluation has cost, of a run whose budget is a ``pt.Cost``: positive,
            or NaN where it is not known. What it picks should be worth its cost. None of other
            runs.
    """

    X: Candidates
    F: FloatArray
    margins: FloatArray
    known_of: Callable[[Candidates], tuple[FloatArray, FloatArray]] | None = None
    cost: FloatArray | None = None


class Screen(Part):
    """Picks, of several children drawn for each that is evaluated, who goes out.

    Attributes:
        draws: Children drawn for each that is evaluated.
        least: Outcomes told below which children go out as they are drawn.
    """

    draws: int = 10
    least: int = 10

    arguments = ("pool", "k", "known", "open", "space", "rng", "memory")

    def __call__(self, *arguments: Any, **named: Any) -> IntArray | None:
        """``(pool, k, known, open, space, rng, memory)``: (k,) int64, different rows of ``pool``.

        They go out in this order. None says that it cannot tell: the first k go out.

        pool (m, n_var) are the children drawn, m >= k. ``known`` are the ``KnownOutcomes``, and
        open (p, n_var) those that are under evaluation. ``rng`` is for this call alone, of the
        run's seed and the number of outcomes told. ``memory`` is as that of a ``Survival``.
        """
        raise self._missing()

    def improve(
        self, pool: Candidates, k: int, known: KnownOutcomes, open: Candidates, space: SearchSpace,
        rng: np.random.Generator, memory: dict[str, Any], vary: Vary,
    ) -> Candidates:  # fmt: skip
        """A better pool (m, n_var), of which a call picks next; here the one that it came with.

        A part may put children in the place of rows of the pool, and search its model for what is
        worth an evaluation. All arguments but ``vary`` are those of the call to come, ``memory``
        and ``rng`` included.

        Args:
            vary: ``vary(parents, rng)``: children of (n, n_var), at most n of them, by the run's
                own crossover, mutation and repair. Rows 0 and 1 mate, 2 and 3, and so on. Who has
                been drawn before, or breaks a known limit, is left out.

        At least k rows must be left that are different and new; those of ``pool`` are. Who is
        chosen and was made here is stored as such, ``choice`` -2, and not made again.
        """
        return pool

    def check_fit(self, space: SearchSpace) -> None:
        """Raise ConfigurationError for a space that it cannot model.

        Called before the first evaluation.
        """


# -- parts that are functions ----------------------------------------------------------------------


class _OfFunction(Part):
    """A part that is a function: frozen, called as it is, known by the function's name."""

    function: Function

    def __init__(self, function: Function, **settings: Any) -> None:
        named = ("__module__", "__qualname__", "__name__", "__doc__")
        known = {name: getattr(function, name) for name in named}
        self.__dict__.update(function=function, **settings, **known)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.function(*arguments, **named)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{self!r} cannot be changed: it is a function")

    def __repr__(self) -> str:
        return str(self.__dict__["__name__"])

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.function)

    def __reduce__(self) -> str:
        """Pickled by its name, which leads to this part and no longer to the function."""
        return str(self.__dict__["__qualname__"])


class _SamplingFunction(_OfFunction, Sampling): ...


class _MatingFunction(_OfFunction, Mating): ...


class _CrossoverFunction(_OfFunction, Crossover): ...


class _MutationFunction(_OfFunction, Mutation): ...


class _RepairFunction(_OfFunction, Repair): ...


class _SurvivalFunction(_OfFunction, Survival): ...


class _DuplicatesFunction(_OfFunction, Duplicates): ...


class _ScreenFunction(_OfFunction, Screen): ...


def sampling(function: Function) -> Sampling:
    """A ``Sampling`` of ``function(n, space, rng)``; a decorator."""
    return _SamplingFunction(_taking(function, Sampling))


def mating(function: Function) -> Mating:
    """A ``Mating`` of ``function(rank, score, k, parents, rng)``; a decorator.

    Of ``function(rank, score, k, parents, rng, *, F, violation)`` too, or with either of the two.
    """
    return _MatingFunction(_taking(function, Mating))


@overload
def crossover(function: Function, /) -> Crossover: ...
@overload
def crossover(*, parents: int = 2) -> Callable[[Function], Crossover]: ...


def crossover(function: Function | None = None, /, *, parents: int = 2) -> Any:
    """A ``Crossover`` of ``function(A, B, space, rng)``; a decorator.

    ``@crossover(parents=3)`` is for ``function(A, B, C, space, rng)``, and so on.
    """
    p = whole_number("crossover: parents", parents, least=1)

    def decorated(function: Function) -> Crossover:
        return _CrossoverFunction(_taking(function, Crossover, p), parents=p)

    return decorated if function is None else decorated(function)


def mutation(function: Function) -> Mutation:
    """A ``Mutation`` of ``function(X, space, rng)``; a decorator."""
    return _MutationFunction(_taking(function, Mutation))


def repair(function: Function) -> Repair:
    """A ``Repair`` of ``function(X, space)``; a decorator."""
    return _RepairFunction(_taking(function, Repair))


def survival(function: Function) -> Survival:
    """A ``Survival`` of ``function(F, violation, size, rng, memory)``; a decorator."""
    return _SurvivalFunction(_taking(function, Survival))


def duplicates(function: Function) -> Duplicates:
    """A ``Duplicates`` of ``function(X, others, space)``; a decorator."""
    return _DuplicatesFunction(_taking(function, Duplicates))


@overload
def screen(function: Function, /) -> Screen: ...
@overload
def screen(*, draws: int = 10, least: int = 10) -> Callable[[Function], Screen]: ...


def screen(function: Function | None = None, /, *, draws: int = 10, least: int = 10) -> Any:
    """A ``Screen`` of ``function(pool, k, known, open, space, rng, memory)``; a decorator.

    ``@screen(draws=20, least=10)`` names how many are drawn for each, and the outcomes that must
    be known.
    """
    counts = {
        "draws": whole_number("screen: draws", draws, least=1),
        "least": whole_number("screen: least", least, least=0),
    }

    def decorated(function: Function) -> Screen:
        return _ScreenFunction(_taking(function, Screen), **counts)

    return decorated if function is None else decorated(function)


def _taking(function: Function, role: type[Part], parents: int = 0) -> Function:
    """``function``; raises ConfigurationError unless it can be called as the role is."""
    named = hasattr(function, "__module__") and hasattr(function, "__qualname__")
    if not callable(function) or inspect.isclass(function) or not named:
        what = "a class" if inspect.isclass(function) else f"{function!r:.100}"
        raise ConfigurationError(
            f"@{role.__name__.lower()} makes a part of a function, got {what}; "
            f"a part with settings is a frozen dataclass that subclasses {role.__name__}"
        )
    _check_arguments(function, function.__qualname__, role, parents)
    return function


# -- what is a part --------------------------------------------------------------------------------

ROLES = (Sampling, Mating, Crossover, Mutation, Repair, Survival, Duplicates, Screen)


def read_part(what: str, role: type[R], part: Any) -> R:
    """``part``, checked to be of the role and callable as such; ``what`` names the argument.

    Raises ConfigurationError that says what would be one.
    """
    if not isinstance(part, role):
        raise ConfigurationError(
            f"{what} must be a {role.__name__}, got {part!r:.100}; {_hint(role, part)}"
        )
    if type(part).__call__ is role.__call__:
        expected = ", ".join(("self", *_arguments(role, getattr(part, "parents", 0))))
        raise ConfigurationError(f"{what}: {type(part).__name__} needs __call__({expected})")
    parents = 0
    if isinstance(part, Crossover):
        parents = whole_number(f"{what}: parents of {part!r}", part.parents, least=1)
    if not isinstance(part, _OfFunction):  # which was looked at when it was decorated
        wrong = _what_its_call_lacks(type(part), role, parents)  # type: ignore[arg-type]
        if wrong:
            raise ConfigurationError(f"{what}={part!r} {wrong}")
    return part


def _hint(role: type[Part], part: Any) -> str:
    kind = role.__name__
    if inspect.isclass(part) and issubclass(part, role):
        return f"write {part.__name__}() with its settings"
    if inspect.isroutine(part):
        return f"put @pt.{kind.lower()} above the function"
    for other in ROLES:
        if isinstance(part, other):
            return f"this one is a {other.__name__}"
    return f"subclass pt.{kind}, or put @pt.{kind.lower()} above a function"


def _arguments(role: type[Part], parents: int) -> tuple[str, ...]:
    mates = ("A", "B", *(f"mate_{i}" for i in range(3, parents + 1)))[:parents]
    return (*mates, *role.arguments)


def _check_arguments(called: Function, name: str, role: type[Part], parents: int) -> None:
    """Raise ConfigurationError unless ``called`` takes the arguments of the role, in order."""
    wrong = _what_it_lacks(called, role, parents)
    if wrong:
        raise ConfigurationError(f"{name} {wrong}")


@lru_cache(maxsize=256)
def _what_its_call_lacks(kind: type[Part], role: type[Part], parents: int) -> str:
    """The same of the instances of a class, looked at once."""
    called: Function = kind.__call__
    return _what_it_lacks(partial(called, None), role, parents)


def _what_it_lacks(called: Function, role: type[Part], parents: int) -> str:
    """Why ``called`` cannot be called as the role is, with its arguments in order; "" if it can."""
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):  # of some compiled functions nothing is known
        return ""
    expected = _arguments(role, parents)
    try:
        signature.bind(*expected, **dict.fromkeys(_named(signature, role.named_arguments)))
    except TypeError:
        return f"takes {signature}; a {role.__name__} is called with ({', '.join(expected)})"
    return ""


def named_of(part: Part) -> tuple[str, ...]:
    """Which of the ``named_arguments`` of its role a part has: keyword-only, by these names."""
    called = part.function if isinstance(part, _OfFunction) else type(part).__call__
    return _named_of(called, part.named_arguments)


@lru_cache(maxsize=256)
def _named_of(called: Function, names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return _named(inspect.signature(called), names)
    except (TypeError, ValueError):  # of some compiled functions nothing is known
        return ()


def _named(signature: inspect.Signature, names: tuple[str, ...]) -> tuple[str, ...]:
    known = signature.parameters
    only = inspect.Parameter.KEYWORD_ONLY
    return tuple(name for name in names if name in known and known[name].kind is only)
