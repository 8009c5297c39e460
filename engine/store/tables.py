"""Finished evaluations as groups of a sealed file: ``evaluations``, ``failures`` and ``extras``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...problems.definition import Definition
from ...problems.encoded import BYTES, encode
from ...typing import IntArray
from ..records.evaluations import ARRAYS, MOST_PARENTS, Evaluations, empty
from ..records.outcome import Failed
from ..records.provenance import AS_DRAWN, OPERATORS
from .codec import FIRST_WITH_CHOICES, layout_of
from .columns import Writing
from .extras import read_extras, write_extras
from .plausible import faults
from .reading import Reading

_LABELS = {"X": "variable", "F": "objective", "G": "constraint", "parents": "parent"}


def write_table(writing: Writing, prefix: str, rows: Evaluations, *, copied: bool = True) -> None:
    """Write evaluations; ``copied`` if those of the file before are the first of them."""
    for name in ARRAYS:
        labels = ["evaluation"] + ([_LABELS[name]] if name in _LABELS else [])
        path, values = f"{prefix}evaluations/{name}", getattr(rows, name)
        if name == "X":
            values = encode(rows.definition.space, rows.X)
        if isinstance(values, list):
            writing.bytes(path, values, "evaluation", copied=copied)
        else:
            writing.array(path, values, labels, copied=copied)
    names = list(rows.operators)
    writing.texts(f"{prefix}evaluations/operators", names, "operators", copied=False)
    writing.texts(f"{prefix}evaluations/workers", list(rows.workers), "worker", copied=False)
    failed = [id for id in rows.ids.tolist() if id in rows.failures]
    ids = np.array(failed, dtype=np.int64)
    writing.array(f"{prefix}failures/ids", ids, ["failure"], copied=copied)
    for name in ("reason", "kind", "detail"):
        texts = [getattr(rows.failures[id], name) for id in failed]
        writing.texts(f"{prefix}failures/{name}", texts, "failure", copied=copied)
    write_extras(writing, f"{prefix}extras", rows.ids, rows.extras)


def read_table(reading: Reading, prefix: str, definition: Definition) -> Evaluations:
    """Read evaluations. Raises StoreCorrupt for what cannot have been evaluated."""
    n = reading.rows(f"{prefix}evaluations/ids")
    layout = layout_of(empty(definition, n_parents=_n_parents(reading, prefix)))
    if reading.schema < FIRST_WITH_CHOICES:
        del layout["choice"]
    shapes = {
        name: (np.dtype(dtype), (n, *row))
        for name, (dtype, row) in layout.items()
        if dtype != BYTES[0]
    }
    for name, shape in shapes.items():  # all before any is read: those not packed bound the rest
        reading.check(f"{prefix}evaluations/{name}", *shape)
    columns: dict[str, Any] = {
        name: reading.array(f"{prefix}evaluations/{name}", *shape) for name, shape in shapes.items()
    }
    if "choice" not in columns:
        columns["choice"] = np.full(n, AS_DRAWN, dtype=np.int32)
    if "X" not in columns:
        columns["X"] = reading.bytes(f"{prefix}evaluations/X", n) if n else []
    columns["X"] = definition.space.decode(columns["X"])
    workers, operators = (
        reading.texts(names, reading.text_rows(names))
        for names in (f"{prefix}evaluations/workers", f"{prefix}evaluations/operators")
    )
    rows = Evaluations(
        **columns,
        workers=tuple(workers),
        failures=_failures(reading, prefix, n),
        extras=read_extras(reading, f"{prefix}extras", columns["ids"]),
        definition=definition,
        operators=tuple(operators) or OPERATORS,  # older files have them of one table only
    )
    for fault in faults(rows):
        reading.wrong(f"{prefix}evaluations has {fault}")
    return rows


def _n_parents(reading: Reading, prefix: str) -> int:
    """How many parents a child has."""
    shape = reading.shape(f"{prefix}evaluations/parents")
    if shape is None:
        return 2
    if len(shape) != 2 or not 1 <= shape[1] <= MOST_PARENTS:
        reading.wrong(f"{prefix}evaluations/parents has shape {shape}")
    return shape[1]


def _failures(reading: Reading, prefix: str, n: int) -> dict[int, Failed]:
    k = reading.rows(f"{prefix}failures/ids")
    if k > n:
        reading.wrong(f"{prefix}failures has {k} rows, there are {n} candidates")
    ids = reading.array(f"{prefix}failures/ids", np.int64, (k,))
    texts = [reading.texts(f"{prefix}failures/{name}", k) for name in ("reason", "kind", "detail")]
    return {
        id: Failed(reason, kind, detail)
        for id, reason, kind, detail in zip(ids.tolist(), *texts, strict=True)
    }


def check_parents(reading: Reading, rows: Evaluations, everyone: IntArray) -> None:
    """Refuse parents that have not been evaluated."""
    if not np.isin(rows.parents[rows.parents >= 0], everyone).all():
        reading.wrong("evaluations has parents that have not been evaluated")
