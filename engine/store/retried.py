"""Candidates that were evaluated again in a sealed file: a table for each event of the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import StoreCorrupt
from ...problems.definition import Definition
from ...typing import IntArray
from ..evaluations import Evaluations
from ..interventions import read_interventions
from ..retries import Retries
from .columns import Writing
from .reading import Reading
from .tables import check_parents, read_table, write_table


def write_retried(writing: Writing, retried: Sequence[Evaluations]) -> None:
    """Write the outcomes of each event; those that have none yet are left out."""
    for number, rows in enumerate(retried):
        if len(rows):
            write_table(writing, f"retried/{number}/", rows, copied=False)


def read_retried(
    reading: Reading,
    specification: dict[str, Any],
    definition: Definition,
    everyone: IntArray,
    told: int,
) -> tuple[Evaluations, ...]:
    """Read the outcomes of each event of the specification.

    Raises StoreCorrupt unless they are of candidates that the event names, and these are among
    ``everyone`` who has been evaluated, of whom ``told`` have been told.
    """
    try:
        wishes = read_interventions(specification)
        retried = tuple(
            read_table(reading, f"retried/{number}/", definition) for number in range(len(wishes))
        )
        Retries(definition, wishes, retried)
    except StoreCorrupt as error:
        reading.wrong(str(error))
    for wish, rows in zip(wishes, retried, strict=True):
        if wish.told > told or not np.isin(wish.ids, everyone).all():
            reading.wrong("candidates are evaluated again that have not been evaluated")
        check_parents(reading, rows, everyone)
    return retried
