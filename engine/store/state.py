"""The state of an algorithm in a sealed file: arrays by name, and one text of JSON for the rest."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConfigurationError, StoreCorrupt, StoreError
from ...problems.definition import Definition
from ...problems.encoded import BYTES, encode
from ...problems.stand_in import StandIn
from ...typing import SearchSpace
from ..records.evaluations import MOST_PARENTS
from . import strict_json
from .columns import Writing, offsets_of
from .reading import Reading

LARGEST_COUNT = 2**62
"""Beyond everything that a state counts, and small enough to be counted on from."""

_SCALARS, _NAMES, _ENCODED = "state/scalars", "state/names", "state/encoded"
_TEXTS = (_SCALARS, _NAMES, _ENCODED)

_COLUMN = re.compile(
    r"state/(?P<table>(run\d+_)?(parents|offspring|late|open|members|waiting|initial|refused))_"
    r"(?P<column>ids|X|F|G|parents|operator|choice|status|generation|told|rank|crowding|by_value)"
)
"""Arrays of our own algorithms that are tables of candidates."""


def write_state(writing: Writing, state: dict[str, Any], space: SearchSpace) -> None:
    """Write a state; names that HDF5 would read as folders are numbered.

    Arrays of objects are candidates, and written as their space encodes them.
    """
    scalars, names, encoded = {}, {}, {}
    for number, (name, value) in enumerate(state.items()):
        if not isinstance(value, np.ndarray):
            scalars[name] = value
            continue
        plain = name.isascii() and name.isidentifier() and f"state/{name}" not in _TEXTS
        key = name if plain else f"{number}."
        if key != name:
            names[key] = name
        stored: Any = value
        if value.dtype == object:
            stored = encode(space, _candidates(name, value, space))
            encoded[key] = len(value)
        if isinstance(stored, list):
            writing.bytes(f"state/{key}", stored, "candidate", copied=False)
        else:
            writing.array(f"state/{key}", stored, packed=False, copied=False)
    writing.text(_SCALARS, strict_json.dumps(scalars))
    if encoded:
        writing.text(_ENCODED, strict_json.dumps(encoded))
    if names:
        writing.text(_NAMES, strict_json.dumps(names))


def _candidates(name: str, values: Any, space: SearchSpace) -> Any:
    """An array of objects of a state, which must be candidates; raises ConfigurationError."""
    if values.ndim != 2 or values.shape[1] != space.n_var or space.dtype != object:
        raise ConfigurationError(
            f"{name!r:.80} of the algorithm's state is an array of objects of shape "
            f"{values.shape}: a file holds numbers, and candidates (n, {space.n_var}) of {space!r}"
        )
    return values


def read_state(reading: Reading, definition: Definition, finished: int) -> dict[str, Any]:
    """Read a state. Raises StoreCorrupt for what cannot be one.

    Args:
        reading: Of the file.
        definition: Of the problem.
        finished: Candidates that were evaluated.

    Tables of candidates that our own algorithms keep are checked: candidates ``X``, their values
    ``F`` and ``G`` have as many columns as the problem, and ``ids`` are ids.
    """
    state = reading.json(_SCALARS)
    names, encoded = (
        reading.json(path) if reading.has_text(path) else {} for path in (_NAMES, _ENCODED)
    )
    if not all(isinstance(part, dict) for part in (state, names, encoded)):
        reading.wrong("the state of its algorithm is no object")
    for name, value in state.items():
        if isinstance(value, int) and abs(value) >= LARGEST_COUNT:
            reading.wrong(f"{name!r:.80} of its state is beyond every count")
    offsets = {offsets_of(f"state/{key}") for key in encoded}
    for key, n in encoded.items():
        state[names.get(key, key)] = _read_candidates(reading, key, n, definition.space)
    for path in reading.paths():
        group, _, key = path.rpartition("/")
        text = path in _TEXTS and reading.has_text(path)
        if group == "state" and not text and path not in offsets and key not in encoded:
            array = reading.free_array(path)
            _check(reading, path, array, definition)
            state[names.get(key, key)] = array
    found: dict[str, Any] = state
    _check_lengths(reading, found)
    _check_ids(reading, found, finished)
    return found


def _read_candidates(reading: Reading, key: str, n: Any, space: SearchSpace) -> Any:
    """Candidates as a ``StandIn`` has them, of which the state says that there are ``n``."""
    path = f"state/{key}"
    if not isinstance(space, StandIn) or type(n) is not int or not 0 <= n <= reading.size:
        reading.wrong(f"{path} holds {n!r:.80} candidates of {space!r:.200}")
    dtype, shape = space.form
    if space.form == BYTES:
        return space.decode(reading.bytes(path, n))
    return space.decode(reading.array(path, np.dtype(dtype), (n, *shape)))


def _check(reading: Reading, path: str, array: Any, definition: Definition) -> None:
    """Refuse a column of a table of our own algorithms that is none."""
    if not (found := _COLUMN.fullmatch(path)):
        return
    column, space = found["column"], definition.space
    rows = {"X": space.n_var, "F": definition.n_obj, "G": definition.n_con}
    if column == "parents" and array.ndim == 2 and 1 <= array.shape[1] <= MOST_PARENTS:
        rows["parents"] = array.shape[1]
    inner = (rows[column],) if column in rows else ()
    if column == "by_value":
        ordered = array.ndim == 2 and (np.sort(array) == np.arange(array.shape[1])).all()
        if not ordered or array.dtype != np.int64:  # kernels would follow it anywhere
            reading.wrong(f"{path} is no order")
    elif array.ndim == 0 or array.shape[1:] != inner:
        reading.wrong(f"{path} has shape {array.shape}, not (k, {inner})")
    dtypes = {"X": space.dtype, "F": np.float64, "G": np.float64, "crowding": np.float64}
    if isinstance(space, StandIn):  # which may store them in another way than the state does
        del dtypes["X"]
        if column == "X":
            return
    if column in dtypes and array.dtype != dtypes[column]:
        reading.wrong(f"{path} has dtype {array.dtype}, not {dtypes[column]}")
    if column not in dtypes and array.dtype.kind not in "iu":
        reading.wrong(f"{path} has dtype {array.dtype}, and holds whole numbers")
    if column == "rank" and not ((array >= 0) & (array < len(array))).all():
        reading.wrong(f"{path} are no ranks")


def _check_lengths(reading: Reading, state: dict[str, Any]) -> None:
    """Refuse columns of one table, like ``parents_X`` and ``parents_F``, of different length."""
    lengths: dict[str, set[int]] = {}
    for name, array in state.items():
        found = _COLUMN.fullmatch(f"state/{name}")
        if found and found["column"] != "by_value" and isinstance(array, np.ndarray):
            lengths.setdefault(found["table"], set()).add(len(array))
    for table, different in lengths.items():
        if len(different) > 1:
            reading.wrong(f"state/{table} has columns of {sorted(different)} rows")


def _check_ids(reading: Reading, state: dict[str, Any], finished: int) -> None:
    """Refuse ids beyond all that can have been asked for: what has finished, and what is kept."""
    columns = {
        name: found["column"]
        for name in state
        if (found := _COLUMN.fullmatch(f"state/{name}")) is not None
    }
    kept = sum(
        len(state[name])
        for name, column in columns.items()
        if column == "X" and name != "refused_X"  # none of them has such an id
    )
    for name, column in columns.items():
        if column == "ids" and not ((state[name] >= 0) & (state[name] < finished + kept)).all():
            reading.wrong(f"state/{name} are no ids")


@contextlib.contextmanager
def believed(path: Path) -> Iterator[None]:
    """What fails in here fails because of what the file at ``path`` holds: raises StoreCorrupt."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:  # a state can be wrong in every way
        raise StoreCorrupt(
            f"{path} is no sound run: nothing can go on from the settings and the state that it "
            f"holds ({error!r:.300})"
        ) from error
