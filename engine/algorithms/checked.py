"""What parts return, checked at once: a wrong array is named before anything is made of it.

Errors are ShapeErrors, and say which part it was, what came and what was expected.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError
from ...operators.parts import Survivors
from ...typing import Candidates, IntArray, SearchSpace


def check_rows(part: Any, X: Any, k: int, space: SearchSpace) -> Candidates:
    """``X`` as a C-contiguous copy, if it is (k, n_var) in the dtype of the space."""
    shape = (k, space.n_var)
    if not isinstance(X, np.ndarray) or X.shape != shape or X.dtype != space.dtype:
        raise ShapeError(
            f"{part!r} returned {_kind(X)}; expected an array of shape {shape} and dtype "
            f"{space.dtype}"
        )
    return X.copy(order="C")  # the part may go on to use its own


def check_inside(part: Any, X: Candidates, space: SearchSpace) -> None:
    """Refuse rows that are no candidates of the space; NaN is none of any numbers."""
    inside = np.asarray(space.contains(X))
    if inside.shape != (len(X),) or inside.dtype != np.bool_:
        raise ShapeError(
            f"{type(space).__name__}.contains returned {_kind(inside)}; expected (n,) bool, here "
            f"{(len(X),)}"
        )
    if not inside.all():
        row = int(np.flatnonzero(~inside)[0])
        raise ShapeError(
            f"{part!r} returned rows outside the space: {np.count_nonzero(~inside)} of {len(X)}, "
            f"the first is row {row}, {X[row].tolist()!r:.200}; expected candidates of "
            f"{space!r:.200} (a repair= may put them right)"
        )


def check_candidates(part: Any, X: Any, k: int, space: SearchSpace) -> Candidates:
    """``X`` as a copy, if it is (k, n_var) in the dtype of the space, and in the space."""
    rows = check_rows(part, X, k, space)
    check_inside(part, rows, space)
    return rows


def check_mates(part: Any, rows: Any, shape: tuple[int, int], n: int) -> IntArray:
    """The (k, parents) ``rows`` of those selected among ``n``."""
    if not isinstance(rows, np.ndarray) or rows.shape != shape or rows.dtype.kind not in "iu":
        raise ShapeError(
            f"{part!r} returned {_kind(rows)}; expected rows of parents, an array of shape {shape} "
            "and dtype int64"
        )
    if rows.size and not 0 <= rows.min() <= rows.max() < n:
        raise ShapeError(
            f"{part!r} returned rows from {rows.min()} to {rows.max()}; expected rows of the "
            f"population, from 0 to {n - 1}"
        )
    return rows.astype(np.int64)


def check_chosen(part: Any, rows: Any, k: int, n: int) -> IntArray:
    """(k,) different ``rows`` of a pool of ``n``, as int64."""
    chosen = _vector(part, "its choice", rows, k, "iu", f", rows of the pool of {n}")
    if k and not 0 <= chosen.min() <= chosen.max() < n:
        raise ShapeError(
            f"{part!r} chose rows from {chosen.min()} to {chosen.max()}; expected rows of the "
            f"pool, from 0 to {n - 1}"
        )
    if len(np.unique(chosen)) < k:
        values, counts = np.unique(chosen, return_counts=True)
        raise ShapeError(f"{part!r} chose row {values[counts > 1][0]} twice; expected each once")
    return np.asarray(chosen, dtype=np.int64)


def check_pool(part: Any, X: Any, space: SearchSpace) -> Candidates:
    """``X`` as a copy, if it is (any number, n_var) in the dtype of the space, and in the space."""
    m = len(X) if isinstance(X, np.ndarray) and X.ndim else 0
    return check_candidates(part, X, m, space)


def check_enough(part: Any, n: int, k: int) -> None:
    """Refuse a pool of ``n`` that may go out where ``k`` are to be chosen."""
    if n < k:
        raise ShapeError(
            f"{part!r} improved its pool to {n} rows that are different, new and within the limits "
            f"of the problem; expected {k} at least, which those of the pool that it came with are"
        )


def check_repeated(part: Any, repeated: Any, k: int) -> IntArray:
    """The numbers of the rows that are marked in (k,) bool ``repeated``."""
    if not isinstance(repeated, np.ndarray) or repeated.shape != (k,) or repeated.dtype != bool:
        raise ShapeError(
            f"{part!r} returned {_kind(repeated)}; expected an array of shape {(k,)} and dtype bool"
        )
    return np.flatnonzero(repeated)


def check_survivors(part: Any, survivors: Any, n: int, size: int) -> Survivors:
    """``survivors`` of ``n`` rows, of which ``size`` may stay, as int64, int64 and float64."""
    if not isinstance(survivors, tuple) or len(survivors) != 3:
        raise ShapeError(
            f"{part!r} returned {_kind(survivors)}; expected pt.Survivors(rows, rank, score)"
        )
    r = min(n, size)
    rows = _vector(part, "rows", survivors[0], r, "iu", f" (of {n} rows, {size} may stay)")
    rank = _vector(part, "rank", survivors[1], r, "iu", ", one for each of the rows")
    score = _vector(part, "score", survivors[2], r, "fiu", ", one for each of the rows")
    if r and not 0 <= rows.min() <= rows.max() < n:
        raise ShapeError(
            f"{part!r} kept rows from {rows.min()} to {rows.max()}; expected rows from 0 to {n - 1}"
        )
    if len(np.unique(rows)) < r:
        values, counts = np.unique(rows, return_counts=True)
        raise ShapeError(f"{part!r} kept row {values[counts > 1][0]} twice; expected each once")
    scores = score.astype(np.float64)
    if np.isnan(scores).any():
        raise ShapeError(
            f"{part!r} gave row {rows[np.isnan(scores)][0]} the score nan; expected a number, "
            "larger is better"
        )
    return Survivors(rows.astype(np.int64), rank.astype(np.int64), scores)


def check_memory(part: Any, memory: dict[str, Any]) -> None:
    """Make arrays of the numbers in a memory; refuse what the run's file cannot hold."""
    for name, value in memory.items():
        number = isinstance(value, (bool, int, float, np.generic))
        if not isinstance(name, str) or not (number or isinstance(value, np.ndarray)):
            raise ShapeError(
                f"{part!r} left {_kind(value)} in its memory under {name!r}; expected arrays of "
                "numbers, by names that are texts"
            )
        if number:
            memory[name] = np.asarray(value)
        if memory[name].dtype.kind not in "biuf":
            raise ShapeError(
                f"{part!r} left an array of {memory[name].dtype} in its memory under {name!r}; "
                "expected numbers or truth values"
            )


def _vector(part: Any, name: str, value: Any, n: int, kinds: str, what: str) -> Any:
    array = np.asarray(value)
    if array.shape != (n,) or (n and array.dtype.kind not in kinds):
        expected = "float64" if "f" in kinds else "int64"
        raise ShapeError(
            f"{part!r} returned {name} as {_kind(array)}; expected {(n,)} {expected}{what}"
        )
    return array


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return f"{value!r:.100} ({type(value).__name__})"
