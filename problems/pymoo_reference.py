"""How one of pymoo's own problems is made again: by its class and arguments that prove to be its.

pymoo keeps no arguments. Most of its classes keep them as attributes, so they are tried: a twin
made with them must have the same state and, at a few points, the same values.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..errors import ConfigurationError, ProblemReferenceError
from .identity import Unidentified, as_text, identity
from .reference import Reference, load_problem, survives_json

OWN = "pymoo.problems."
"""What the modules of pymoo's own problems begin with."""

MOST_TRIES = 64

PLACES = np.linspace(0.0, 1.0, 6)[1:-1]
"""Of the points between the bounds where a twin must have the same values."""


def is_own(kind: type) -> bool:
    """True for a class that pymoo brings along."""
    return kind.__module__.startswith(OWN) and "<locals>" not in kind.__qualname__


def own_reference(problem: Any, maker: str) -> Reference:
    """The reference to one of pymoo's own problems, by ``maker(target=..., arrays=..., ...)``.

    Without target, and with the reason, if no arguments can be found that make its like.
    """
    kind = type(problem)
    target = f"{kind.__module__}:{kind.__qualname__}"
    for arguments in itertools.islice(_arguments(problem), MOST_TRIES):
        arrays = [name for name, value in arguments.items() if isinstance(value, np.ndarray)]
        stored = {k: v.tolist() if k in arrays else v for k, v in arguments.items()}
        stored = {"target": target, **({"arrays": arrays} if arrays else {}), **stored}
        try:
            if survives_json(stored) and _same(make_own(**json.loads(json.dumps(stored))), problem):
                return Reference(maker, stored)
        except Exception:  # whatever a constructor raises: these were not its arguments
            continue
    return Reference("", reason=f"the arguments that {target} was made with cannot be seen in it")


def make_own(target: str, arrays: list[str] | None = None, **arguments: Any) -> Any:
    """The problem class ``target`` of pymoo, made with these arguments, some of them as arrays.

    Raises ProblemReferenceError for anything but a class of a problem in pymoo, before it is
    called, and for arguments that are no numbers.
    """
    from pymoo.core.problem import Problem

    place, _, name = target.partition(":")
    if not place.startswith(OWN):
        raise ProblemReferenceError(f"{target} is no problem of pymoo's own")
    for key, value in arguments.items():
        if not _is_numeric(value):  # a name of a file or a command is not for pymoo to open
            raise ProblemReferenceError(f"{target}: {key} must be made of numbers, got {value!r}")
    try:
        kind = getattr(importlib.import_module(place), name, None)
    except ImportError as error:
        raise ProblemReferenceError(f"cannot import {place!r} of {target!r}: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Problem) and is_own(kind)):
        raise ProblemReferenceError(f"{target} is no class of a problem in pymoo")
    given = {k: np.array(v) if k in (arrays or ()) else v for k, v in arguments.items()}
    try:
        return kind(**given)
    except Exception as error:
        raise ProblemReferenceError(
            f"{target} cannot be made with the arguments {arguments}: {error}"
        ) from error


def make_users(target: str, arguments: Mapping[str, Any]) -> Any:
    """The user's subclass of pymoo's Problem, as stored by older versions.

    Raises ProblemReferenceError if the module, once imported, has no such class.
    """
    from pymoo.core.problem import Problem

    place, _, name = target.partition(":")
    try:
        found: Any = importlib.import_module(place)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise ProblemReferenceError(f"there is no {target!r}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Problem)):
        raise ProblemReferenceError(f"{target} is no class of a pymoo problem")
    return load_problem(target, dict(arguments))


def _is_numeric(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_numeric, value))
    return value is None or isinstance(value, (bool, int, float))


def _arguments(problem: Any) -> Iterator[dict[str, Any]]:
    """Arguments that the problem may have been made with, the simplest first."""
    named, passed_on = _parameters(type(problem))
    state = vars(problem)  # as files of older versions have them
    yield {p.name: state[p.name] for p in named if isinstance(state.get(p.name), int)}
    yield {}
    options = {p.name: _options(problem, p) for p in (*named, *passed_on)}
    required = [p.name for p in named if p.default is p.empty]
    own = [p.name for p in named if options[p.name]]
    rest = [p.name for p in passed_on if options[p.name]]
    yield from _products(required, options)
    yield from _products(own, options)
    for size in range(len(rest), 0, -1):
        for some in itertools.combinations(rest, size):
            yield from _products([*own, *some], options)
            yield from _products([*required, *some], options)


def _products(names: list[str], options: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*(options[name] for name in names)):
        yield dict(zip(names, values, strict=True))


def _parameters(kind: type) -> tuple[list[inspect.Parameter], list[inspect.Parameter]]:
    """Those that a class takes itself, and optional ones that it passes on to its bases."""
    named: list[inspect.Parameter] | None = None
    passed_on: dict[str, inspect.Parameter] = {}
    for base in kind.__mro__:
        if "__init__" not in vars(base) or not base.__module__.startswith("pymoo."):
            continue
        parameters = list(inspect.signature(base).parameters.values())
        plain = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        if named is None:
            named = plain
        else:
            passed_on |= {p.name: p for p in plain if p.default is not p.empty}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    named = named or []
    return named, [p for name, p in passed_on.items() if name not in {q.name for q in named}]


def _options(problem: Any, parameter: inspect.Parameter) -> list[Any]:
    """What a parameter may have been, by the attributes of the problem; not its default."""
    state, name = vars(problem), parameter.name
    options = [state[own] for own in (name, f"_{name}") if own in state]
    if name.startswith("difficulty") and "eta" in state:  # DASCMOP: one of 16, or three numbers
        options.append(state["difficulty"])
        options.append([state["eta"], state["zeta"], state["gamma"]])
    if not options and parameter.default is parameter.empty:  # under some other name
        options = list(state.values())
    plain = [o.item() if isinstance(o, np.generic) else o for o in options]
    return [
        o
        for o in plain
        if isinstance(o, np.ndarray) or (_is_numeric(o) and repr(o) != repr(parameter.default))
    ]


def _same(twin: Any, problem: Any) -> bool:
    """True if nothing tells the two apart: class, attributes, values at a few points."""
    return (
        type(twin) is type(problem)
        and _state(twin) == _state(problem)
        and _values_agree(twin, problem)
    )


def _state(problem: Any) -> dict[str, str]:
    found = {}
    for name, value in vars(problem).items():
        if name == "cache":  # of fronts that were looked at
            continue
        try:
            found[name] = as_text(identity(value))
        except Unidentified:
            found[name] = ""  # its values will tell
    return found


def _values_agree(twin: Any, problem: Any) -> bool:
    if problem.xl is None or isinstance(problem.xl, dict):
        raise ConfigurationError("a problem without bounds has no points between them")
    X = problem.xl + (problem.xu - problem.xl) * PLACES[:, None]
    X = X.astype(problem.vtype) if problem.vtype in (int, bool) else X
    with np.errstate(all="ignore"):
        one, other = (p.evaluate(X, return_as_dictionary=True) for p in (twin, problem))
    return one.keys() == other.keys() and all(
        one[k].tobytes() == other[k].tobytes() for k in one if one[k].dtype != object
    )
