"""Survival, in every situation that a run may come into, and over several generations."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ...errors import RuleBroken
from ...operators.parts import Survival, Survivors
from ...typing import FloatArray
from ..algorithms import part_memory
from ..algorithms.checked import check_memory, check_survivors
from .again import bits_of, difference, once_and_again
from .bench import Bench

MOST = 12
"""Rows of the largest situation."""


def check_survival(part: Survival, bench: Bench) -> list[str]:
    """Keeps as many as it should, each once, and remembers only what a store holds."""
    for n_obj in bench.objectives:
        try:
            _with_objectives(part, n_obj, bench)
        except RuleBroken as error:
            if len(bench.objectives) == 1:
                raise
            raise RuleBroken(
                f"{error} (with {n_obj} objectives; what is made for one number of them alone is "
                "tried with n_obj=)"
            ) from error
    return []


def _with_objectives(part: Survival, n_obj: int, bench: Bench) -> None:
    for F, violation in _situations(n_obj, bench.rng(n_obj)):
        n = len(F)
        for size in sorted({*range(2, n + 1), n + 3}):
            _survivors(part, F, violation, size, bench)
    _generations(part, n_obj, bench)


def _survivors(
    part: Survival, F: FloatArray, violation: FloatArray, size: int, bench: Bench
) -> None:
    memory: part_memory.PartMemory = {}

    def call(memory: Any, **given: Any) -> Any:
        found = part(given["F"], given["violation"], given["size"], given["rng"], memory)
        check_memory(part, memory)
        return found

    given = {"F": F, "violation": violation, "size": size, "rng": bench.rng(), "memory": memory}
    once_and_again(part, call, given, partial(_read, part, len(F), size))


def _situations(n_obj: int, rng: np.random.Generator) -> Iterator[tuple[FloatArray, FloatArray]]:
    """F (n, n_obj) and violation (n,): feasible, tied, equal, in part and not at all feasible."""
    for n in (1, 2, 5, MOST):
        spread, tied = rng.random((n, n_obj)), rng.integers(0, 2, (n, n_obj)).astype(np.float64)
        feasible, broken = np.zeros(n), rng.random(n) + 0.1
        yield spread, feasible
        yield tied, feasible
        yield np.zeros((n, n_obj)), feasible
        yield spread, np.where(rng.random(n) < 0.5, 0.0, broken)
        yield spread, broken
        yield tied, np.ones(n)


def _generations(part: Survival, n_obj: int, bench: Bench) -> None:
    """What it remembers is enough: one that has only that goes on as one that never stopped."""
    drawn, rng, again = bench.rng(n_obj, 1), bench.rng(n_obj, 2), bench.rng(n_obj, 2)
    fresh = part
    with contextlib.suppress(Exception):  # of what cannot be copied there is the part itself
        fresh = copy.deepcopy(part)
    memory: part_memory.PartMemory = {}
    kept: part_memory.PartMemory = {}
    for _ in range(4):
        F, violation = drawn.random((MOST, n_obj)), np.zeros(MOST)
        one = _read(part, MOST, 6, part(F.copy(), violation.copy(), 6, rng, memory))
        check_memory(part, memory)
        resumed = copy.deepcopy(fresh) if fresh is not part else part
        kept = part_memory.read(part_memory.stored(kept))
        two = _read(part, MOST, 6, resumed(F.copy(), violation.copy(), 6, again, kept))
        check_memory(part, kept)
        if bits_of([one, memory]) != bits_of([two, kept]):
            raise RuleBroken(
                f"{part!r} chose otherwise after its memory had been stored and read: "
                f"{difference(tuple(one), tuple(two))}; expected the same bits: what it must know "
                "of earlier calls belongs into memory, as arrays"
            )


def _read(part: Any, n: int, size: int, returned: Any) -> Survivors:
    return check_survivors(part, returned, n, size)
