"""Runs as rows of named values, for other programs: JSON and CSV."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Mapping
from typing import Any, TextIO

import numpy as np

from .engine.records.frames import LOGGED, named_columns
from .engine.records.plain_text import lines
from .engine.runs.run import Run

FORMULA = re.compile(r"[\s']*[=+\-@＝＋－＠]|'*[\t\n]")
"""How a text begins that a spreadsheet calculates, or takes for the start of another cell."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
"""A text that a spreadsheet reads as the number which it is."""


def strict(value: Any) -> Any:
    """``value`` as every JSON parser reads it: NaN and infinities are null.

    NumPy's scalars and arrays are numbers and lists, sets are lists, keys are texts, and anything
    that JSON has not is a text.
    """
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [strict(item) for item in value]
    return str(value)


def json_text(value: Any, indent: int | None = None) -> str:
    """``value`` as strict JSON in ASCII."""
    return json.dumps(strict(value), allow_nan=False, indent=indent)


def front_json(run: Run, at_most: int | None = None) -> str:
    """What the run is and its front, or so many of it, as strict JSON: what is not finite is null.

    A candidate is a mapping by names of columns: those of ``to_frame``, without what only the
    engine knows of it.
    """
    front = run.front(at_most)
    columns = named_columns(front.definition, front.ids, front.X, front.F, front.G)
    rows = zip(*map(_values, columns.values()), strict=True)
    extras = run.evaluations.extras
    return json_text(
        {
            "problem": run.specification["problem"],
            "algorithm": run.specification["algorithm"],
            "seed": run.specification["seed"],
            "budget": run.specification["budget"],
            "cost": run.specification.get("cost"),
            "evaluations": len(run.evaluations),
            "failed": len(run.evaluations.failures),
            "refused": len(run.refused),
            "stopped_by": run.stopped_by,
            "events": run.specification.get("events", []),
            "feasible": bool(front.feasible.any()),
            "front": [
                dict(zip(columns, row, strict=True))
                | {f"{LOGGED}{key}": v for key, v in sorted(extras.get(id, {}).items())}
                for id, row in zip(front.ids.tolist(), rows, strict=True)
            ],
        },
        indent=1,
    )


def write_csv(run: Run, file: TextIO) -> None:
    """Every evaluation in the order it was told, with the columns of ``to_frame``.

    Lists and mappings are strict JSON, NaN and infinities of their own are ``nan`` and ``inf``,
    what is missing is empty. A text is written as ``plain_text.lines`` does, with an apostrophe
    before one that a spreadsheet would take for a formula.
    """
    write_columns(run.evaluations.columns(), file)


def write_refused_csv(run: Run, file: TextIO) -> None:
    """The same of the candidates that were refused, in the order in which they were drawn."""
    write_columns(run.refused.columns(), file)


def write_columns(columns: Mapping[str, Any], file: TextIO) -> None:
    """Named columns of equal length as CSV."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(_cell, columns))
    for row in zip(*map(_values, columns.values()), strict=True):
        writer.writerow(map(_cell, row))


def _values(column: Any) -> list[Any]:
    """A column as Python's values."""
    return list(column.tolist() if isinstance(column, np.ndarray) else column)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return float(value)
    plain = strict(value)
    if isinstance(plain, str):
        return _text(plain)
    return json_text(plain) if isinstance(plain, (list, dict)) else plain


def _text(text: str) -> str:
    """A text that reads as one, whatever opens the file; without one apostrophe it is as it was."""
    shown = lines(text)
    formula = FORMULA.match(shown) and not NUMBER.fullmatch(shown)
    return f"'{shown}" if formula else shown
