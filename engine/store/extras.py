"""What candidates logged, as one typed column a name.

A name whose values are all of one kind is a column of that type; anything else is JSON, a text a
value. A column has a row only for those who logged it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .columns import read_array, read_texts, write_array, write_texts

Extras = dict[int, dict[str, Any]]

_TYPES: dict[type, Any] = {float: np.float64, int: np.int64, bool: np.bool_}


def write_extras(group: Any, extras: Extras, before: Any) -> None:
    """Write by id what was logged; ``before`` is the group that holds its first part, or {}."""
    columns: dict[str, tuple[list[int], list[Any]]] = {}
    for id, logged in extras.items():
        for name, value in logged.items():
            ids, values = columns.setdefault(name, ([], []))
            ids.append(id)
            values.append(value)
    for number, (name, (ids, values)) in enumerate(columns.items()):
        key = name if name.isidentifier() else f"{number}."  # HDF5 reads a slash as a folder
        column = group.create_group(key)
        column.attrs["name"] = json.dumps(name)
        old = before.get(key, {})
        write_array(column, "ids", np.array(ids, dtype=np.int64), old.get("ids"))
        array = _typed(values)
        texts = all(type(value) is str and "\0" not in value for value in values)
        if array is not None:
            write_array(column, "values", array, old.get("values"))
        else:
            write_texts(column, "values", values if texts else [json.dumps(v) for v in values])
        column.attrs["json"] = array is None and not texts


def _typed(values: list[Any]) -> Any:
    """The values as an array, if they are all numbers of one kind; else None."""
    kinds = {type(value) for value in values}
    dtype = _TYPES.get(kinds.pop()) if len(kinds) == 1 else None
    try:
        return None if dtype is None else np.array(values, dtype=dtype)
    except OverflowError:  # a whole number beyond 64 bits
        return None


def read_extras(group: Any) -> Extras:
    """By id, what was logged."""
    extras: Extras = {}
    for column in group.values():
        name = json.loads(column.attrs["name"])
        values: list[Any]
        if column["values"].dtype.kind == "O":
            texts = read_texts(column["values"])
            values = [json.loads(text) for text in texts] if column.attrs["json"] else texts
        else:
            values = read_array(column["values"]).tolist()
        for id, value in zip(read_array(column["ids"]).tolist(), values, strict=True):
            extras.setdefault(id, {})[name] = value
    return extras
