"""One cell is run: the algorithm is driven by ask and tell, and looked at after each selection."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from cells import Cell

import paretide as pt
from paretide.engine.algorithms.concurrent import Concurrent
from paretide.operators.indicators import hypervolume

LOOK = 100
"""Evaluations between two looks at the hypervolume."""

FRONTS = {
    "zdt1": ((0, 0), (1, 1)),
    "zdt2": ((0, 0), (1, 1)),
    "zdt3": ((0, -0.7733690), (0.8518329, 1)),
    "zdt4": ((0, 0), (1, 1)),
    "zdt6": ((0.2807753, 0), (1, 0.9211652)),
    "dtlz2": ((0, 0, 0), (1, 1, 1)),
    "wfg4": ((0, 0), (2, 4)),
}
"""Smallest and largest values on the true front."""

SEGMENTS = np.array(
    [[0, 0.0830], [0.1823, 0.2578], [0.4093, 0.4539], [0.6184, 0.6525], [0.8233, 0.8518]]
)
"""f1 on ZDT3's front (Zitzler, Deb, Thiele 2000)."""

NEAR = 0.02
"""How far above the true front a point may be that holds a segment."""


def run(cell: Cell) -> dict[str, Any]:
    """The cell's identity with its outcome, as JSON."""
    problem = cell.instance()
    began = time.process_time()
    machine = cell.specification.start(problem, seed=cell.seed, budget=cell.budget)
    look = approach if cell.part == "continuous" else cover
    outcome = look(problem, machine, cell)
    return {**cell.identity(), **outcome, "seconds": round(time.process_time() - began, 3)}


def cover(problem: Any, machine: Any, cell: Cell) -> dict[str, Any]:
    """Evaluations until a population after selection holds every value of the front."""
    while machine.evaluations < cell.budget:
        batch = machine.ask()
        machine.tell(batch, F=problem.evaluate_batch(batch.X))
        population = _selected(machine, batch)
        if len(population) >= problem.front_size and problem.front_covered(population.F):
            return {"evaluations": machine.evaluations, "covered": True}
    return {"evaluations": cell.budget, "covered": False}


def _selected(machine: Any, batch: Any) -> pt.Population:
    """What selection keeps now: of several runs side by side, in the one that has gone on."""
    if not isinstance(machine, Concurrent):
        return machine.population
    (ran,) = (i for i, r in enumerate(machine.runs) if r.first_id == batch.ids[0])
    return machine.populations[ran]


def approach(problem: Any, machine: Any, cell: Cell) -> dict[str, Any]:
    """Rows of evaluations, hypervolume and, on ZDT3, segments without a point."""
    corner = reference(cell.problem)
    curve: list[tuple[int, float, int]] = []
    while machine.evaluations < cell.budget:
        batch = machine.ask(cell.budget - machine.evaluations)
        machine.tell(batch, F=problem.evaluate_batch(batch.X))
        if machine.evaluations >= LOOK * (len(curve) + 1):
            F = machine.population.F
            F = F[pt.nondominated_rank(F) == 0]
            lost = lost_segments(F) if cell.problem == "zdt3" else 0
            curve.append((machine.evaluations, round(hypervolume(F, corner), 7), lost))
    return {"curve": curve}


def reference(problem: str) -> np.ndarray:
    """(m,) the worst corner of the front, a tenth of the front's range further out."""
    ideal, nadir = np.array(FRONTS[problem], dtype=np.float64)
    return nadir + 0.1 * (nadir - ideal)


def lost_segments(F: np.ndarray) -> int:
    """How many of ZDT3's five segments have no row of ``F`` (k, 2) near them."""
    f1, f2 = F.T
    near = f2 - (1 - np.sqrt(f1) - f1 * np.sin(10 * np.pi * f1)) <= NEAR
    inside = (SEGMENTS[:, :1] <= f1) & (f1 <= SEGMENTS[:, 1:])
    return int(np.count_nonzero(~(inside & near).any(axis=1)))
