"""Short names of what paretide brings itself: how files, command lines and configurations call it.

Everything else is called by where it is, ``module:name`` or ``file.py:name``. The names stand in
files and never change; where they lead does.
"""

from __future__ import annotations

import importlib
from typing import Any

OWN_NAMES = {
    "auto": "paretide.engine.algorithms.auto:Auto",
    "nsga2": "paretide.engine.algorithms.nsga2:NSGA2",
    "dnsga2": "paretide.engine.algorithms.dynamic_nsga2:DynamicNSGA2",
    "concurrent-dnsga2": "paretide.engine.algorithms.concurrent_dynamic_nsga2:"
    "ConcurrentDynamicNSGA2",
    "evolution": "paretide.engine.algorithms.evolution:Evolution",
    "random": "paretide.engine.algorithms.random_search:RandomSearch",
    "sobol": "paretide.engine.algorithms.sobol_search:Sobol",
    "grid": "paretide.engine.algorithms.grid:Grid",
    "SBX": "paretide.operators.crossover.sbx:SBX",
    "UniformCrossover": "paretide.operators.crossover.uniform:UniformCrossover",
    "PolynomialMutation": "paretide.operators.mutation.polynomial:PolynomialMutation",
    "BitFlip": "paretide.operators.mutation.bit_flip:BitFlip",
    "ScrambledSobol": "paretide.operators.sampling.sobol:ScrambledSobol",
    "Uniform": "paretide.operators.sampling.uniform:Uniform",
    "Tournament": "paretide.operators.mating.tournament:Tournament",
    "RankAndCrowding": "paretide.operators.survival.rank_and_crowding:RankAndCrowding",
    "GaussianProcess": "paretide.operators.screening.gaussian_process:GaussianProcess",
    "ExtraTrees": "paretide.operators.screening.extra_trees:ExtraTrees",
    "Constant": "paretide.engine.algorithms.schedule:Constant",
    "Doubling": "paretide.engine.algorithms.schedule:Doubling",
    "BudgetShare": "paretide.engine.algorithms.schedule:BudgetShare",
    "serial": "paretide.engine.executors.serial:SerialExecutor",
    "processes": "paretide.engine.executors.processes:ProcessExecutor",
    "ray": "paretide.engine.executors.ray:RayExecutor",
    "real": "paretide.problems.space:Real",
    "integer": "paretide.problems.space:Integer",
    "binary": "paretide.problems.space:Binary",
    "mixed": "paretide.problems.space:Space",
}
"""By name, where the class is."""

NAMES_OF_PLACES = {place: name for name, place in OWN_NAMES.items()}
"""By where the class is, its name."""


def own_class(name: str) -> type[Any]:
    """The class of paretide's that has this short name; KeyError for any other name."""
    module, _, found = OWN_NAMES[name].partition(":")
    kind: type[Any] = getattr(importlib.import_module(module), found)
    return kind


def own_name(kind: type[Any]) -> str:
    """The short name of a class; "" if it has none."""
    return NAMES_OF_PLACES.get(f"{kind.__module__}:{kind.__qualname__}", "")
