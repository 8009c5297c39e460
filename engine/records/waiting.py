"""Outcomes that have come before their turn."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from .evaluations import Archive, Evaluations


class Waiting:
    """Evaluations by id, from when they have finished until they are told: nobody else has them.

    They are kept as they came, in tables of one or several, and leave as parts of these.

    Args:
        nobody: An empty table of the run.
    """

    def __init__(self, nobody: Evaluations) -> None:
        self._nobody = nobody
        self._places: dict[int, tuple[Evaluations, int]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, id: int) -> bool:
        return id in self._places

    def __getitem__(self, id: int) -> tuple[Evaluations, int]:
        """A table that it is in, and its row there."""
        return self._places[id]

    def add(self, rows: Evaluations) -> None:
        """They have finished; the arrays must not change any more."""
        for row, id in enumerate(rows.ids.tolist()):
            self._places[id] = rows, row

    def take(self, ids: list[int]) -> list[Evaluations]:
        """These, in this order, which are told now; neighbours that came together stay so."""
        taken = []
        for _, group in groupby(map(self._places.pop, ids), key=lambda place: id(place[0])):
            places = list(group)
            rows, numbers = places[0][0], [row for _, row in places]
            whole = numbers == list(range(len(rows)))
            taken.append(rows if whole else rows.take(np.array(numbers, dtype=np.int64)))
        return taken

    def table(self) -> Evaluations:
        """All of them, in order of id."""
        found = Archive(self._nobody)
        for id in sorted(self._places):
            rows, row = self._places[id]
            found.append(rows.take(np.array([row])))
        return found.table()
