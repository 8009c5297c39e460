"""What a user passes to ``tell``, checked and as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...checks import whole_number
from ...errors import AskTellError, ConfigurationError, ShapeError
from ...problems.definition import Definition
from ...problems.numbers import number_array
from ...typing import FloatArray, IntArray
from ..records.evaluations import Evaluations, record
from ..records.outcome import EVALUATED, FAILED, Completion, Evaluated, Failed
from ..records.provenance import Born
from .batch import Batch

Told = tuple[IntArray, FloatArray, FloatArray]
"""(k,) ids, (k, n_obj) F and (k, n_con) G in user units."""


def read_told(
    definition: Definition,
    what: Batch | int,
    outcome: Evaluated | Failed | None,
    F: ArrayLike | None,
    G: ArrayLike | None,
) -> Told:
    """The arguments of ``tell(batch, F=F, G=G)`` or ``tell(id, outcome)``; NaN where failed.

    Raises ShapeError for arrays of another shape, AskTellError for arguments that do not belong
    together.
    """
    if isinstance(what, Batch):
        if outcome is not None or F is None:
            raise AskTellError("tell(batch, F=...): a batch is told with F (and G)")
        return _read_batch(definition, what, F, G)
    if F is not None or G is not None or not isinstance(outcome, (Evaluated, Failed)):
        raise AskTellError(
            f"tell(id, outcome): expected pt.Evaluated(F) or pt.Failed(reason), got {outcome!r}"
        )
    try:
        id = whole_number("tell(id, outcome): an id", what)
    except ConfigurationError as error:
        raise AskTellError(str(error)) from None
    n_obj, n_con = definition.n_obj, definition.n_con
    ids = np.array([id], dtype=np.int64)
    if isinstance(outcome, Failed):
        return ids, np.full((1, n_obj), np.nan), np.full((1, n_con), np.nan)
    return ids, _rows("F", [outcome.F], (1, n_obj)), _rows("G", [outcome.G], (1, n_con))


def _read_batch(definition: Definition, batch: Batch, F: ArrayLike, G: ArrayLike | None) -> Told:
    k, n_con = len(batch), definition.n_con
    if G is None:
        if n_con:
            raise ShapeError(
                f"tell: the problem has the constraints {list(definition.constraints)}; "
                f"pass G of shape ({k}, {n_con})"
            )
        G = np.empty((k, 0))
    return batch.ids, _rows("F", F, (k, definition.n_obj)), _rows("G", G, (k, n_con))


def told_rows(
    definition: Definition,
    ids: IntArray,
    F: FloatArray,
    G: FloatArray,
    born: Born,
    generation: NDArray[np.int32],
    operators: tuple[str, ...],
) -> Evaluations:
    """What a user has told of (k,) ids, as rows; who did it, and in what time, nobody knows."""
    fit = definition.fit_for_ranking(F, G)
    k = len(ids)
    done = Completion(
        ids=ids,
        status=np.where(fit, EVALUATED, FAILED).astype(np.uint8),
        F=F,
        G=G,
        failures=dict.fromkeys(ids[~fit].tolist(), Failed("told as failed")),
        extras={},
        seeds=np.zeros(k, dtype=np.uint32),
        seconds=np.zeros(k),
        worker="",
    )
    return record(definition, done, born, generation, operators)


def _rows(what: str, values: ArrayLike | Sequence[Any], shape: tuple[int, int]) -> FloatArray:
    try:
        array = number_array(values)  # a copy: the user may use theirs again
    except (TypeError, ValueError) as error:
        raise ShapeError(f"tell: {what} must hold numbers: {error}") from None
    if array.shape != shape:
        raise ShapeError(f"tell: {what} must have shape {shape}, got {array.shape}")
    return array


def read_asked_for(k: int | None) -> int | None:
    """``k`` as an int; raises ConfigurationError unless so many candidates can be asked for."""
    return None if k is None else whole_number("ask(k): k", k, least=1)
