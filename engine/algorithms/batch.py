"""What ``ask`` returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...typing import Candidates, IntArray, SearchSpace


@dataclass(frozen=True)
class Batch:
    """Candidates to evaluate. Whoever has to change the arrays takes a copy.

    Attributes:
        ids: (k,) int64.
        X: (k, n_var) in the dtype of the space.
        parents: (k, 2) int64 ids of their parents; -1 where there is none.
        space: Their search space.

    Iterating gives ``(id, candidate)``, the candidate as ``evaluate`` gets it.
    """

    ids: IntArray
    X: Candidates
    parents: IntArray
    space: SearchSpace

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        for id, row in zip(self.ids, self.X, strict=True):
            yield int(id), self.space.candidate(row)
