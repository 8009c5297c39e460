"""Candidates that were evaluated again in a sealed file: a table for each event of the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import StoreCorrupt
from ...problems.definition import Definition
from ..records.evaluations import Evaluations
from ..runs.interventions import read_interventions
from ..runs.retries import Retries
from .columns import Writing
from .reading import Reading
from .tables import read_table, write_table


def write_retried(writing: Writing, retried: Sequence[Evaluations]) -> None:
    """Write the outcomes of each event; those that have none yet are left out."""
    for number, rows in enumerate(retried):
        if len(rows):
            write_table(writing, f"retried/{number}/", rows, copied=False)


def read_retried(
    reading: Reading,
    specification: dict[str, Any],
    definition: Definition,
    evaluations: Evaluations,
    waiting: Evaluations,
) -> tuple[Evaluations, ...]:
    """Read the outcomes of each event of the specification.

    Raises StoreCorrupt unless they are of candidates that the event names, and these are among
    those that were told and those that wait.
    """
    try:
        wishes = read_interventions(specification)
        retried = tuple(
            read_table(reading, f"retried/{number}/", definition) for number in range(len(wishes))
        )
        Retries(definition, wishes, retried)
    except StoreCorrupt as error:
        reading.wrong(str(error))
    everyone = np.concatenate([evaluations.ids, waiting.ids])
    for wish, rows in zip(wishes, retried, strict=True):
        if wish.told > len(evaluations) or not np.isin(wish.ids, everyone).all():
            reading.wrong("candidates are evaluated again that have not been evaluated")
        if not (_same(rows, evaluations) and _same(rows, waiting)):
            reading.wrong("other candidates are evaluated again than had failed")
    return retried


def _same(rows: Evaluations, first: Evaluations) -> bool:
    """True if those that are in both are the same candidates, of the same parents."""
    _, here, there = np.intersect1d(rows.ids, first.ids, return_indices=True)
    key = rows.definition.space.key
    return key(rows.X[here]) == key(first.X[there]) and all(
        np.array_equal(getattr(rows, name)[here], getattr(first, name)[there])
        for name in ("parents", "generation", "operator")
    )
