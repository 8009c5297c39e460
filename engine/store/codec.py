"""Journal records as bytes: JSON for what has names, raw arrays for the rest. No pickle.

payload      = kind (1 byte), length of JSON (uint32), JSON, arrays one after the other
kind E       = evaluations: the columns of ``Evaluations`` in the order of ``ARRAYS``, without
``worker`` kind P       = population of a generation: its ids
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from ...errors import StoreCorrupt
from ...problems.definition import Definition
from ...typing import IntArray
from ..evaluations import ARRAYS, Evaluations
from ..outcome import Failed

_HEAD = struct.Struct("<cI")
EVALUATIONS, POPULATION = b"E", b"P"
RAW = tuple(name for name in ARRAYS if name != "worker")


def encode_evaluations(rows: Evaluations) -> bytes:
    """A record of kind E."""
    columns = {name: np.ascontiguousarray(getattr(rows, name)) for name in RAW}
    workers = list(dict.fromkeys(rows.worker.tolist()))
    head = {
        "arrays": {name: [a.dtype.str, list(a.shape)] for name, a in columns.items()},
        "workers": workers,
        "worker": [workers.index(w) for w in rows.worker] if len(workers) > 1 else 0,
        "failures": {str(id): [f.reason, f.kind, f.detail] for id, f in rows.failures.items()},
        "extras": {str(id): extra for id, extra in rows.extras.items()},
    }
    return _encode(EVALUATIONS, head, [a.tobytes() for a in columns.values()])


def encode_population(generation: int, ids: IntArray) -> bytes:
    """A record of kind P."""
    return _encode(POPULATION, {"generation": generation}, [ids.astype("<i8").tobytes()])


def _encode(kind: bytes, head: dict[str, Any], arrays: list[bytes]) -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode()
    return b"".join([_HEAD.pack(kind, len(text)), text, *arrays])


def decode(payload: bytes, definition: Definition) -> Evaluations | tuple[int, IntArray]:
    """What a record holds: evaluations, or a generation and the ids of its population."""
    try:
        kind, length = _HEAD.unpack_from(payload)
        head = json.loads(payload[_HEAD.size : _HEAD.size + length])
        data = payload[_HEAD.size + length :]
        if kind == POPULATION:
            return int(head["generation"]), np.frombuffer(data, "<i8").astype(np.int64)
        if kind == EVALUATIONS:
            return _decode_evaluations(head, data, definition)
    except (struct.error, ValueError, KeyError, TypeError, IndexError) as error:
        raise StoreCorrupt(f"a journal record cannot be read: {error!r}") from error
    raise StoreCorrupt(f"a journal record has the unknown kind {kind!r}")


def _decode_evaluations(head: dict[str, Any], data: bytes, definition: Definition) -> Evaluations:
    columns: dict[str, Any] = {}
    offset = 0
    for name in RAW:
        dtype, shape = np.dtype(head["arrays"][name][0]), tuple(head["arrays"][name][1])
        count = int(np.prod(shape))
        columns[name] = np.frombuffer(data, dtype, count, offset).reshape(shape)
        offset += count * dtype.itemsize
    workers = np.array(head["workers"], dtype=object)
    codes = head["worker"]
    columns["worker"] = workers[np.full(len(columns["ids"]), codes) if codes == 0 else codes]
    return Evaluations(
        **columns,
        failures={int(id): Failed(*f) for id, f in head["failures"].items()},
        extras={int(id): extra for id, extra in head["extras"].items()},
        definition=definition,
    )
