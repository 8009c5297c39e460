"""Whole runs of NSGA-II, one function for each package: (n, n_obj) of the last population or front.

The operators are the same: tournaments, SBX (eta 15, a pair is crossed with 0.9), polynomial
mutation (eta 20, a variable is mutated with 1 / n_var). Duplicates are eliminated, but by pygmo,
which cannot. A generation is one call of the objective, the first sample is one of them.
"""

import numpy as np

ETA_CROSSOVER, CROSSOVER, ETA_MUTATION = 15.0, 0.9, 20.0


def paretide(case, size, generations, seed):
    import paretide as pt

    class Vectorized(pt.Problem):
        space = pt.Real(0, 1, n=case.n_var)
        objectives = {f"f{j}": "min" for j in range(case.n_obj)}
        batch_size = size

        def evaluate_batch(self, X):
            return case.objective(X)

    algorithm = pt.NSGA2(
        size=size,
        crossover=pt.SBX(eta=ETA_CROSSOVER, prob=CROSSOVER),
        mutation=pt.PolynomialMutation(eta=ETA_MUTATION),
        duplicates="population",
    )
    result = pt.minimize(Vectorized(), algorithm, budget=size * generations, seed=seed)
    return result.population.best().F


def genoxide(case, size, generations, seed):
    import genoxide

    algorithm = genoxide.Nsga2(
        genoxide.Real((0.0, 1.0), case.n_var),
        objectives=["minimize"] * case.n_obj,
        population_size=size,
        crossover=genoxide.SimulatedBinaryCrossover(ETA_CROSSOVER),
        mutation=genoxide.PolynomialMutation(ETA_MUTATION, rate=1 / case.n_var),
        crossover_rate=CROSSOVER,
        seed=seed,
    )
    result = algorithm.run(
        lambda columns: case.objective(np.asarray(columns)), generations=generations - 1, batch=True
    )
    return result.front_objectives


def pygmo(case, size, generations, seed):
    """With its own objective, in C++. ``size`` must be a multiple of 4."""
    import pygmo

    problem = {
        "ZDT1": lambda: pygmo.zdt(prob_id=1, param=case.n_var),
        "DTLZ2": lambda: pygmo.dtlz(prob_id=2, dim=case.n_var, fdim=case.n_obj),
    }[case.name]()
    algorithm = pygmo.nsga2(
        gen=generations - 1,
        cr=CROSSOVER,
        eta_c=ETA_CROSSOVER,
        m=1 / case.n_var,
        eta_m=ETA_MUTATION,
        seed=seed,
    )
    population = pygmo.population(pygmo.problem(problem), size=size, seed=seed)
    return pygmo.algorithm(algorithm).evolve(population).get_f()


def pymoo(case, size, generations, seed):
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.problem import Problem
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.optimize import minimize

    class Vectorized(Problem):
        def __init__(self):
            super().__init__(n_var=case.n_var, n_obj=case.n_obj, xl=0.0, xu=1.0)

        def _evaluate(self, x, out, *args, **kwargs):
            out["F"] = case.objective(x)

    algorithm = NSGA2(
        pop_size=size,
        crossover=SBX(eta=ETA_CROSSOVER, prob=CROSSOVER),
        mutation=PM(eta=ETA_MUTATION, prob_var=1 / case.n_var),
    )
    return minimize(Vectorized(), algorithm, ("n_gen", generations), seed=seed).F


PACKAGES = {run.__name__: run for run in (paretide, genoxide, pygmo, pymoo)}
