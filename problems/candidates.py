"""Candidates that come from outside, as rows of ``X``: checked, or refused by row and variable."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ConfigurationError, ShapeError
from ..typing import Candidates, FloatArray, SearchSpace, WorkingSpace, has_coordinates
from .space import Space


def check_candidates(space: SearchSpace, X: ArrayLike) -> Candidates:
    """``X`` as a C-contiguous (n, n_var) array in the dtype of the space, or ShapeError."""
    if not has_coordinates(space):
        return _rows(space, X)
    raw = np.asarray(X)
    if np.ma.isMaskedArray(X):  # there is nothing where it is masked
        raw = raw.astype(object)
        raw[np.ma.getmaskarray(X)] = None
    if raw.ndim != 2 or raw.shape[1] != space.n_var:
        raise ShapeError(f"X must have shape (n, {space.n_var}), got {raw.shape}")
    values = _numbers(space, raw)
    # What survives the way to working coordinates and back is inside the bounds, and whole where it
    # must be.
    layout = space.layout
    with np.errstate(invalid="ignore", divide="ignore"):
        working = space.to_working(values)
        Z = np.clip(working, layout.lower, layout.upper)
        finite = np.isfinite(Z)
        inside = space.from_working(np.where(finite, Z, layout.lower))
        wrong = ~(finite & np.isclose(inside.astype(np.float64), values, rtol=1e-9, atol=0))
    if wrong.any():
        row, column = (int(i[0]) for i in np.nonzero(wrong))
        raise ShapeError(
            f"X[{row}, {column}] = {raw[row, column]} is no value of variable "
            f"{space.names[column]!r} in {space!r}"
        )
    # What needed no rounding keeps its bits, which a logarithm and back may change.
    exact = (inside == values) | (space.continuous & (working == Z))
    return np.ascontiguousarray(np.where(exact, values, inside).astype(space.dtype))


def _rows(space: SearchSpace, X: ArrayLike) -> Candidates:
    """Rows of a space of which nothing is known but what it says itself."""
    raw = np.asarray(X, dtype=object if space.dtype == object else None)
    if raw.ndim != 2 or raw.shape[1] != space.n_var:
        raise ShapeError(f"X must have shape (n, {space.n_var}), got {raw.shape}")
    if not len(raw):
        return np.empty((0, space.n_var), dtype=space.dtype)
    rows = np.array(raw, dtype=space.dtype, order="C")
    wrong = ~space.contains(rows)
    if space.dtype != object:
        wrong |= (rows != raw).any(axis=1)
    for i in np.flatnonzero(wrong):
        raise ShapeError(f"X[{i}] = {raw[i].tolist()!r:.200} is no candidate of {space!r}")
    return rows


def _numbers(space: WorkingSpace, raw: np.ndarray[Any, Any]) -> FloatArray:
    """``raw`` as float64; a text is no number, even if it shows one."""
    if raw.dtype.kind in "biuf":
        return raw.astype(np.float64)
    values = np.empty(raw.shape)
    for (row, column), value in np.ndenumerate(raw):
        try:
            if not isinstance(value, (numbers.Real, np.bool_, Decimal)):
                raise TypeError
            values[row, column] = float(value)
        except (TypeError, ValueError, OverflowError):
            raise ShapeError(
                f"X[{row}, {column}] = {value!r:.100} is no number that float64 holds; variable "
                f"{space.names[column]!r} in {space!r} needs one"
            ) from None
    return values


def read_candidates(space: SearchSpace, given: Any) -> Candidates:
    """What a user passes as candidates, as (k, n_var) in the dtype of the space.

    Args:
        space: Of the candidates.
        given: (k, n_var) like ``X``, or a list of what ``evaluate`` gets: values by name in a
            ``Space``, otherwise vectors; or a table of pandas, whose other columns are left out.
            For a space of the user's own an array holds rows, and a list candidates.

    Raises:
        ConfigurationError: For a candidate that does not fit.
        ShapeError: For an array that does not fit.
    """
    alone = ShapeError(
        f"candidates are given as a list, or as an array of shape (k, {space.n_var}); one alone is "
        f"written [x], got {given!r:.200}"
    )
    if hasattr(given, "columns") and hasattr(given, "to_dict"):  # a table with names
        if set(space.names) <= set(given.columns):  # beside others, as in ``to_frame``
            given = given[list(space.names)]
        given = given.to_dict("records") if isinstance(space, Space) else given.to_numpy()
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, (Sequence, np.ndarray)):
        raise alone
    if not has_coordinates(space):
        is_rows = isinstance(given, np.ndarray)
        return check_candidates(space, given if is_rows else _encoded(space, given))
    if any(isinstance(candidate, Mapping) for candidate in given):
        given = _encoded(space, given)
    try:
        array = np.asanyarray(given)
    except ValueError as error:
        raise ShapeError(f"the candidates given are not equally long: {error}") from None
    if array.dtype.kind not in "biuf":
        array = np.asarray(given, dtype=object)  # so that a number beside a text stays one
    if array.ndim == 1 and array.size:
        raise alone
    return check_candidates(space, array if array.size else np.empty((0, space.n_var)))


def _encoded(space: SearchSpace, given: Any) -> Candidates:
    """Rows of a list of what ``evaluate`` gets."""
    if has_coordinates(space) and not isinstance(space, Space):
        raise ConfigurationError(f"named candidates are for a Space, not for {space!r}")
    rows = np.empty((len(given), space.n_var), dtype=space.dtype)
    for i, candidate in enumerate(given):
        if isinstance(space, Space) and not isinstance(candidate, Mapping):
            raise ConfigurationError(f"candidate {i} of those given has no names: {candidate!r}")
        try:
            rows[i] = space.row(candidate)
        except ConfigurationError as error:
            raise ConfigurationError(f"candidate {i} of those given: {error}") from None
    return rows
