"""paretide: evolutionary multi-objective optimization of expensive problems.

import paretide as pt
result = pt.minimize(problem, pt.NSGA2(size=100), budget=20_000, seed=1, store="run.h5")
result = pt.resume("run.h5", budget=10_000)
run = pt.open_run("run.h5")
"""

from . import errors
from .engine.algorithms.algorithm import Algorithm
from .engine.algorithms.concurrent_dynamic_nsga2 import ConcurrentDynamicNSGA2
from .engine.algorithms.dynamic_nsga2 import DynamicNSGA2
from .engine.algorithms.evolution import Evolution
from .engine.algorithms.nsga2 import NSGA2
from .engine.breeding import Mates
from .engine.executors import ProcessExecutor, RayExecutor, SerialExecutor
from .engine.executors.base import Activity, Executor, Job
from .engine.executors.conditions import Conditions
from .engine.executors.worker import Worker
from .engine.failures import FailureBudget
from .engine.minimize import minimize
from .engine.outcome import Completion, Evaluated, Failed, LostTask, Task
from .engine.population import Population
from .engine.progress import Progress
from .engine.result import Result
from .engine.resume import resume
from .engine.run import Run, open_run
from .engine.schedule import BudgetShare, Constant, Doubling
from .engine.terminations import (
    FrontCovered,
    MaxEvaluations,
    MaxGenerations,
    MaxSeconds,
    Stall,
    TargetHypervolume,
    Termination,
)
from .engine.told import Told
from .operators.crossover import SBX
from .operators.mating import Tournament
from .operators.mutation import BitFlip, PolynomialMutation
from .operators.parts import (
    Crossover,
    Duplicates,
    Mating,
    Mutation,
    Repair,
    Sampling,
    Survival,
    Survivors,
    crossover,
    duplicates,
    mating,
    mutation,
    repair,
    sampling,
    survival,
)
from .operators.sampling import Uniform
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
    "Crossover",
    "Doubling",
    "Duplicates",
    "DynamicNSGA2",
    "Evaluated",
    "Evolution",
    "Executor",
    "Failed",
    "FailureBudget",
    "Float",
    "FrontCovered",
    "Int",
    "Integer",
    "Job",
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
    "RankAndCrowding",
    "RayExecutor",
    "Real",
    "Repair",
    "Result",
    "Run",
    "Sampling",
    "SearchSpace",
    "SerialExecutor",
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
    "Worker",
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
    "survival",
    "upper",
]


def __getattr__(name: str) -> str:
    if name == "__version__":  # read only when asked for: it costs as much as the kernels
        from importlib.metadata import version

        return version("paretide")
    raise AttributeError(f"module 'paretide' has no attribute {name!r}")
