"""What candidates logged, as one typed column a name.

A name whose values are all of one kind is a column of that type; anything else is JSON, a text a
value. A column has a row only for those who logged it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...typing import IntArray
from . import strict_json
from .columns import Writing
from .reading import Reading

Extras = dict[int, dict[str, Any]]

_TYPES: dict[type, Any] = {float: np.float64, int: np.int64, bool: np.bool_}


def write_extras(writing: Writing, group: str, ids: IntArray, extras: Extras) -> None:
    """Write what was logged, in the order of ``ids``."""
    columns: dict[str, tuple[list[int], list[Any]]] = {}
    for id in ids.tolist():
        for name, value in extras.get(id, {}).items():
            theirs, values = columns.setdefault(name, ([], []))
            theirs.append(id)
            values.append(value)
    for number, (name, (theirs, values)) in enumerate(columns.items()):
        plain = name.isascii() and name.isidentifier()
        _write_column(
            writing, f"{group}/{name if plain else f'{number}.'}", name, plain, theirs, values
        )  # HDF5 reads a slash as a folder


def _write_column(
    writing: Writing, path: str, name: str, plain: bool, ids: list[int], values: list[Any]
) -> None:
    array = _typed(values)
    texts = all(type(value) is str and "\0" not in value for value in values)
    copied = plain or writing.text_before(f"{path}/name") == strict_json.dumps(name)
    if not plain:
        writing.text(f"{path}/name", strict_json.dumps(name))
    writing.array(f"{path}/ids", np.array(ids, dtype=np.int64), ["logged"], copied=copied)
    if array is not None:
        writing.array(f"{path}/values", array, ["logged"], copied=copied)
        return
    if not texts:
        values = [strict_json.dumps(value) for value in values]
    writing.texts(f"{path}/values", values, "logged", copied=copied)
    if not texts:
        writing.attribute(path, "json", 1)


def _typed(values: list[Any]) -> Any:
    """The values as an array, if they are all numbers of one kind; else None."""
    kinds = {type(value) for value in values}
    dtype = _TYPES.get(kinds.pop()) if len(kinds) == 1 else None
    try:
        return None if dtype is None else np.array(values, dtype=dtype)
    except OverflowError:  # a whole number beyond 64 bits
        return None


def read_extras(reading: Reading, group: str, ids: IntArray) -> Extras:
    """By id, what was logged, in the order of ``ids``."""
    found: Extras = {}
    for path in _columns(reading, group):
        name = _name_of(reading, path)
        theirs = _ids_of(reading, path, ids)
        for id, value in zip(theirs, _values(reading, path, len(theirs)), strict=True):
            logged = found.setdefault(id, {})
            if name in logged:
                reading.wrong(f"two columns of /{group} are named {name!r:.100}")
            logged[name] = value
    return {id: found[id] for id in ids.tolist() if id in found}


def _columns(reading: Reading, group: str) -> list[str]:
    """Paths of the columns, in the order in which they were written."""
    inside = [path for path in reading.paths() if path.startswith(f"{group}/")]
    return list(dict.fromkeys(path.rpartition("/")[0] for path in inside))


def _name_of(reading: Reading, path: str) -> str:
    if reading.schema == 1:
        name = reading.parsed(path, str(reading.attribute(path, "name")))
    elif reading.has(f"{path}/name"):
        name = reading.json(f"{path}/name")
    else:
        name = path.rpartition("/")[2]
    if not isinstance(name, str):
        reading.wrong(f"the column {path} has no name")
    return name


def _ids_of(reading: Reading, path: str, ids: IntArray) -> list[int]:
    k = reading.rows(f"{path}/ids")
    if k > len(ids):
        reading.wrong(f"{path} has {k} rows, there are {len(ids)} candidates")
    theirs = reading.array(f"{path}/ids", np.int64, (k,))
    if len(np.unique(theirs)) != k or not np.isin(theirs, ids).all():
        reading.wrong(f"{path} has ids that are not those of candidates")
    logged: list[int] = theirs.tolist()
    return logged


def _values(reading: Reading, path: str, k: int) -> list[Any]:
    where = f"{path}/values"
    if not reading.has(where):
        reading.wrong(f"it has no {where}")
    dtype = reading.dtype(where)
    if dtype in _TYPES.values():
        values: list[Any] = reading.array(where, dtype, (k,)).tolist()
        return values
    texts = reading.texts(where, k)
    if not reading.attribute(path, "json"):
        return texts
    return [reading.parsed(where, text) for text in texts]
