"""A pymoo problem, taken as it is.

pymoo minimizes, its ``G <= 0`` is feasible and its ``H == 0`` (here within 1e-4, pymoo's own
default tolerance). Objectives are called f1, f2, ..., constraints g1, ... and h1, ...
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np

from ..errors import ConfigurationError
from ..typing import Candidates, FloatArray
from .constraints import Constraint, Equal, Upper
from .context import Context
from .problem import Problem
from .reference import STAMP, Reference, survives_json
from .space import Binary, Integer, Real, SearchSpace, Space
from .variables import Bool, Choice, Float, Int, Variable

EQUALITY_TOLERANCE = 1e-4


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


class _Pymoo(Problem):
    def __init__(self, problem: Any) -> None:
        self.problem = problem
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

    def _values(self, X: Any) -> tuple[Any, Any]:
        if isinstance(self.space, Space):  # pymoo wants an array of dictionaries
            X = np.array(X, dtype=object)
        out = self.problem.evaluate(X, return_as_dictionary=True)
        parts = [out[k] for k in ("G", "H") if out.get(k) is not None]
        G = np.concatenate(parts, axis=-1) if parts else np.empty((*out["F"].shape[:-1], 0))
        return out["F"], G


class PymooVectorized(_Pymoo):
    """A pymoo problem that evaluates matrices."""

    def evaluate_batch(self, X: Candidates) -> FloatArray | tuple[FloatArray, FloatArray]:
        """F, or (F, G) with constraints."""
        space = self.space
        F, G = self._values([space.candidate(x) for x in X] if isinstance(space, Space) else X)
        return (F, G) if self.constraints else F


class PymooElementwise(_Pymoo):
    """A pymoo problem that evaluates one candidate."""

    def evaluate(self, x: Any, ctx: Context) -> dict[str, float]:
        """The values by name."""
        F, G = (v[0] for v in self._values([x] if isinstance(self.space, Space) else x[None]))
        names = [*self.objectives, *self.constraints]
        return dict(zip(names, np.concatenate([F, G]).tolist(), strict=True))


def _space(problem: Any) -> SearchSpace:
    variables = getattr(problem, "vars", None)
    if variables is not None:
        return Space({str(name): _variable(name, v) for name, v in variables.items()})
    kind = problem.vtype
    if kind is bool:
        return Binary(problem.n_var)
    if problem.xl is None or problem.xu is None:
        raise ConfigurationError(
            f"{type(problem).__name__} has no bounds; pass xl and xu to pymoo's Problem"
        )
    if kind is int:
        return Integer(problem.xl, problem.xu)
    return Real(problem.xl, problem.xu)


def _variable(name: str, variable: Any) -> Variable:
    kind = type(variable).__name__
    if kind == "Real":
        return Float(*variable.bounds)
    if kind == "Integer":
        return Int(*variable.bounds)
    if kind == "Binary":
        return Bool()
    if kind == "Choice":
        return Choice(list(variable.options))
    raise ConfigurationError(f"pymoo variable {name!r} of type {kind} is not supported")


def _reference(problem: Any) -> Reference:
    """By class and the arguments it kept as attributes, if those make an equal problem."""
    kind = type(problem)
    target = f"{kind.__module__}:{kind.__qualname__}"
    unknown = Reference(
        "", reason=f"{target} may have been made with arguments that cannot be seen from outside"
    )
    if kind.__module__ == "__main__" or "<locals>" in kind.__qualname__:
        return unknown
    if not kind.__module__.startswith("pymoo."):  # never call a user's code here
        if inspect.signature(kind).parameters:
            return unknown
        return Reference(f"{__name__}:from_class", {"target": target})
    arguments = {
        p: getattr(problem, p)
        for p in inspect.signature(kind).parameters
        if isinstance(getattr(problem, p, None), int)
    }
    try:
        twin = kind(**arguments)
        same = _fingerprint(twin) == _fingerprint(problem)
    except Exception:  # whatever a foreign constructor raises, there is no reference
        return unknown
    return Reference(f"{__name__}:from_class", {"target": target, **arguments}) if same else unknown


def _fingerprint(problem: Any) -> tuple[Any, ...]:
    """Sizes, bounds and the values at the middle of the space."""
    sizes = (problem.n_var, problem.n_obj, problem.n_ieq_constr, problem.n_eq_constr)
    if problem.xl is None or isinstance(problem.xl, dict):
        raise ValueError("a problem without bounds has no middle")
    middle = (problem.xl + problem.xu) / 2
    out = problem.evaluate(
        np.stack([middle, problem.xl * 0.25 + problem.xu * 0.75]), return_as_dictionary=True
    )
    values = tuple(out[k].tobytes() for k in ("F", "G", "H") if out.get(k) is not None)
    return (*sizes, problem.xl.tobytes(), problem.xu.tobytes(), *values)


def from_class(target: str, **arguments: Any) -> Problem:
    """Adapt the pymoo problem class ``module:name`` made with these arguments."""
    from .reference import load_problem

    return adapt(load_problem(target, arguments))
