"""A pymoo problem, taken as it is.

pymoo minimizes, its ``G <= 0`` is feasible and its ``H == 0`` (here within 1e-4, pymoo's own
default tolerance). Objectives are called f1, f2, ..., constraints g1, ... and h1, ... What else
``_evaluate`` puts into ``out`` is logged.
"""

from __future__ import annotations

import copy
import logging
import sys
from typing import Any, TypeAlias

import numpy as np

from ..errors import ConfigurationError
from ..typing import Candidates, FloatArray
from .constraints import Constraint, Equal, Upper
from .context import Context
from .problem import Problem
from .pymoo_reference import is_own, make_own, make_users, own_reference
from .reference import STAMP, Reference, reference_to, survives_json
from .search_space import SearchSpace
from .space import Binary, Integer, Real, Space
from .variables import Bool, Choice, Float, Int, Variable

log = logging.getLogger(__name__)

EQUALITY_TOLERANCE = 1e-4

ORDERS = (
    "pymoo.problems.single.flowshop_scheduling:FlowshopScheduling",
    "pymoo.problems.single.traveling_salesman:TravelingSalesman",
)
"""Problems of pymoo that say "int" and mean orders, which only its operators for orders keep."""

BITS = ("pymoo.problems.multi.zdt:ZDT5",)
"""Problems of pymoo that say "float" and mean bits."""

KNOWN = ("F", "G", "H", "dF", "dG", "dH", "ddF", "ddG", "ddH")
"""What pymoo reads of ``out`` itself."""

Values: TypeAlias = tuple[FloatArray, FloatArray, dict[str, Any]]


def is_pymoo(problem: Any) -> bool:
    """True for an instance of pymoo's Problem; never imports pymoo."""
    module = sys.modules.get("pymoo.core.problem")
    return module is not None and isinstance(problem, module.Problem)


def adapt(problem: Any) -> Problem:
    """A pymoo problem as ours; raises ConfigurationError if its space cannot be read."""
    return PymooElementwise(problem) if problem.elementwise else PymooVectorized(problem)


def get(name: str, **arguments: Any) -> Problem:
    """pymoo's ``get_problem(name)``, adapted: ``get("zdt1")``, ``get("dtlz2", n_var=12, n_obj=3)``.

    Raises ConfigurationError for a name that pymoo does not know.
    """
    from pymoo.problems import get_problem

    try:
        problem = adapt(get_problem(name, **arguments))
    except ConfigurationError:
        raise
    except Exception as error:  # pymoo raises a bare Exception for an unknown name
        raise ConfigurationError(
            f"pymoo has no problem {name!r} with {arguments}: {error}"
        ) from error
    swallowed = sorted(set(arguments) & set(problem.problem.data))  # type: ignore[attr-defined]
    if swallowed:
        raise ConfigurationError(f"pymoo's {name!r} has no argument {swallowed[0]!r}")
    reference = (
        Reference(f"{__name__}:get", {"name": name, **arguments})
        if survives_json(arguments)
        else Reference("", reason=f"JSON cannot hold the arguments {arguments!r:.200}")
    )
    setattr(problem, STAMP, reference)
    return problem


def from_class(target: str, arrays: list[str] | None = None, **arguments: Any) -> Problem:
    """Adapt the pymoo problem class ``module:name`` made with these arguments.

    Raises ProblemReferenceError for anything but a subclass of pymoo's Problem, before it is
    called.
    """
    if target.startswith("pymoo."):
        problem = make_own(target, arrays, **arguments)
    else:
        problem = make_users(target, arguments)
    given = {"target": target, **({} if arrays is None else {"arrays": arrays}), **arguments}
    setattr(problem, STAMP, Reference(f"{__name__}:from_class", given))
    return adapt(problem)


class _Pymoo(Problem):
    def __init__(self, problem: Any) -> None:
        self.problem = problem
        self.definition_name = type(problem).__name__
        self.space = _space(problem)
        self.objectives = {f"f{i + 1}": "min" for i in range(problem.n_obj)}
        constraints: dict[str, Constraint] = {
            f"g{i + 1}": Upper(0.0) for i in range(problem.n_ieq_constr)
        }
        constraints |= {
            f"h{i + 1}": Equal(0.0, EQUALITY_TOLERANCE) for i in range(problem.n_eq_constr)
        }
        self.constraints = constraints
        setattr(self, STAMP, getattr(problem, STAMP, None) or _reference(problem))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self.problem).__name__})"

    def _values(self, X: Any) -> Values:
        """F and G of candidates as ``evaluate`` gets them, and the rest of what pymoo returns."""
        if isinstance(self.space, Space):  # pymoo wants an array of dictionaries, by its own keys
            keys = list(self.problem.vars)
            X = np.array([dict(zip(keys, x.values(), strict=True)) for x in X], dtype=object)
        out = self.problem.evaluate(X, return_as_dictionary=True)
        parts = [out[k] for k in ("G", "H") if out.get(k) is not None]
        G = np.concatenate(parts, axis=-1) if parts else np.empty((*out["F"].shape[:-1], 0))
        return out["F"], G, {str(k): v for k, v in out.items() if k not in KNOWN}


class PymooVectorized(_Pymoo):
    """A pymoo problem that evaluates matrices."""

    def __init__(self, problem: Any) -> None:
        super().__init__(problem)
        self._logged: list[dict[str, Any]] = []

    def evaluate_batch(self, X: Candidates) -> FloatArray | tuple[FloatArray, FloatArray]:
        """F, or (F, G) with constraints."""
        space = self.space
        self._logged = []
        F, G, rest = self._values(
            [space.candidate(x) for x in X] if isinstance(space, Space) else X
        )
        if rest:
            self._logged = [{k: _row(v, i, len(X)) for k, v in rest.items()} for i in range(len(X))]
        return (F, G) if self.constraints else F

    def take_logged(self) -> list[dict[str, Any]]:
        """What the last ``evaluate_batch`` found beside its values, by row, if it found anything.

        The worker asks for it: there is no ``ctx`` to log it with.
        """
        logged, self._logged = self._logged, []
        return logged


class PymooElementwise(_Pymoo):
    """A pymoo problem that evaluates one candidate."""

    def evaluate(self, x: Any, ctx: Context) -> dict[str, float]:
        """The values by name."""
        F, G, rest = self._values([x] if isinstance(self.space, Space) else x[None])
        ctx.log(**{k: _row(v, 0, 1) for k, v in rest.items()})
        names = [*self.objectives, *self.constraints]
        return dict(zip(names, np.concatenate([F[0], G[0]]).tolist(), strict=True))

    def __getstate__(self) -> dict[str, Any]:
        """As workers get it: a pool that the problem was to be evaluated with stays here."""
        from pymoo.core.problem import LoopedElementwiseEvaluation

        sent = copy.copy(self.problem)
        sent.elementwise_runner = LoopedElementwiseEvaluation()
        return {**self.__dict__, "problem": sent, "init_arguments": ((sent,), {})}


def _row(values: Any, i: int, n: int) -> Any:
    """Of an array with a row for each of n candidates, that of one; of anything else, all of it."""
    return values[i] if np.ndim(values) and len(values) == n else values


def _space(problem: Any) -> SearchSpace:
    name = type(problem).__name__
    if _descends_from(problem, ORDERS):
        raise ConfigurationError(
            f"{name} searches for an order of its {problem.n_var} items, and there is no space of "
            "orders yet: integers between bounds would take one item twice and leave others out"
        )
    variables = getattr(problem, "vars", None)
    if variables is not None:
        return _named_space(name, variables)
    if problem.n_var < 1:
        raise ConfigurationError(f"{name} has no variables: n_var={problem.n_var}")
    kind = "b" if _descends_from(problem, BITS) else _kind(name, problem.vtype)
    if kind == "b":
        return Binary(problem.n_var)
    if problem.xl is None or problem.xu is None:
        raise ConfigurationError(f"{name} has no bounds; pass xl and xu to pymoo's Problem")
    if kind == "f":
        return Real(problem.xl, problem.xu, n=problem.n_var)
    space = Integer(problem.xl, problem.xu, n=problem.n_var)
    _warn_of_orders(name, space)
    return space


def _descends_from(problem: Any, names: tuple[str, ...]) -> bool:
    return any(f"{base.__module__}:{base.__qualname__}" in names for base in type(problem).__mro__)


def _kind(name: str, vtype: Any) -> str:
    """ "b" for truth values, "i" for whole numbers, "f" for real ones, of what reads as a dtype."""
    if isinstance(vtype, type) and hasattr(vtype, "vtype"):  # a class of pymoo's variables
        vtype = vtype.vtype
    try:
        kind: str = np.dtype(float if vtype is None else vtype).kind
    except TypeError:
        kind = ""
    if kind not in ("b", "i", "u", "f"):
        raise ConfigurationError(
            f"{name}: vtype={vtype!r} is no type of numbers; use float, int or bool, or name the "
            "variables: vars={...}"
        )
    return "i" if kind == "u" else kind


def _warn_of_orders(name: str, space: Integer) -> None:
    """Bounds from 0 to n - 1 for each of n integers are what an order of n items looks like."""
    n = space.n_var
    if n > 2 and (space.low == 0).all() and (space.high == n - 1).all():
        log.warning(
            "%s has %d integers, each from 0 to %d: if it searches for an order of %d items, "
            "pymoo's operators for orders would have kept every candidate one; here there is no "
            "space of orders yet, and candidates will take one item twice and leave others out",
            name, n, n - 1, n,
        )  # fmt: skip


def _named_space(name: str, variables: Any) -> Space:
    named: dict[str, Variable] = {}
    for key, variable in variables.items():
        if str(key) in named:
            raise ConfigurationError(f"{name}: two variables are called {key!s}; rename one")
        named[str(key)] = _variable(key, variable)
    return Space(named)


def _variable(name: Any, variable: Any) -> Variable:
    from pymoo.core import variable as kinds

    try:
        if isinstance(variable, kinds.Real):
            return Float(*variable.bounds)
        if isinstance(variable, kinds.Integer):
            return Int(*variable.bounds)
        if isinstance(variable, kinds.Choice):
            return Choice(variable.options)
    except ConfigurationError as error:
        raise ConfigurationError(f"pymoo variable {name!r}: {error}") from None
    if isinstance(variable, kinds.Binary):
        return Bool()
    raise ConfigurationError(
        f"pymoo variable {name!r} of type {type(variable).__name__} is not supported"
    )


def _reference(problem: Any) -> Reference:
    """How it is made again: pymoo's own by class and arguments, a user's as any other problem."""
    if is_own(type(problem)):
        return own_reference(problem, f"{__name__}:from_class")
    return reference_to(problem)  # which never calls a user's code
