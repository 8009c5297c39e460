"""A definition made again from its JSON, so that a store can be read without the user's code.

Values of a choice that JSON cannot hold come back as the text they were printed as.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .constraints import Constraint, Equal, Lower, Upper
from .definition import DIRECTIONS, Definition
from .space import Binary, Integer, Real, SearchSpace, Space
from .variables import Bool, Choice, Float, Int, Ordinal, Variable


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
    return Space({name: _variable(v) for name, v in description["variables"].items()})


def _variable(description: dict[str, Any]) -> Variable:
    values = dict(description)
    kinds = {"float": Float, "int": Int, "choice": Choice, "bool": Bool, "ordinal": Ordinal}
    made: Variable = kinds[values.pop("kind")](**values)
    return made


def _constraint(description: dict[str, Any]) -> Constraint:
    values = dict(description)
    kinds = {"upper": Upper, "lower": Lower, "equal": Equal}
    made: Constraint = kinds[values.pop("kind")](**values)
    return made
