"""Candidates as journal and file hold them: what ``encode`` of their space makes, checked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from ..errors import ConfigurationError
from ..typing import Candidates, Encoded
from .space import Binary, Integer, Real, Space

Form: TypeAlias = tuple[str, tuple[int, ...]]
"""Of what ``encode`` makes: dtype and shape of a row; ``BYTES`` for a text of bytes a row."""

BYTES: Form = ("bytes", ())

OWN = (Real, Integer, Binary, Space)
"""The spaces that a description alone can make again. They store rows as they are."""


def little(dtype: np.dtype[Any]) -> str:
    """The name of a dtype whose bytes begin with the least, as files hold it."""
    return dtype.newbyteorder("<").str


def is_own(space: Any) -> bool:
    """True for what paretide itself can make again; a subclass may change everything."""
    return type(space) in OWN


def form_of(space: Any) -> Form:
    """How rows of a space are stored: what ``encode`` makes of no candidates says it.

    Raises ConfigurationError if that is neither numbers nor bytes.
    """
    if is_own(space):
        return little(space.dtype), (space.n_var,)
    encoded = space.encode(np.empty((0, space.n_var), dtype=space.dtype))
    return _form(space, encoded, 0)


def _form(space: Any, encoded: Any, n: int) -> Form:
    if isinstance(encoded, list):
        if len(encoded) == n and all(isinstance(row, bytes) for row in encoded):
            return BYTES
    elif (
        isinstance(encoded, np.ndarray)
        and encoded.shape[:1] == (n,)
        and encoded.dtype.kind in "biuf"
    ):
        return little(encoded.dtype), encoded.shape[1:]
    raise ConfigurationError(
        f"{type(space).__name__}.encode must return an array of numbers ({n}, ...) or a list of "
        f"{n} bytes for {n} candidates, got {encoded!r:.200}"
    )


def encode(space: Any, X: Candidates, form: Form | None = None) -> Encoded:
    """Candidates as they are stored.

    Raises ConfigurationError if rows are stored in another way than no rows are.
    """
    if is_own(space):
        return X
    encoded: Encoded = space.encode(X)
    expected = form or form_of(space)
    if (found := _form(space, encoded, len(X))) != expected:
        raise ConfigurationError(
            f"{type(space).__name__}.encode makes rows of {found[0]} and shape {found[1]} of some "
            f"candidates, and of {expected[0]} and shape {expected[1]} of none: it must always be "
            "the same"
        )
    return encoded


def check_round_trip(space: Any, X: Candidates) -> None:
    """Refuse a space that does not give back what it encodes; raises ConfigurationError.

    Numbers to the bit: a resumed run varies what was stored.
    """
    if is_own(space) or not len(X):
        return
    again = np.asarray(space.decode(encode(space, X)))
    same = again.dtype == X.dtype and again.shape == X.shape and space.key(again) == space.key(X)
    if same and not X.dtype.hasobject:
        same = again.tobytes() == X.tobytes()
    if not same:
        raise ConfigurationError(
            f"{type(space).__name__}: decode(encode(X)) must give X back, got {again!r:.200} for "
            f"{X!r:.200}"
        )


def joined(rows: Sequence[bytes]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Bytes one after the other, uint8, and the (n + 1,) int64 offsets of the rows in them."""
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return np.frombuffer(b"".join(rows), dtype=np.uint8), offsets


def parted(together: bytes, offsets: np.ndarray[Any, Any]) -> list[bytes]:
    """What was joined. Raises ValueError for offsets that are not those of its rows."""
    ends = offsets.tolist()
    if ends[0] != 0 or ends[-1] != len(together) or (np.diff(offsets) < 0).any():
        raise ValueError("the offsets are not those of its rows")
    return [together[begin:end] for begin, end in pairwise(ends)]
