"""All candidates that a run has ever drawn, so that nothing is evaluated twice."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from ...operators.duplicates import HashSet
from ...typing import Candidates, IntArray, SearchSpace
from .fused import BUILT_IN


class Everything:
    """A hash of 128 bits of each: who was drawn once is taken for ever, whatever became of it.

    Attributes:
        last: What tells the row apart that was added last; here nobody needs it.

    Args:
        space: Of the candidates. In one of the user's own it is their keys that are hashed.
    """

    last = b""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._own = type(space) not in BUILT_IN
        self._hashes = HashSet(2, np.uint64) if self._own else HashSet(space.n_var, space.dtype)

    def __len__(self) -> int:
        """How many different ones there are."""
        return len(self._hashes)

    def add(self, X: Candidates) -> IntArray:
        """Add the rows of ``X``; returns the ascending numbers of those that repeat others."""
        return self._hashes.add(self._digests(X) if self._own else X)

    def _digests(self, X: Candidates) -> NDArray[np.uint64]:
        keys = self._space.key(X) if len(X) else []
        digests = b"".join(hashlib.blake2b(key, digest_size=16).digest() for key in keys)
        return np.frombuffer(digests, dtype=np.uint64).reshape(-1, 2)

    def repeated(self, X: Candidates) -> IntArray:
        """The ascending numbers of rows that repeat others; nothing is added."""
        held = len(self)
        rows = self.add(X)
        self.take_back(held)
        return rows

    def take_back(self, held: int) -> None:
        """Forget those that were added since there were ``held``."""
        self._hashes.take_back(held)

    def join(self, key: bytes, row: Candidates) -> None:
        """(n_var,) is a candidate, too."""
        self.add(row[np.newaxis])

    def leave(self, key: bytes) -> None:
        """Nobody leaves."""

    def state(self) -> NDArray[np.uint64]:
        """(n, 2) uint64, from which ``load`` makes the same again."""
        return self._hashes.hashes_of()

    def load(self, hashes: NDArray[np.uint64]) -> None:
        """Add those that another one held."""
        self._hashes.add_hashes(hashes)
