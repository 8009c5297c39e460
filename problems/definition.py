"""A problem's definition, read once and checked: everything the engine needs to know about it.

Here the user's units and directions are turned into what is minimized inside, and nowhere else.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, get_args

import numpy as np

from ..checks import whole_number
from ..errors import ConfigurationError
from ..typing import BoolArray, FloatArray
from .constraints import Constraint, Equal, Lower, Upper
from .numbers import number_array, one_number, rows_of_numbers
from .search_space import SearchSpace, check_space
from .stand_in import describe_space
from .variables import Variable

DIRECTIONS = {"min": 1.0, "max": -1.0}
FLOAT = np.dtype(np.float64)
LARGEST = float(np.finfo(np.float64).max)


class ContractViolation(Exception):
    """``evaluate`` returned something else than the problem declares; becomes a failure."""


@dataclass(frozen=True)
class Definition:
    """What a problem declares.

    Attributes:
        name: Of the problem's class.
        space: Its search space.
        objectives: Name to "min" or "max".
        constraints: Name to constraint.
        vectorized: True if it has ``evaluate_batch``.
        batch_size: Rows at most in one call of ``evaluate_batch``.
        has_known: True if it has ``known``, which gives values that need no training.
        signs: (n_obj,) float64, 1 where minimized, -1 where maximized.
    """

    name: str
    space: SearchSpace
    objectives: dict[str, str]
    constraints: dict[str, Constraint]
    vectorized: bool
    batch_size: int
    signs: FloatArray
    has_known: bool = False

    @property
    def n_obj(self) -> int:
        """Number of objectives."""
        return len(self.objectives)

    @property
    def n_con(self) -> int:
        """Number of constraints."""
        return len(self.constraints)

    def minimized(self, F: FloatArray) -> FloatArray:
        """(n, n_obj) between user directions and minimized; the same both ways."""
        return F * self.signs if "max" in self.objectives.values() else F

    def violation(self, G: FloatArray) -> FloatArray:
        """(n,) total violation of (n, n_con) constraint values in user units; 0 is feasible.

        Never infinite for values that ``fit_for_ranking``: sums beyond half of the largest double
        lie in its upper half, in their order.
        """
        if not self.constraints:
            return np.zeros(len(G))
        with np.errstate(over="ignore", invalid="ignore"):
            cv = _summed(list(self.constraints.values()), G)
            large = cv > LARGEST / 2
            if large.any():
                # By this share no sum overflows: each is at most a quarter of the largest double.
                share = 0.125 / self.n_con
                scaled = [c.scaled(share) for c in self.constraints.values()]
                cv[large] = LARGEST / 2 + _summed(scaled, G[large] * share)
        return cv

    def fit_for_ranking(self, F: FloatArray, G: FloatArray) -> BoolArray:
        """(n,) True where (n, n_obj) are finite and (n, n_con) are no violation without end.

        An infinite constraint value on the satisfied side is fit, NaN nowhere.
        """
        fit = np.isfinite(F).all(axis=1)
        if not np.isfinite(G).all():
            fit &= ~self.endless(G).any(axis=1)
        return np.asarray(fit)

    def endless(self, G: FloatArray) -> BoolArray:
        """(n, n_con) True where a value is NaN, or infinite on the violated side."""
        wrong = np.isnan(G)
        with np.errstate(over="ignore", invalid="ignore"):
            for j, constraint in enumerate(self.constraints.values()):
                wrong[:, j] |= np.isinf(G[:, j]) & (constraint.g(G[:, j]) > 0)
        return wrong

    @cached_property
    def names(self) -> dict[str, None]:
        """Of what ``evaluate`` returns, in order; a mapping, to look them up."""
        return dict.fromkeys([*self.objectives, *self.constraints])

    def read_known(self, returned: Any) -> dict[str, float]:
        """``known``'s mapping as numbers by name, or ContractViolation.

        Names are some of the objectives and constraints, also none.
        """
        if not isinstance(returned, Mapping):
            raise ContractViolation(
                f"known must return a mapping with some of the names {list(self.names)}, "
                f"got {type(returned).__name__}"
            )
        unknown = [name for name in returned if name not in self.names]
        if unknown:
            raise ContractViolation(
                f"known must return some of the names {list(self.names)}; unknown {unknown}"
            )
        values: dict[str, float] = {}
        for name in self.names:
            if name in returned:
                values[name] = _number("known", name, returned[name])
        return values

    def read_values(
        self, returned: Any, known: Mapping[str, float] = MappingProxyType({})
    ) -> tuple[FloatArray, FloatArray]:
        """``evaluate``'s mapping as F (n_obj,) and G (n_con,), or ContractViolation.

        Numbers beyond the largest double are infinite. What is ``known`` may be missing, and counts
        where it is not.
        """
        expected = self.names
        if not isinstance(returned, Mapping):
            raise ContractViolation(
                f"evaluate must return a mapping with the names {list(expected)}, "
                f"got {type(returned).__name__}"
            )
        missing = [name for name in expected if name not in returned and name not in known]
        unknown = [name for name in returned if name not in expected]
        if missing or unknown:
            raise ContractViolation(
                f"evaluate must return the names {list(expected)}; "
                + " and ".join(
                    f"{what} {names}"
                    for what, names in (("missing", missing), ("unknown", unknown))
                    if names
                )
                + "; hand other values to ctx.log(name=value)"
            )
        values = np.empty(len(expected))
        for i, name in enumerate(expected):
            there = name in known
            values[i] = known[name] if there else _number("evaluate", name, returned[name])
        return values[: self.n_obj], values[self.n_obj :]

    def read_batch(self, returned: Any, n: int) -> tuple[FloatArray, FloatArray, dict[int, str]]:
        """``evaluate_batch``'s arrays as F (n, n_obj) and G (n, n_con), or ContractViolation.

        With it, by row, what is wrong with rows that do not hold numbers: others may be sound.
        """
        wrong: dict[int, str] = {}
        if self.n_con:
            if not isinstance(returned, tuple) or len(returned) != 2:
                raise ContractViolation(
                    f"evaluate_batch must return (F, G) with G of shape ({n}, {self.n_con}) for "
                    f"{list(self.constraints)}, got {type(returned).__name__}"
                )
            F, G = returned
        else:
            if isinstance(returned, tuple):
                raise ContractViolation(
                    "evaluate_batch must return F alone, since the problem declares no "
                    f"constraints, got a tuple of {len(returned)}"
                )
            return self._matrix("F", returned, (n, self.n_obj), wrong), _no_values(n), wrong
        return (
            self._matrix("F", F, (n, self.n_obj), wrong),
            self._matrix("G", G, (n, self.n_con), wrong),
            wrong,
        )

    @staticmethod
    def _matrix(
        what: str, values: Any, shape: tuple[int, int], wrong: dict[int, str]
    ) -> FloatArray:
        """A copy: the user's code may use its array again. Adds to ``wrong``."""
        if type(values) is np.ndarray and values.dtype == FLOAT and values.shape == shape:
            return values.copy()  # in C order
        try:
            matrix = number_array(values)
        except (TypeError, ValueError) as error:
            matrix, found = rows_of_numbers(values)
            if matrix.shape != shape:
                raise ContractViolation(f"{what} must hold numbers: {error}") from None
            wrong.update({i: f"{what} must hold numbers: {found[i]}" for i in found})
        if matrix.shape != shape:
            raise ContractViolation(f"{what} must have shape {shape}, got {matrix.shape}")
        return matrix

    def describe(self) -> dict[str, Any]:
        """The definition as JSON; a run is resumed only with an equal one."""
        return {
            "name": self.name,
            "space": describe_space(self.space),
            "objectives": self.objectives,
            "constraints": {k: c.describe() for k, c in self.constraints.items()},
        }


def _number(method: str, name: str, value: Any) -> float:
    """One of the values that a method of the problem returned, or ContractViolation."""
    try:
        return one_number(value)
    except (TypeError, ValueError):
        raise ContractViolation(
            f"{method} must return one number as {name!r}, got {value!r:.200}"
        ) from None


def _summed(constraints: list[Constraint], G: FloatArray) -> FloatArray:
    """(n,) sums of the positive g of (n, n_con); they may overflow."""
    cv: FloatArray = np.zeros(len(G))
    for j, constraint in enumerate(constraints):
        cv += np.maximum(constraint.g(G[:, j]), 0.0)
    return cv


@lru_cache(maxsize=4)
def _no_values(n: int) -> FloatArray:
    """(n, 0): what there is without constraints."""
    return np.empty((n, 0))


def read_definition(problem: Any) -> Definition:
    """The definition of ``problem``, or ConfigurationError naming what it lacks."""
    kind = type(problem)
    name: str = getattr(problem, "definition_name", kind.__name__)  # an adapter has another's
    if isinstance(problem, type):
        raise ConfigurationError(
            f"{problem.__name__} is a class; pass an instance: {problem.__name__}()"
        )
    single, batch = (callable(getattr(kind, m, None)) for m in ("evaluate", "evaluate_batch"))
    if single == batch:
        raise ConfigurationError(
            f"{name} defines {'both' if single else 'neither'} evaluate(x, ctx) "
            f"{'and' if single else 'nor'} evaluate_batch(X); define exactly one of them"
        )
    space = getattr(problem, "space", None)
    if isinstance(space, get_args(Variable)):
        raise ConfigurationError(
            f"{name}.space is the variable {space!r}; name it: pt.Space(x={space!r})"
        )
    if not isinstance(space, SearchSpace):
        raise ConfigurationError(
            f"{name}.space must be a search space (Real, Integer, Binary, Space, or an instance of "
            f"a subclass of pt.SearchSpace), got {space!r:.200}"
        )
    check_space(f"{name}.space", space)
    known = _has_known(name, problem, batch)
    _check_signatures(problem, batch)
    batch_size = whole_number(f"{name}.batch_size", getattr(problem, "batch_size", 1024), least=1)
    objectives = _objectives(name, getattr(problem, "objectives", None))
    constraints = _constraints(name, getattr(problem, "constraints", {}), objectives)
    signs = np.array([DIRECTIONS[d] for d in objectives.values()])
    return Definition(name, space, objectives, constraints, batch, batch_size, signs, known)


def _has_known(name: str, problem: Any, batch: bool) -> bool:
    """Whether the problem has ``known``; refuses one beside ``evaluate_batch``."""
    known = getattr(problem, "known", None)
    if known is None:
        return False
    if not callable(known):
        raise ConfigurationError(f"{name}.known must be a method known(x), got {known!r:.200}")
    if batch:
        raise ConfigurationError(
            f"{name} defines known(x) and evaluate_batch(X); let evaluate_batch compute all values"
        )
    return True


def _check_signatures(problem: Any, batch: bool) -> None:
    """Refuse methods that cannot be called as they will be."""
    expected = {"evaluate_batch": 1} if batch else {"evaluate": 2}
    for method, count in {**expected, "known": 1, "setup": 1, "teardown": 0}.items():
        function = getattr(problem, method, None)
        if function is None:
            continue
        try:
            inspect.signature(function).bind(*range(count))
        except TypeError:
            takes = {
                "evaluate": "(self, x, ctx)",
                "evaluate_batch": "(self, X)",
                "known": "(self, x)",
                "teardown": "(self)",
            }
            raise ConfigurationError(
                f"{type(problem).__name__}.{method} must take {takes.get(method, '(self, ctx)')}, "
                f"got {inspect.signature(function)}"
            ) from None
        except ValueError:  # a compiled function tells nothing
            continue


def _objectives(name: str, objectives: Any) -> dict[str, str]:
    if not isinstance(objectives, Mapping) or not objectives:
        raise ConfigurationError(
            f'{name}.objectives must be a mapping like {{"cost": "min", "strength": "max"}}, '
            f"got {objectives!r}"
        )
    for key, direction in objectives.items():
        if not isinstance(key, str):
            raise ConfigurationError(f"{name}.objectives: a name must be a string, got {key!r}")
        if not isinstance(direction, str) or direction not in DIRECTIONS:
            raise ConfigurationError(
                f"{name}.objectives[{key!r}]: the direction must be 'min' or 'max', "
                f"got {direction!r}"
            )
    return dict(objectives)


def _constraints(name: str, constraints: Any, objectives: dict[str, str]) -> dict[str, Constraint]:
    if not isinstance(constraints, Mapping):
        raise ConfigurationError(
            f'{name}.constraints must be a mapping like {{"stress": pt.upper(13600)}}, '
            f"got {constraints!r}"
        )
    for key, constraint in constraints.items():
        if not isinstance(key, str):
            raise ConfigurationError(f"{name}.constraints: a name must be a string, got {key!r}")
        if not isinstance(constraint, (Upper, Lower, Equal)):
            raise ConfigurationError(
                f"{name}.constraints[{key!r}] must be made by pt.upper, pt.lower or pt.equal, "
                f"got {constraint!r}"
            )
        if key in objectives:
            raise ConfigurationError(
                f"{name}: {key!r} is both an objective and a constraint; rename one of them"
            )
    return dict(constraints)
