"""Journal records as bytes: JSON for what has names, raw arrays for the rest. No pickle.

payload = kind (1 byte), length of JSON (uint32), JSON, arrays one after the other
kind E  = evaluations: the columns of ``Evaluations`` in the order of ``ARRAYS``, of the candidates
          what their space encodes
kind P  = population of a generation: its ids
kind R  = as E, of candidates that were evaluated again
kind C  = choices of a screen, of candidates with ids in a row: which of the children drawn for
          it each is (int32), what the screen remembers, and of those that were made on its
          model, in order, what their space encodes and the ids of their parents

The JSON is strict (``strict_json.py``); that of schema 1 is not.
"""

from __future__ import annotations

import functools
import json
import math
import struct
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ...errors import StoreCorrupt
from ...problems.definition import Definition
from ...problems.encoded import BYTES, encode, form_of, little, parted
from ...typing import Candidates, IntArray, SearchSpace
from ..records.evaluations import ARRAYS, Evaluations
from ..records.outcome import Failed
from ..records.provenance import AS_DRAWN, EVOLVED, OPERATORS, Choices, Made
from . import strict_json

_HEAD = struct.Struct("<cII")
EVALUATIONS, POPULATION, RETRIED, CHOICES = b"E", b"P", b"R", b"C"

FIRST_WITH_CHOICES = 3
"""Version of the schema: older ones have no column of choices."""

Layout: TypeAlias = dict[str, tuple[str, list[int]]]
"""Of the columns of ``Evaluations`` in order: dtype, and shape of a row."""


@dataclass(frozen=True)
class Retried:
    """Outcomes of candidates that failed and were evaluated again."""

    rows: Evaluations


Event: TypeAlias = Evaluations | tuple[int, IntArray] | Retried | Choices
"""What a record tells: finished evaluations, a generation and the ids of its population,
candidates that were evaluated again, or choices of a screen."""


def layout_of(rows: Evaluations) -> Layout:
    """The layout that all evaluations of a run share; JSON."""
    columns = {name: getattr(rows, name) for name in ARRAYS}
    layout = {n: (little(c.dtype), list(c.shape[1:])) for n, c in columns.items()}
    dtype, shape = form_of(rows.definition.space)
    return {**layout, "X": (dtype, list(shape))}


def encode_evaluations(rows: Evaluations, *, retried: bool = False) -> bytes:
    """A record of kind E, or R."""
    kind = RETRIED if retried else EVALUATIONS
    arrays = [
        _bytes_of(rows.definition.space, rows.X) if name == "X" else getattr(rows, name).tobytes()
        for name in ARRAYS
    ]
    if not rows.failures and not rows.extras:
        return _framed(kind, len(rows), _names_alone(rows.workers, rows.operators), arrays)
    named = _names(rows.workers, rows.operators)
    if rows.failures:
        named["failures"] = [[i, f.reason, f.kind, f.detail] for i, f in rows.failures.items()]
    if rows.extras:
        named["extras"] = list(rows.extras.items())
    return _framed(kind, len(rows), strict_json.dumps(named).encode(), arrays)


def _bytes_of(space: SearchSpace, X: Candidates) -> bytes:
    """Candidates; of those that are bytes of any length the lengths (int64), then the bytes."""
    encoded = encode(space, X)
    if isinstance(encoded, list):
        lengths = np.array([len(row) for row in encoded], dtype=np.int64)
        return lengths.tobytes() + b"".join(encoded)
    return encoded.tobytes()


def _names(workers: tuple[str, ...], operators: tuple[str, ...]) -> dict[str, Any]:
    """Names of what columns hold codes of; of operators, unless they are paretide's own."""
    if operators == OPERATORS:
        return {"workers": workers}
    return {"workers": workers, "operators": operators}


@functools.lru_cache(maxsize=1024)
def _names_alone(workers: tuple[str, ...], operators: tuple[str, ...]) -> bytes:
    """What most records have in common."""
    return strict_json.dumps(_names(workers, operators)).encode()


def encode_population(generation: int, ids: IntArray) -> bytes:
    """A record of kind P."""
    named = json.dumps({"generation": generation}).encode()
    return _framed(POPULATION, len(ids), named, [ids.tobytes()])


def encode_choices(choices: Choices, space: SearchSpace) -> bytes:
    """A record of kind C; ``space`` is that of the candidates."""
    named: dict[str, Any] = {"first": choices.first}
    arrays = [choices.choice.tobytes()]
    if choices.memory is not None:
        memory = {name: np.asarray(array) for name, array in choices.memory.items()}
        named["memory"] = [[name, little(a.dtype), list(a.shape)] for name, a in memory.items()]
        arrays += [array.tobytes() for array in memory.values()]
    if choices.made is not None:
        arrays += [_bytes_of(space, choices.made.X), choices.made.parents.tobytes()]
    return _framed(CHOICES, len(choices.choice), strict_json.dumps(named).encode(), arrays)


def _framed(kind: bytes, rows: int, text: bytes, arrays: list[bytes]) -> bytes:
    return b"".join([_HEAD.pack(kind, rows, len(text)), text, *arrays])


def decode(payload: bytes, layout: Layout, definition: Definition, *, strict: bool = True) -> Event:
    """What a record holds; ``strict`` unless it is one of schema 1.

    Raises StoreCorrupt for anything of another structure.
    """
    try:
        kind, rows, length = _HEAD.unpack_from(payload)
        text = payload[_HEAD.size : _HEAD.size + length].decode()
        named = strict_json.loads(text) if strict else json.loads(text)
        data = payload[_HEAD.size + length :]
        if kind == POPULATION:
            return _decode_population(named, rows, data)
        if kind == CHOICES:
            return _decode_choices(named, rows, data, layout, definition)
        if kind in (EVALUATIONS, RETRIED):
            found = _decode_evaluations(named, rows, data, layout, definition)
            return found if kind == EVALUATIONS else Retried(found)
    except (
        struct.error, ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError,
    ) as error:  # fmt: skip
        raise StoreCorrupt(f"a journal record cannot be read: {error!r}") from error
    raise StoreCorrupt(f"a journal record has the unknown kind {kind!r}")


def _decode_population(named: dict[str, Any], rows: int, data: bytes) -> tuple[int, IntArray]:
    generation, ids = named["generation"], np.frombuffer(data, "<i8").astype(np.int64)
    _need(type(generation) is int and generation >= 0, f"the generation {generation!r:.100}")
    _need(len(ids) == rows, f"{len(ids)} ids of {rows}")
    return generation, ids


def _decode_choices(
    named: dict[str, Any], rows: int, data: bytes, layout: Layout, definition: Definition
) -> Choices:
    first, choice = named["first"], np.frombuffer(data, "<i4", rows).astype(np.int32)
    _need(type(first) is int and first >= 0, f"choices from the id {first!r:.100} on")
    _need(not (choice < EVOLVED).any(), "choices of nobody")
    offset, memory, made = choice.nbytes, None, None
    if "memory" in named:
        memory = {}
        for name, dtype, shape in named["memory"]:
            kind = np.dtype(dtype)
            _need(
                kind.kind in "biuf" and all(type(n) is int and n >= 0 for n in shape), "no memory"
            )
            array = np.frombuffer(data, kind, math.prod(shape), offset).reshape(shape)
            memory[str(name)] = array.astype(kind.newbyteorder("="))
            offset += array.nbytes
    ids = first + np.flatnonzero(choice == EVOLVED)
    if len(ids):
        X, offset = _column(data, offset, len(ids), *layout["X"])
        parents, offset = _column(data, offset, len(ids), *layout["parents"])
        made = Made(definition.space.decode(X), parents)
        _need(bool(np.all(definition.space.contains(made.X))), "candidates outside their space")
        older = (parents >= -1) & (parents < ids[:, None])
        _need(bool(older.all()), "parents that were born after their children")
    _need(offset == len(data), f"{len(data)} bytes of choices, {offset} are needed")
    return Choices(first, choice, memory, made)


def _column(
    data: bytes, offset: int, rows: int, dtype: str, row_shape: list[int]
) -> tuple[Any, int]:
    """The column that begins there, and where it ends."""
    if (dtype, tuple(row_shape)) == BYTES:
        lengths = np.frombuffer(data, "<i8", rows, offset)
        begin = offset + lengths.nbytes
        _need(not rows or lengths.min() >= 0, "candidates of less than no bytes")
        end = begin + sum(lengths.tolist())
        _need(end <= len(data), "candidates beyond its end")
        return parted(data[begin:end], np.concatenate([[0], np.cumsum(lengths)])), end
    shape = (rows, *row_shape)
    column = np.frombuffer(data, dtype, math.prod(shape), offset).reshape(shape)
    return column.astype(column.dtype.newbyteorder("=")), offset + column.nbytes


def _decode_evaluations(
    named: dict[str, Any], rows: int, data: bytes, layout: Layout, definition: Definition
) -> Evaluations:
    columns: dict[str, Any] = {}
    offset = 0
    for name, (dtype, row_shape) in layout.items():
        columns[name], offset = _column(data, offset, rows, dtype, row_shape)
    _need(offset == len(data), f"{len(data)} bytes of columns, {offset} are needed")
    columns["X"] = definition.space.decode(columns["X"])
    columns.setdefault("choice", np.full(rows, AS_DRAWN, dtype=np.int32))
    operators = named.get("operators", list(OPERATORS))
    _need(_texts(operators), f"the operators {operators!r:.100}")
    workers, failures, extras = named["workers"], named.get("failures", []), named.get("extras", [])
    _need(_texts(workers), f"the workers {workers!r:.100}")
    _need(
        all(type(i) is int and _texts(told) and len(told) == 3 for i, *told in failures),
        f"the failures {failures!r:.100}",
    )
    _need(
        all(type(i) is int and isinstance(logged, dict) for i, logged in extras),
        f"the logged values {extras!r:.100}",
    )
    codes = columns["worker_code"]
    _need(not rows or 0 <= codes.min() <= codes.max() < len(workers), "workers without a name")
    return Evaluations(
        **columns,
        workers=tuple(workers),
        failures={i: Failed(*told) for i, *told in failures},
        extras=dict(extras),
        definition=definition,
        operators=tuple(operators),
    )


def _texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _need(right: bool, wrong: str) -> None:
    if not right:
        raise StoreCorrupt(f"a journal record has {wrong}")
