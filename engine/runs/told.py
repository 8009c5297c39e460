"""What ``on_evaluation`` is called with: one outcome that was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..records.evaluations import Evaluations
from ..records.outcome import EVALUATED, Failed


@dataclass(frozen=True)
class Told:
    """An outcome that was told; values are in the user's units and directions.

    Attributes:
        id: Of the candidate.
        candidate: As ``evaluate`` gets it: a mapping, or an array (n_var,).
        values: Objectives and constraints by name; empty if it failed.
        logs: What ``ctx.log`` collected.
        status: "evaluated" or "failed".
        failure: Reason, kind and traceback if it failed; otherwise None.
        seconds: Wall time of the evaluation.
        worker: Who did it; "cache" is nobody, the outcome of an equal candidate was known.
    """

    id: int
    candidate: Any
    values: Mapping[str, float]
    logs: Mapping[str, Any]
    status: Literal["evaluated", "failed"]
    failure: Failed | None
    seconds: float
    worker: str


def told_one_by_one(rows: Evaluations) -> Iterator[Told]:
    """Each of these rows, in their order."""
    definition = rows.definition
    names = [*definition.objectives, *definition.constraints]
    F_and_G = np.concatenate([rows.F, rows.G], axis=1).tolist()
    columns = zip(
        rows.ids.tolist(), rows.X.copy(), F_and_G, rows.status.tolist(), rows.seconds.tolist(),
        rows.worker_code.tolist(), strict=True,
    )  # fmt: skip
    for id, x, values, status, seconds, worker in columns:
        evaluated = status == EVALUATED
        yield Told(
            id=id,
            candidate=definition.space.candidate(x),
            values=dict(zip(names, values, strict=True)) if evaluated else {},
            logs=dict(rows.extras.get(id, {})),
            status="evaluated" if evaluated else "failed",
            failure=rows.failures.get(id),
            seconds=seconds,
            worker=rows.workers[worker],
        )
