"""Copies in the objectives: rows of a front that equal a row before them in all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from ...errors import ConfigurationError
from ...typing import FloatArray, IntArray

Copies = Literal["yield", "stay"]

Cut = Callable[[FloatArray, int], IntArray]
"""(room,) ascending rows, of (n, n_obj) of one front, that stay."""


def copies_give_way(kind: str, copies: Copies | None, ties: str) -> bool:
    """Whether they do by these settings of ``kind``; raises ConfigurationError if they conflict."""
    if copies == "yield" and ties == "balanced":
        raise ConfigurationError(
            f'{kind}: ties="balanced" keeps as many copies of each objective value as can be, and '
            'copies="yield" drops them for other values; leave one of them out'
        )
    return copies == "yield" or (copies is None and ties != "balanced")


def cut_unlike_first(F: FloatArray, room: int, cut: Cut) -> IntArray:
    """(room,) ascending rows of one front, cut so that copies go before any value is lost.

    If there are no fewer different values than there is room, then all copies go before ``cut``.
    Otherwise what it has lost comes back, each by its first row, for copies of others that it has
    kept, those of the last rows first. Where it loses nothing all is as it says.
    """
    first = first_equals(F)
    unlike = np.flatnonzero(first == np.arange(len(F)))
    if room <= len(unlike):
        return unlike[cut(F[unlike], room)]
    kept = cut(F, room)
    held = np.bincount(first[kept], minlength=len(F))
    lost = unlike[held[unlike] == 0]
    gone: list[int] = []
    for row in kept[::-1].tolist():
        if len(gone) == len(lost):
            break
        if held[first[row]] > 1:
            held[first[row]] -= 1
            gone.append(row)
    return np.sort(np.concatenate([np.setdiff1d(kept, gone), lost]))


def first_equals(F: FloatArray) -> IntArray:
    """(n,) for each of (n, n_obj) the first row that equals it in all objectives."""
    order = np.lexsort(F.T)  # stable: equals by their numbers
    starts = np.ones(len(F), dtype=bool)
    starts[1:] = (F[order[1:]] != F[order[:-1]]).any(axis=1)
    first = np.empty(len(F), dtype=np.int64)
    first[order] = order[np.maximum.accumulate(np.arange(len(F)) * starts)]
    return first
