"""Finished evaluations as groups of a sealed file: ``evaluations``, ``failures`` and ``extras``."""

from __future__ import annotations

import numpy as np

from ...problems.definition import Definition
from ...typing import IntArray
from ..evaluations import ARRAYS, Evaluations, empty
from ..outcome import Failed
from .columns import Writing
from .extras import read_extras, write_extras
from .plausible import faults
from .reading import Reading

_LABELS = {"X": "variable", "F": "objective", "G": "constraint", "parents": "parent"}


def write_table(writing: Writing, prefix: str, rows: Evaluations, *, copied: bool = True) -> None:
    """Write evaluations; ``copied`` if those of the file before are the first of them."""
    for name in ARRAYS:
        labels = ["evaluation"] + ([_LABELS[name]] if name in _LABELS else [])
        writing.array(f"{prefix}evaluations/{name}", getattr(rows, name), labels, copied=copied)
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
    columns = {
        name: reading.array(f"{prefix}evaluations/{name}", column.dtype, (n, *column.shape[1:]))
        for name, column in ((name, getattr(empty(definition), name)) for name in ARRAYS)
    }
    workers = reading.texts(
        f"{prefix}evaluations/workers", reading.rows(f"{prefix}evaluations/workers")
    )
    rows = Evaluations(
        **columns,
        workers=tuple(workers),
        failures=_failures(reading, prefix, n),
        extras=read_extras(reading, f"{prefix}extras", columns["ids"]),
        definition=definition,
    )
    for fault in faults(rows):
        reading.wrong(f"{prefix}evaluations has {fault}")
    return rows


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
