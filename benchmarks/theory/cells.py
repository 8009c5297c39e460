"""What the study runs. A cell is one algorithm on one problem with one seed.

Each part of the study is a function that lists its cells, in full and in short.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log
from typing import Any

import paretide as pt
from paretide.engine.algorithms.algorithm import Algorithm
from paretide.problems.definition import read_definition
from paretide.problems.pymoo_problem import get

RUNTIME_SIZES, SHORT_SIZES = (50, 100, 200, 400), (16, 32, 64)
SEEDS, SHORT_SEEDS = 20, 3

CLASSIC_BUDGET, DYNAMIC_BUDGET = 50_000, 12_000
MARKS = (12_000, 25_000, 50_000)  # evaluations at which continuous problems are looked at

PER_EVALUATION, PER_GENERATION = 6e-6, 1e-3  # seconds on one core, for the forecast alone


@dataclass(frozen=True)
class Cell:
    """One run.

    Attributes:
        part: Of the study.
        problem: A class of ``paretide``, or a name of pymoo's.
        arguments: That make it.
        algorithm: Its name in the tables.
        specification: What it is.
        seed: Of the run.
        budget: Evaluations after which it is given up.
        seconds: A forecast.
    """

    part: str
    problem: str
    arguments: dict[str, int]
    algorithm: str
    specification: Algorithm
    seed: int
    budget: int
    seconds: float

    def instance(self) -> Any:
        """The problem."""
        kind = getattr(pt, self.problem, None)
        return get(self.problem, **self.arguments) if kind is None else kind(**self.arguments)

    def identity(self) -> dict[str, Any]:
        """What the outcome depends on, as JSON: with the algorithm's defaults filled in, so that a
        cell is run again when a default has changed."""
        resolved = self.specification.resolved(read_definition(self.instance()), self.budget)
        return {
            "part": self.part,
            "problem": self.problem,
            "arguments": self.arguments,
            "algorithm": self.algorithm,
            "settings": resolved.settings(),
            "seed": self.seed,
            "budget": self.budget,
        }


IDENTITY = ("part", "problem", "arguments", "algorithm", "settings", "seed", "budget")


def key(row: dict[str, Any]) -> str:
    """By which the cell of a row, or of an identity, is known."""
    return json.dumps({name: row[name] for name in IDENTITY}, sort_keys=True)


def forecast(evaluations: float, generations: float) -> float:
    return PER_EVALUATION * evaluations + PER_GENERATION * generations


AS_PROVED: dict[str, Any] = {"crossover": None, "duplicates": None, "copies": "stay"}
"""As the theory has it: bits are flipped and not exchanged, copies neither drawn again nor first to
go."""


def classic(size: int, **settings: Any) -> pt.NSGA2:
    return pt.NSGA2(size=size, **AS_PROVED, **settings)


def dynamic(size: int, **settings: Any) -> pt.DynamicNSGA2:
    return pt.DynamicNSGA2(start=4, max_size=size, **AS_PROVED, **settings)


def runtime(sizes: tuple[int, ...], seeds: int, concurrent_seeds: int) -> Iterator[Cell]:
    """OneMinMax: evaluations to the whole front. Given up after five times the classic median."""
    for n in sizes:
        size, base = 4 * (n + 1), n * log(n)
        concurrent = pt.ConcurrentDynamicNSGA2(start=4, max_size=size, base=n, **AS_PROVED)
        for name, specification, evaluations, generations in (
            ("classic", classic(size), 0.6 * size * base, 0.6 * base),
            ("dynamic", dynamic(size), 17 * base, 3 * base),
            ("dynamic, one tau", dynamic(size, tau=ceil(6 * base)), 6 * base * log(n), 3 * base),
            ("concurrent", concurrent, 60 * base, 12 * base),
        ):
            seconds, cap = forecast(evaluations, generations), ceil(3 * size * base)
            for seed in range(concurrent_seeds if name == "concurrent" else seeds):
                yield Cell(
                    "runtime", "OneMinMax", {"n": n}, name, specification, seed, cap, seconds
                )


def edge(n: int, seeds: int) -> Iterator[Cell]:
    """OneMinMax with no larger population than the front: twenty first phases, which is about ten
    times what the dynamic population of 4 (n + 1) takes."""
    budget = 20 * ceil(8 * n * log(n))
    for crowding in ("current", "once"):
        specification = dynamic(n + 1, crowding=crowding)
        seconds = forecast(budget, 3 * n * log(n)) * (0.3 if crowding == "current" else 1)
        for seed in range(seeds):
            yield Cell(
                "edge", "OneMinMax", {"n": n}, crowding, specification, seed, budget, seconds
            )


Instance = tuple[str, dict[str, int]]


def many(instances: tuple[tuple[Instance, int], ...], seeds: int) -> Iterator[Cell]:
    """OneMinMax with budgets, populations of one and of two fronts."""
    for (problem, arguments), budget in instances:
        front = getattr(pt, problem)(**arguments).front_size
        for times, crowding, ties in (
            (1, "once", "random"),
            (1, "current", "random"),
            (1, "truthful", "random"),
            (2, "current", "random"),
            (2, "current", "balanced"),
        ):
            size = times * front
            specification = classic(size, crowding=crowding, ties=ties)
            name = f"{size}, {crowding}, {ties}"
            seconds = forecast(3 * budget, budget / size)
            for seed in range(seeds):
                yield Cell("many", problem, arguments, name, specification, seed, budget, seconds)


def others(instances: tuple[Instance, ...], seeds: int) -> Iterator[Cell]:
    """Other problems, N = n_max = four fronts: with the default taus, and with some that fit the
    time an improvement takes there, n^2 and n^k."""
    for problem, arguments in instances:
        n, size = arguments["n"], 4 * getattr(pt, problem)(**arguments).front_size
        step = {"COCZ": n, "LOTZ": n**2}.get(problem) or n ** arguments["k"]
        rows = {"classic": (classic(size), 0.5 * size * step, step)}
        rows["dynamic"] = (dynamic(size), 0.4 * size * step, 3 * n * log(n))
        if problem != "COCZ":
            first = step if problem == "LOTZ" else ceil(4 * step * log(n))
            fitting = dynamic(size, first_tau=first, tau=step)
            rows["dynamic, fitting taus"] = (fitting, 2 * first, first / 3)
        cap = ceil(20 * size * step)
        for name, (specification, evaluations, generations) in rows.items():
            seconds = forecast(evaluations, generations)
            for seed in range(seeds):
                yield Cell("others", problem, arguments, name, specification, seed, cap, seconds)


CONTINUOUS: dict[str, dict[str, int]] = {
    "zdt1": {},
    "zdt2": {},
    "zdt3": {},
    "zdt4": {},
    "zdt6": {},
    "dtlz2": {"n_obj": 3, "n_var": 12},
    "wfg4": {"n_obj": 2, "n_var": 24},
}


def continuous(names: tuple[str, ...], seeds: int, segment_seeds: int) -> Iterator[Cell]:
    """Hypervolume over evaluations; on ZDT3, which may lose a segment, more and longer runs, and
    what the same crossover at all sizes does; on ZDT1 concurrent runs."""
    for name in names:
        arguments = CONTINUOUS[name]
        small, large = pt.DynamicNSGA2(max_size=100), pt.NSGA2(size=100)
        rows = [("classic", large, CLASSIC_BUDGET), ("dynamic", small, DYNAMIC_BUDGET)]
        if name == "zdt3" and segment_seeds > seeds:
            usual = pt.DynamicNSGA2(max_size=100, eta_below_max=15.0)
            rows += [("dynamic", small, MARKS[1]), ("dynamic, eta 15", usual, DYNAMIC_BUDGET)]
        if name == "zdt1":
            side_by_side = pt.ConcurrentDynamicNSGA2(max_size=100)
            rows.append(("concurrent", side_by_side, DYNAMIC_BUDGET))
        for label, specification, budget in rows:
            seconds = forecast(5 * budget, budget / (100 if label == "classic" else 10))
            for seed in range(segment_seeds if name == "zdt3" else seeds):
                yield Cell(
                    "continuous", name, arguments, label, specification, seed, budget, seconds
                )


PARTS = ("runtime", "edge", "many", "others", "continuous")


def study(parts: tuple[str, ...], sizes: tuple[int, ...], seeds: int, *, short: bool) -> list[Cell]:
    """All cells of these parts."""
    jumps: tuple[Instance, ...] = tuple(
        ("OneJumpZeroJump", {"n": n, "k": k}) for n, k in ((20, 2), (40, 2), (16, 3))
    )
    crowded: tuple[tuple[Instance, int], ...] = (
        (("OneMinMax3", {"n": 20}), 36_000),
        (("OneMinMax", {"n": 20, "m": 4}), 36_000),
        (("OneMinMax", {"n": 18, "m": 6}), 103_000),
    )
    few: tuple[tuple[Instance, int], ...] = ((("OneMinMax", {"n": 8, "m": 4}), 4_000),)
    made = {
        "runtime": lambda: runtime(sizes, seeds, 1 if short else seeds),  # half of all the time
        "edge": lambda: edge(24 if short else 100, seeds),
        "many": lambda: many(few if short else crowded, seeds),
        "others": lambda: others(
            (("LOTZ", {"n": 10}), ("OneJumpZeroJump", {"n": 10, "k": 2}))
            if short
            else (
                *(("COCZ", {"n": n}) for n in (50, 100)),
                *(("LOTZ", {"n": n}) for n in (20, 40)),
                *jumps,
            ),
            seeds,
        ),
        "continuous": lambda: continuous(
            ("zdt3",) if short else tuple(CONTINUOUS), seeds, 1 if short else 5 * seeds // 2
        ),
    }
    return [cell for part in parts for cell in made[part]()]
