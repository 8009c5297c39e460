"""What a file says its run was asked to do: checked before it is believed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...problems.definition import Definition
from ...problems.description import definition_from
from .columns import stored_text
from .reading import Reading
from .stamp import RUN_ID

_TEXT, _OBJECT, _WHOLE = (str,), (dict,), (int,)

_PARTS: dict[str, tuple[type, ...]] = {
    "run_id": _TEXT,
    "created": _TEXT,
    "problem": _OBJECT,
    "problem.target": _TEXT,
    "problem.arguments": _OBJECT,
    "problem.reason": _TEXT,
    "problem.definition": _OBJECT,
    "problem.definition.name": _TEXT,
    "problem.definition.space": _OBJECT,
    "problem.definition.space.kind": _TEXT,
    "problem.definition.objectives": _OBJECT,
    "problem.definition.constraints": _OBJECT,
    "algorithm": _OBJECT,
    "algorithm.name": _TEXT,
    "algorithm.settings": _OBJECT,
    "budget": (int, type(None)),
    "seed": _WHOLE,
    "cache": (bool,),
    "executor": _OBJECT,
    "executor.name": _TEXT,
    "versions": _OBJECT,
    "versions.paretide": _TEXT,
}
"""What every reader of a specification expects, and of what type."""

_LATER: dict[str, tuple[type, ...]] = {
    "first_budget": (int, type(None)),
    "cost": _OBJECT,
    "initial": _TEXT,
    "events": (list,),
    "rules": _WHOLE,
}
"""What older files have not."""


def read_specification(reading: Reading) -> dict[str, Any]:
    """The specification. Raises StoreCorrupt if a part is missing or of another type."""
    specification = reading.json("specification")
    for where, types in _PARTS.items():
        part = specification
        for name in where.split("."):
            if not isinstance(part, dict) or name not in part:
                reading.wrong(f"its specification has no {where}")
            part = part[name]
        if type(part) not in types:
            reading.wrong(f"{where} of its specification is {part!r:.80}")
    for name, types in _LATER.items():
        if name in specification and type(specification[name]) not in types:
            reading.wrong(f"{name} of its specification is {specification[name]!r:.80}")
    if not RUN_ID.fullmatch(specification["run_id"]):
        reading.wrong(f"its run has the id {specification['run_id']!r:.80}")
    try:
        datetime.fromisoformat(specification["created"])
    except ValueError:
        reading.wrong(f"its specification was created at {specification['created']!r:.80}")
    found: dict[str, Any] = specification
    return found


def read_definition_of(reading: Reading, specification: dict[str, Any]) -> Definition:
    """The problem's definition. Raises StoreCorrupt if it is none, or larger than the file says."""
    described = specification["problem"]["definition"]
    variables = reading.text_rows("evaluations/variables")
    length = described["space"].get("n", 1)
    if type(length) is not int or length > variables:  # before anything is made of it
        reading.wrong(f"its space has {length!r:.80} variables, and names of {variables}")
    try:
        definition = definition_from(described)
    except Exception as error:  # a description can be wrong in every way
        reading.wrong(f"its problem cannot be understood: {error!r:.300}")
    for name, texts in names_of(definition).items():
        path = f"evaluations/{name}"
        if reading.texts(path, reading.text_rows(path)) != [stored_text(text) for text in texts]:
            reading.wrong(f"{path} are not those of its specification")
    return definition


def names_of(definition: Definition) -> dict[str, list[str]]:
    """The names of columns that a file holds beside them, for those who read no JSON."""
    return {
        "objectives": list(definition.objectives),
        "directions": list(definition.objectives.values()),
        "constraints": list(definition.constraints),
        "variables": list(definition.space.names),
    }
