"""A definition made again from its JSON, so that a store can be read without the user's code.

Values of a choice that JSON cannot hold come back as the text they were printed as.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from .constraints import Constraint, Equal, Lower, Upper
from .definition import DIRECTIONS, Definition
from .identity import same_identity
from .printed import is_printed
from .search_space import SearchSpace
from .space import Binary, Integer, Real, Space
from .stand_in import StandIn
from .variables import Bool, Choice, Float, Int, Ordinal, Variable

OLD_ADAPTERS = ("PymooVectorized", "PymooElementwise")
"""Names of definitions in files of older versions: of what a pymoo problem was wrapped in."""


def definition_from(description: dict[str, Any]) -> Definition:
    """The definition that ``Definition.describe`` described."""
    objectives = dict(description["objectives"])
    return Definition(
        name=description["name"],
        space=_space(description["space"]),
        objectives=objectives,
        constraints={k: _constraint(c) for k, c in description["constraints"].items()},
        vectorized=False,
        batch_size=1,
        signs=np.array([DIRECTIONS[d] for d in objectives.values()]),
    )


def _space(description: dict[str, Any]) -> SearchSpace:
    kind = description["kind"]
    if kind == "real":
        return Real(description["low"], description["high"])
    if kind == "integer":
        return Integer(description["low"], description["high"])
    if kind == "binary":
        return Binary(description["n"])
    if kind == "mixed":
        return Space({name: _variable(v) for name, v in description["variables"].items()})
    return StandIn(description)


def _variable(description: dict[str, Any]) -> Variable:
    values = dict(description)
    kinds: dict[str, Callable[..., Variable]] = {
        "float": Float,
        "int": Int,
        "choice": Choice.described_by,
        "bool": Bool,
        "ordinal": Ordinal.described_by,
    }
    return kinds[values.pop("kind")](**values)


def _constraint(description: dict[str, Any]) -> Constraint:
    values = dict(description)
    kinds = {"upper": Upper, "lower": Lower, "equal": Equal}
    made: Constraint = kinds[values.pop("kind")](**values)
    return made


def differing(stored: dict[str, Any], definition: Definition) -> dict[str, tuple[Any, Any]]:
    """In what a stored description and ``definition`` differ: what is stored, and what is given.

    By key of the description; where all other variables of a space agree, by ``space, NAME``.
    """
    given = definition.describe()
    found: dict[str, tuple[Any, Any]] = {}
    for key, there in stored.items():
        here = given.get(key)
        # As text: the order of objectives and variables is the order of columns.
        if json.dumps(there) == json.dumps(here) or (key == "name" and there in OLD_ADAPTERS):
            continue
        if key == "space" and _placeless(there) == _placeless(given["space"]):
            continue
        space = definition.space if key == "space" else None
        if isinstance(space, Space) and tuple(there.get("variables", ())) == space.names:
            found |= _differing_variables(there["variables"], space)
        else:
            found[key] = (there, here)
    return found


def _placeless(space: dict[str, Any]) -> str:
    """A description of a space, wherever its class stands: a script is also a module."""
    return json.dumps({**space, "kind": str(space.get("kind")).rpartition(":")[2]})


def _differing_variables(stored: dict[str, Any], space: Space) -> dict[str, tuple[Any, Any]]:
    return {
        f"space, {name}": (stored[name], variable.describe())
        for name, variable in space.variables.items()
        if not _is_variable(stored[name], variable)
    }


def _is_variable(stored: dict[str, Any], variable: Variable) -> bool:
    given = variable.describe()
    if stored["kind"] != given["kind"] or "values" not in stored:
        return json.dumps(stored) == json.dumps(given)
    if "are" in stored:  # texts may change, what they stand for may not
        return same_identity(stored["are"], given.get("are"))
    values = getattr(variable, "values", ())
    return len(values) == len(stored["values"]) and all(
        is_printed(text, value) for text, value in zip(stored["values"], values, strict=True)
    )
