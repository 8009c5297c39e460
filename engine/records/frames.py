"""Columns with names: the same in a frame, a CSV file, JSON, Parquet and an Optuna study."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...errors import ConfigurationError
from ...problems.definition import Definition
from ...problems.search_space import shown_as_they_are
from ...typing import Candidates, FloatArray, IntArray
from .plain_text import encodable

LOGGED = "log."
"""What stands before the name of a logged value, always."""

LETTERS = ("x.", "F.", "G.", LOGGED)
"""What stands before names that would not be the only ones of their kind."""

OWN = frozenset(
    {
        "id", "generation", "parents", "operator", "evaluated", "failure", "failure_kind", "seed",
        "seconds", "worker",
    }
)  # fmt: skip
"""Columns that every run has, in one format or another; and ``PARENT``."""

PARENT = re.compile(r"parent_[1-9]\d*")
"""Columns of the parents, as many as meet in a crossover."""


@dataclass(frozen=True)
class ColumnNames:
    """What the columns of a problem are called.

    A name stands as it is, unless another column has it, too: then a variable is called
    ``x.NAME``, an objective ``F.NAME``, a constraint ``G.NAME``. So is one that is empty, or that
    begins with one of ``LETTERS``, which could be taken for another. The names depend on the
    definition alone, never on what was logged.

    Attributes:
        variables: In the order of the space.
        objectives: In the order of the problem.
        constraints: In the order of the problem.
    """

    variables: tuple[str, ...]
    objectives: tuple[str, ...]
    constraints: tuple[str, ...]


def column_names(definition: Definition) -> ColumnNames:
    """The names of the columns of a problem; no two are the same, nor any of every run's."""
    return _column_names(
        tuple(definition.space.names), tuple(definition.objectives), tuple(definition.constraints)
    )


@lru_cache(maxsize=16)
def _column_names(
    variables: tuple[str, ...], objectives: tuple[str, ...], constraints: tuple[str, ...]
) -> ColumnNames:
    counts = Counter([*variables, *objectives, *constraints])

    def named(letter: str, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            letter + name
            if not name
            or name in OWN
            or PARENT.fullmatch(name)
            or counts[name] > 1
            or name.startswith(LETTERS)
            else name
            for name in names
        )

    return ColumnNames(named("x.", variables), named("F.", objectives), named("G.", constraints))


def logged_names(extras: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every name that was logged, sorted: the same for a run in memory and for its file."""
    return sorted({key for extra in extras for key in extra})


def named_columns(
    definition: Definition, ids: IntArray, X: Candidates, F: FloatArray, G: FloatArray
) -> dict[str, Any]:
    """Id, variables (as shown), objectives and constraints: an array or a list a column."""
    space, names = definition.space, column_names(definition)
    columns: dict[str, Any] = {"id": ids}
    if not shown_as_they_are(space):
        rows = [space.show(row) for row in X]
        for column, name in zip(names.variables, space.names, strict=True):
            columns[column] = [row[name] for row in rows]
    else:
        columns |= {name: X[:, j] for j, name in enumerate(names.variables)}
    columns |= {name: F[:, j] for j, name in enumerate(names.objectives)}
    columns |= {name: G[:, j] for j, name in enumerate(names.constraints)}
    return columns


def frame(columns: dict[str, Any]) -> Any:
    """A DataFrame of named columns; lone surrogates, which it cannot hold, are escapes.

    Raises ConfigurationError if pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise ConfigurationError("to_frame needs pandas: pip install pandas") from None
    return pd.DataFrame({encodable(name): _encodable(column) for name, column in columns.items()})


def _encodable(column: Any) -> Any:
    if isinstance(column, np.ndarray):
        return column
    return [encodable(value) if isinstance(value, str) else value for value in column]
