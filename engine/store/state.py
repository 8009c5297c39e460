"""The state of an algorithm in a sealed file: arrays by name, and one text of JSON for the rest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ParetideError, StoreCorrupt
from ...problems.definition import Definition
from . import strict_json
from .columns import Writing
from .plausible import LARGEST_ID
from .reading import Reading

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
    _check_lengths(reading, found)
    return found


def _check(reading: Reading, path: str, array: Any, definition: Definition) -> None:
    space = definition.space
    column = path.rpartition("_")[2]
    columns = {"X": space.n_var, "F": definition.n_obj, "G": definition.n_con}
    if column in columns and array.shape[1:] != (columns[column],):
        reading.wrong(f"{path} has shape {array.shape}, of {columns[column]} columns")
    dtypes = {"X": space.dtype, "F": np.float64, "G": np.float64}
    if column in dtypes and array.dtype != dtypes[column]:
        reading.wrong(f"{path} has dtype {array.dtype}, not {dtypes[column]}")
    if column == "ids" and (
        array.ndim != 1
        or array.dtype != np.int64
        or not ((array >= 0) & (array < LARGEST_ID)).all()
    ):
        reading.wrong(f"{path} are no ids")


def _check_lengths(reading: Reading, state: dict[str, Any]) -> None:
    """Refuse columns of one table, like ``parents_X`` and ``parents_F``, of different length."""
    lengths: dict[str, set[int]] = {}
    for name, array in state.items():
        table, _, column = name.rpartition("_")
        if column in ("ids", "X", "F", "G") and isinstance(array, np.ndarray):
            lengths.setdefault(table, set()).add(len(array))
    for table, found in lengths.items():
        if len(found) > 1:
            reading.wrong(f"state/{table} has columns of {sorted(found)} rows")


@contextlib.contextmanager
def believed(path: Path) -> Iterator[None]:
    """What fails in here fails because of what the file at ``path`` holds: raises StoreCorrupt."""
    try:
        yield
    except ParetideError:
        raise
    except Exception as error:  # a state can be wrong in every way
        raise StoreCorrupt(
            f"{path} is no sound run: its algorithm cannot go on from the state that it holds "
            f"({error!r:.300})"
        ) from error
