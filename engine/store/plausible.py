"""What a table of evaluations must be to have come from a run, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...typing import BoolArray
from ..records.evaluations import Evaluations
from ..records.outcome import EVALUATED, FAILED
from ..records.provenance import EVOLVED

LARGEST_ID = 2**48
"""Beyond every id, and small enough to be counted with."""


def faults(rows: Evaluations) -> Iterator[str]:
    """What no run can have evaluated: each fault as the end of a sentence, "it has ..."."""
    done, failed = rows.status == EVALUATED, rows.status == FAILED
    ids = set(rows.ids.tolist())
    checks: tuple[tuple[bool | BoolArray, str], ...] = (
        (len(ids) == len(rows), "an id twice"),
        ((rows.ids >= 0) & (rows.ids < LARGEST_ID), "ids that are none"),
        (done | failed, "a status that is neither evaluated nor failed"),
        (set(rows.ids[failed].tolist()) == set(rows.failures), "other failures than are told"),
        (ids >= rows.extras.keys(), "logged values of nobody"),
        (np.isfinite(rows.F[done]), "objectives that are not finite"),
        (~np.isnan(rows.G[done]), "constraints that are no numbers"),
        (np.isnan(rows.F[failed]), "objectives of what has failed"),
        (rows.generation >= 0, "generations below 0"),
        (
            (rows.parents >= -1) & (rows.parents < rows.ids[:, None]),
            "parents that were born after their children",
        ),
        (rows.operator_code < len(rows.operators), "operators without a name"),
        (rows.choice >= EVOLVED, "choices of nobody"),
        (
            (rows.worker_code >= 0) & (rows.worker_code < len(rows.workers)),
            "workers without a name",
        ),
        (np.isfinite(rows.seconds) & (rows.seconds >= 0), "times that are none"),
        (rows.definition.space.contains(rows.X), "candidates outside their space"),
    )
    yield from (what for right, what in checks if not np.all(right))
