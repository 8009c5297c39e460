"""How an evaluation ended.

``Evaluated`` and ``Failed`` are what a user tells an algorithm. Between workers, the journal and
the algorithm the same facts travel as ``Completion``: arrays for everything that was evaluated
together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...operators.arrays import all_finite
from ...problems.definition import Definition
from ...typing import ByteArray, Candidates, FloatArray, IntArray

PENDING, EVALUATED, FAILED, REFUSED = 0, 1, 2, 3
"""Status of a candidate: asked and not told, told with values, told as failed, never asked for
because it breaks a limit that needs no training."""

FailureKind = Literal["exception", "non-finite", "contract", "deadline", "memory", "crash", "told"]


@dataclass(frozen=True)
class Evaluated:
    """Objective and constraint values of one candidate, in the user's units and order.

    Attributes:
        F: (n_obj,) numbers.
        G: (n_con,) numbers.
        extra: Named values that are stored and never ranked.
    """

    F: Sequence[float]
    G: Sequence[float] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """The candidate's own fault: counted and kept, never ranked.

    Attributes:
        reason: One line.
        kind: "exception", "non-finite", "contract" (other names or shapes than declared),
            "deadline" (ended after the executor's ``timeout``), "memory" (ended by Ray for its use
            of memory), "crash" (its worker died twice), "told" (by the user of ask and tell).
        detail: A traceback, if there is one.
    """

    reason: str
    kind: FailureKind = "told"
    detail: str = ""


class Task(NamedTuple):
    """Candidates that are evaluated together: one, or a chunk for ``evaluate_batch``.

    A worker makes a ``Completion`` of it.

    Attributes:
        ids: (k,) int64.
        X: (k, n_var) in the dtype of the space.
    """

    ids: IntArray
    X: Candidates


class Completion(NamedTuple):
    """A finished task, or some of its rows: k candidates that are evaluated, however they ended.

    Attributes:
        ids: (k,) int64.
        status: (k,) uint8, EVALUATED or FAILED.
        F: (k, n_obj) float64 in user units; NaN where failed.
        G: (k, n_con) float64 in user units; NaN where failed.
        failures: By id, for those that failed.
        extras: By id, what ``ctx.log`` collected.
        seeds: (k,) uint32 what ``ctx.seed`` was; 0 for ``evaluate_batch``, which gets none.
        seconds: (k,) float64 wall time; a chunk's time is shared out evenly.
        worker: Who did it.
        remarks: By name, what was not stored as it was logged; none that this worker has made
            before.
    """

    ids: IntArray
    status: ByteArray
    F: FloatArray
    G: FloatArray
    failures: dict[int, Failed]
    extras: dict[int, dict[str, Any]]
    seeds: NDArray[np.uint32]
    seconds: FloatArray
    worker: str
    remarks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LostTask:
    """A task whose worker died under it: the infrastructure's fault until it happens again.

    The run says whether it is submitted again. Executors bring it back instead of a ``Completion``.

    Attributes:
        task: What it was doing, as it was submitted.
        reason: One line.
        blameless: The worker's machine went away: never the task's fault.
        detail: What the worker printed last.
    """

    task: Task
    reason: str
    blameless: bool = False
    detail: str = ""


_ARRAYS = ("ids", "status", "F", "G", "seeds", "seconds")
"""Of a completion."""

_DTYPES = tuple(map(np.dtype, ("int64", "uint8", "float64", "float64", "uint32", "float64")))
"""Theirs."""


_TYPES = (np.ndarray,) * len(_ARRAYS)
"""Exactly that: subclasses may behave otherwise."""


def what_is_wrong(done: Any, definition: Definition) -> str:
    """In what something is no ``Completion`` of candidates of a problem; "" if it is one.

    Looks at types, shapes and dtypes, and whether those that failed, and only those, have no values
    that can be ranked. Not at whose outcome it is.
    """
    if not isinstance(done, Completion):
        return f"it is a {type(done).__name__}, not a Completion"
    k = len(done.ids) if type(done.ids) is np.ndarray and done.ids.ndim else 0
    arrays = (done.ids, done.status, done.F, done.G, done.seeds, done.seconds)
    shapes = ((k,), (k,), (k, definition.n_obj), (k, definition.n_con), (k,), (k,))
    # First all at once: this is asked of every candidate, and usually right.
    if (
        tuple(map(type, arrays)) != _TYPES
        or tuple([array.dtype for array in arrays]) != _DTYPES
        or tuple([array.shape for array in arrays]) != shapes
    ):
        for name, array, shape, dtype in zip(_ARRAYS, arrays, shapes, _DTYPES, strict=True):
            if type(array) is not np.ndarray or array.shape != shape or array.dtype != dtype:
                return f"{name} must be an array {shape} of {dtype}, got {_shown(array)}"
    if not k:
        return "it is of no candidate"
    if type(done.failures) is not dict or type(done.extras) is not dict:
        return "failures and extras must be dicts by id"
    if (
        not done.failures
        and done.status.tobytes() == bytes([EVALUATED]) * k
        and all_finite(done.F, done.G)
    ):
        return ""
    evaluated = done.status == EVALUATED
    failed = done.ids[~evaluated].tolist()
    if set(failed) != done.failures.keys():
        return f"candidates {failed} are not EVALUATED, and failures has {list(done.failures)}"
    F, G = done.F[evaluated], done.G[evaluated]
    if not np.isfinite(F).all() or definition.endless(G).any():
        return "F or G is not finite where status is EVALUATED: such a candidate has failed"
    return ""


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return f"{type(value).__name__} {value!r:.80}"


def failed_completion(task: Task, failure: Failed, sizes: tuple[int, int]) -> Completion:
    """The completion of a task all of whose candidates failed; ``sizes`` are n_obj and n_con."""
    k = len(task.ids)
    return Completion(
        ids=task.ids,
        status=np.full(k, FAILED, dtype=np.uint8),
        F=np.full((k, sizes[0]), np.nan),
        G=np.full((k, sizes[1]), np.nan),
        failures={int(i): failure for i in task.ids},
        extras={},
        seeds=np.zeros(k, dtype=np.uint32),
        seconds=np.zeros(k),
        worker="",
    )
