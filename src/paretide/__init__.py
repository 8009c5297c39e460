"""paretide: evolutionary multi-objective optimization of expensive problems.

import paretide as pt
result = pt.minimize(problem, budget=200, seed=1, store="run.h5")
result = pt.resume("run.h5", budget=10_000)
run = pt.open_run("run.h5")
"""

from typing import TYPE_CHECKING

from . import errors
from .engine.algorithms.algorithm import Algorithm
from .engine.algorithms.auto import Auto
from .engine.algorithms.breeding import Mates
from .engine.algorithms.concurrent_dynamic_nsga2 import ConcurrentDynamicNSGA2
from .engine.algorithms.dynamic_nsga2 import DynamicNSGA2
from .engine.algorithms.evolution import Evolution
from .engine.algorithms.grid import Grid
from .engine.algorithms.nsga2 import NSGA2
from .engine.algorithms.random_search import RandomSearch
from .engine.algorithms.schedule import BudgetShare, Constant, Doubling
from .engine.algorithms.sobol_search import Sobol
from .engine.executors import ProcessExecutor, RayExecutor, SerialExecutor
from .engine.executors.base import Activity, Executor, Job
from .engine.executors.conditions import Conditions
from .engine.executors.worker import Worker
from .engine.records.outcome import Completion, Evaluated, Failed, LostTask, Task
from .engine.records.population import Population
from .engine.runs.cost import Cost
from .engine.runs.failure_budget import FailureBudget
from .engine.runs.minimize import minimize
from .engine.runs.progress import Progress
from .engine.runs.result import Result
from .engine.runs.resume import resume
from .engine.runs.run import Run, open_run
from .engine.runs.terminations import (
    FrontCovered,
    MaxEvaluations,
    MaxGenerations,
    MaxSeconds,
    Stall,
    TargetHypervolume,
    Termination,
)
from .engine.runs.told import Told
from .operators.crossover import SBX, UniformCrossover
from .operators.mating import Tournament
from .operators.mutation import BitFlip, PolynomialMutation
from .operators.parts import (
    Crossover,
    Duplicates,
    KnownOutcomes,
    Mating,
    Mutation,
    Repair,
    Sampling,
    Screen,
    Survival,
    Survivors,
    crossover,
    duplicates,
    mating,
    mutation,
    repair,
    sampling,
    screen,
    survival,
)
from .operators.sampling import ScrambledSobol, Uniform
from .operators.screening import ExtraTrees, GaussianProcess
from .operators.survival import RankAndCrowding, crowding_distance, nondominated_rank
from .problems.constraints import equal, lower, upper
from .problems.context import Context
from .problems.problem import Problem
from .problems.search_space import SearchSpace
from .problems.space import Binary, Integer, Real, Space
from .problems.suites.cocz import COCZ
from .problems.suites.jump import OneJumpZeroJump
from .problems.suites.lotz import LOTZ
from .problems.suites.onemax import OneMinMax
from .problems.suites.onemax3 import OneMinMax3
from .problems.variables import Bool, Choice, Float, Int, Ordinal

__all__ = [
    "COCZ",
    "LOTZ",
    "NSGA2",
    "SBX",
    "Activity",
    "Algorithm",
    "Auto",
    "Binary",
    "BitFlip",
    "Bool",
    "BudgetShare",
    "Choice",
    "Completion",
    "ConcurrentDynamicNSGA2",
    "Conditions",
    "Constant",
    "Context",
    "Cost",
    "Crossover",
    "Doubling",
    "Duplicates",
    "DynamicNSGA2",
    "Evaluated",
    "Evolution",
    "Executor",
    "ExtraTrees",
    "Failed",
    "FailureBudget",
    "Float",
    "FrontCovered",
    "GaussianProcess",
    "Grid",
    "Int",
    "Integer",
    "Job",
    "KnownOutcomes",
    "LostTask",
    "Mates",
    "Mating",
    "MaxEvaluations",
    "MaxGenerations",
    "MaxSeconds",
    "Mutation",
    "OneJumpZeroJump",
    "OneMinMax",
    "OneMinMax3",
    "Ordinal",
    "PolynomialMutation",
    "Population",
    "Problem",
    "ProcessExecutor",
    "Progress",
    "RandomSearch",
    "RankAndCrowding",
    "RayExecutor",
    "Real",
    "Repair",
    "Result",
    "Run",
    "Sampling",
    "ScrambledSobol",
    "Screen",
    "SearchSpace",
    "SerialExecutor",
    "Sobol",
    "Space",
    "Stall",
    "Survival",
    "Survivors",
    "TargetHypervolume",
    "Task",
    "Termination",
    "Told",
    "Tournament",
    "Uniform",
    "UniformCrossover",
    "Worker",
    "check",
    "crossover",
    "crowding_distance",
    "duplicates",
    "equal",
    "errors",
    "lower",
    "mating",
    "minimize",
    "mutation",
    "nondominated_rank",
    "open_run",
    "repair",
    "resume",
    "sampling",
    "screen",
    "survival",
    "upper",
]

if TYPE_CHECKING:
    from .engine.check import check

    __version__: str
else:

    def __getattr__(name):  # what is loaded only when it is asked for
        if name == "check":
            from .engine.check import check

            return check
        if name == "__version__":  # costs as much as the kernels
            from importlib.metadata import version

            return version("paretide")
        raise AttributeError(f"module 'paretide' has no attribute {name!r}")
