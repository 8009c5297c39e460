"""Finished evaluations as groups of a sealed file: ``evaluations``, ``failures`` and ``extras``."""

from __future__ import annotations

import numpy as np

from ...problems.definition import Definition
from ...typing import BoolArray, IntArray
from ..born import OPERATORS
from ..evaluations import ARRAYS, Evaluations, empty
from ..outcome import EVALUATED, FAILED, Failed
from .columns import Writing
from .extras import read_extras, write_extras
from .reading import Reading

LARGEST_ID = 2**48
"""Beyond every id; and small enough to be counted with."""

_LABELS = {"X": "variable", "F": "objective", "G": "constraint", "parents": "parent"}
_TOLERANCE = 1e-9
"""By which a value may lie outside its bounds: a logarithm and back may change the last digits."""


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
    _check(reading, prefix, rows)
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


def _check(reading: Reading, prefix: str, rows: Evaluations) -> None:
    """Refuse what no run can have evaluated."""

    def need(right: BoolArray | bool, what: str) -> None:
        if not np.all(right):
            reading.wrong(f"{prefix}evaluations has {what}")

    done, failed = rows.status == EVALUATED, rows.status == FAILED
    need(len(np.unique(rows.ids)) == len(rows), "an id twice")
    need((rows.ids >= 0) & (rows.ids < LARGEST_ID), "ids that are none")
    need(done | failed, "a status that is neither evaluated nor failed")
    need(set(rows.ids[failed].tolist()) == set(rows.failures), "other failures than are told")
    need(np.isfinite(rows.F[done]), "objectives that are not finite")
    need(~np.isnan(rows.G[done]), "constraints that are no numbers")
    need(np.isnan(rows.F[failed]) & True, "objectives of what has failed")
    need(rows.generation >= 0, "generations below 0")
    need((rows.parents >= -1) & (rows.parents < rows.ids[:, None]), "parents after their children")
    need(rows.operator_code < len(OPERATORS), "operators that this paretide does not know")
    need((rows.worker_code >= 0) & (rows.worker_code < len(rows.workers)), "unknown workers")
    need(np.isfinite(rows.seconds) & (rows.seconds >= 0), "times that are none")
    need(_inside(rows), "candidates outside their space")


def _inside(rows: Evaluations) -> BoolArray:
    """(n, n_var) bool, True where a value is one of its variable."""
    if rows.X.dtype == np.bool_ or not len(rows):
        return np.ones(rows.X.shape, dtype=np.bool_)
    space, layout = rows.definition.space, rows.definition.space.layout
    lower, upper = (space.from_working(z[None, :])[0] for z in (layout.lower, layout.upper))
    slack = _TOLERANCE * np.maximum(np.abs(lower), np.abs(upper))
    X = rows.X
    whole = space.continuous | (np.rint(X) == X)
    return np.asarray((lower - slack <= X) & (upper + slack >= X) & whole)


def check_parents(reading: Reading, rows: Evaluations, everyone: IntArray) -> None:
    """Refuse parents that have not been evaluated."""
    if not np.isin(rows.parents[rows.parents >= 0], everyone).all():
        reading.wrong("evaluations has parents that have not been evaluated")
