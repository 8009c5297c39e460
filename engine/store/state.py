"""The state of an algorithm in a sealed file: arrays by name, and one text of JSON for the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...problems.definition import Definition
from . import strict_json
from .columns import Writing
from .reading import Reading
from .tables import LARGEST_ID

_SCALARS, _NAMES = "state/scalars", "state/names"


def write_state(writing: Writing, state: dict[str, Any]) -> None:
    """Write a state; names that HDF5 would read as folders are numbered."""
    scalars, names = {}, {}
    for number, (name, value) in enumerate(state.items()):
        if not isinstance(value, np.ndarray):
            scalars[name] = value
            continue
        plain = name.isascii() and name.isidentifier() and name not in ("scalars", "names")
        key = name if plain else f"{number}."
        if key != name:
            names[key] = name
        writing.array(f"state/{key}", value, packed=False, copied=False)
    writing.text(_SCALARS, strict_json.dumps(scalars))
    if names:
        writing.text(_NAMES, strict_json.dumps(names))


def read_state(reading: Reading, definition: Definition) -> dict[str, Any]:
    """Read a state. Raises StoreCorrupt for what cannot be one.

    What the names of arrays say is checked: candidates ``X``, their values ``F`` and ``G`` have as
    many columns as the problem, and ``ids`` are ids.
    """
    state = reading.json(_SCALARS)
    names = reading.json(_NAMES) if reading.has(_NAMES) else {}
    if not isinstance(state, dict) or not isinstance(names, dict):
        reading.wrong("the state of its algorithm is no object")
    for path in reading.paths():
        group, _, key = path.rpartition("/")
        if group == "state" and path not in (_SCALARS, _NAMES):
            array = reading.free_array(path)
            _check(reading, path, array, definition)
            state[names.get(key, key)] = array
    found: dict[str, Any] = state
    return found


def _check(reading: Reading, path: str, array: Any, definition: Definition) -> None:
    space = definition.space
    column = path.rpartition("_")[2]
    columns = {"X": space.n_var, "F": definition.n_obj, "G": definition.n_con}
    if column in columns and array.shape[1:] != (columns[column],):
        reading.wrong(f"{path} has shape {array.shape}, of {columns[column]} columns")
    if column == "X" and array.dtype != space.dtype:
        reading.wrong(f"{path} has dtype {array.dtype}, not {space.dtype}")
    if column == "ids" and (
        array.ndim != 1
        or array.dtype != np.int64
        or not ((array >= 0) & (array < LARGEST_ID)).all()
    ):
        reading.wrong(f"{path} are no ids")
