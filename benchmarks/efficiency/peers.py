"""The optimizers that users would take otherwise, each with the settings that its authors advise.

One candidate at a time, as all of them were made for. Each is imported when it is asked for;
``requirements.txt`` has the versions that were measured. Candidates are told apart by codes: a
choice is its position, an ordered value is a whole number.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

import paretide as pt
from paretide.typing import FloatArray

if TYPE_CHECKING:
    from optimizers import Asked

POOL = 2000
"""Candidates of which qLogNEHVI chooses one: half of them anywhere, half near the front."""

FIRST = 10
"""Random candidates that models begin with, as Optuna's TPE does."""


# -- Optuna ----------------------------------------------------------------------------------------


def optuna_with(sampler: Callable[[Any, int], Any]) -> Callable[[Asked, int, int], None]:
    """A study with this sampler."""

    def run(asked: Asked, budget: int, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        job = asked.job

        def objective(trial: Any) -> list[float]:
            return asked(np.array(suggested(trial, job.space))).tolist()

        study = optuna.create_study(
            directions=["minimize"] * len(job.objectives), sampler=sampler(optuna.samplers, seed)
        )
        study.optimize(objective, n_trials=budget)

    return run


def suggested(trial: Any, space: pt.Space) -> list[float]:
    """The codes that a trial suggests."""
    codes = []
    for (name, variable), n in zip(
        space.variables.items(), space.layout.categories.tolist(), strict=True
    ):
        if n:
            codes.append(trial.suggest_categorical(name, list(range(n))))
        elif isinstance(variable, pt.Float):
            codes.append(trial.suggest_float(name, variable.low, variable.high, log=variable.log))
        elif isinstance(variable, pt.Int):
            codes.append(trial.suggest_int(name, variable.low, variable.high, log=variable.log))
        else:
            codes.append(trial.suggest_int(name, 0, len(variable.values) - 1))
    return codes


def tpe(samplers: Any, seed: int) -> Any:
    """Tree of Parzen estimators, multivariate. Source: Bergstra et al. 2011; Ozaki et al. 2022."""
    return samplers.TPESampler(multivariate=True, seed=seed)


# -- BoTorch ---------------------------------------------------------------------------------------


def qlognehvi(asked: Asked, budget: int, seed: int) -> None:
    """Noisy expected hypervolume improvement of Gaussian processes, over a pool of candidates.

    A pool, since the spaces are mixed. Source: Daulton, Balandat, Bakshy 2021; Ament et al. 2023.
    """
    import torch
    from botorch.acquisition.multi_objective.logei import (
        qLogNoisyExpectedHypervolumeImprovement,
    )
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import ModelListGP, SingleTaskGP
    from botorch.models.transforms import Standardize
    from botorch.sampling import SobolQMCNormalSampler
    from gpytorch.mlls import SumMarginalLogLikelihood

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    job, rng = asked.job, np.random.default_rng(seed)
    X = pt.ScrambledSobol()(min(FIRST, budget), job.space, rng)
    for x in X:
        asked(x)
    while len(asked.F) < budget:
        F = np.array(asked.F)
        known = torch.tensor(unit(job.space, X))
        models = [
            SingleTaskGP(known, torch.tensor(-f[:, None]), outcome_transform=Standardize(1))
            for f in F.T
        ]
        model = ModelListGP(*models)
        fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
        pool = drawn_pool(job.space, X, F, rng)
        worst, best = F.max(axis=0), F.min(axis=0)
        gain = qLogNoisyExpectedHypervolumeImprovement(
            model,
            ref_point=(-(worst + 0.1 * (worst - best))).tolist(),
            X_baseline=known,
            sampler=SobolQMCNormalSampler(torch.Size([64]), seed=seed),
            prune_baseline=True,
        )
        with torch.no_grad():
            values = torch.cat(
                [gain(part[:, None]) for part in torch.tensor(unit(job.space, pool)).split(200)]
            )
        chosen = pool[int(values.argmax())]
        asked(chosen)
        X = np.concatenate([X, chosen[None]])


def unit(space: pt.Space, X: FloatArray) -> FloatArray:
    """(n, d) in [0, 1]: working coordinates of numbers, a column for each choice."""
    layout, Z = space.layout, space.to_working(X)
    columns = []
    for j, n in enumerate(layout.categories.tolist()):
        if n:
            columns.append((Z[:, j, None] == np.arange(n)).astype(np.float64))
        else:
            low, high = layout.lower[j], layout.upper[j]
            columns.append(((Z[:, j] - low) / (high - low))[:, None])
    return np.concatenate(columns, axis=1)


def drawn_pool(
    space: pt.Space, X: FloatArray, F: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """(m, n_var) candidates that are new: anywhere, and the front's with one or two changes."""
    anywhere = pt.Uniform()(POOL // 2, space, rng)
    front = X[pt.nondominated_rank(F) == 0]
    near = front[rng.integers(len(front), size=POOL // 2)]
    other = pt.Uniform()(len(near), space, rng)
    changed = rng.random(near.shape) < 1.5 / space.n_var
    small = pt.PolynomialMutation(prob=1.0, eta=20.0)(near, space, rng)
    moved = np.where(rng.random(near.shape) < 0.5, small, other)
    near = np.where(changed, moved, near)
    pool = np.unique(np.concatenate([anywhere, near]), axis=0)
    known = {x.tobytes() for x in X}
    return pool[[x.tobytes() not in known for x in pool]]


# -- pymoo -----------------------------------------------------------------------------------------


def pymoo_mixed(asked: Asked, budget: int, seed: int) -> None:
    """NSGA-II for mixed variables, population 20. Source: Blank, Deb 2020."""
    from pymoo.algorithms.moo.nsga2 import RankAndCrowdingSurvival
    from pymoo.core.mixed import MixedVariableGA
    from pymoo.core.problem import ElementwiseProblem
    from pymoo.core.variable import Choice, Integer, Real
    from pymoo.optimize import minimize

    job, space = asked.job, asked.job.space
    layout = space.layout
    variables: dict[str, Any] = {}
    logarithmic = []
    for j, (name, variable, n) in enumerate(named(space)):
        low, high = space.from_working(np.stack([layout.lower, layout.upper]))[:, j]
        logarithmic.append(isinstance(variable, pt.Float) and variable.log)
        if n:
            variables[name] = Choice(options=list(range(n)))
        elif isinstance(variable, pt.Float):
            variables[name] = Real(
                bounds=(np.log(low), np.log(high)) if variable.log else (low, high)
            )
        else:
            variables[name] = Integer(bounds=(int(low), int(high)))
    logs = np.array(logarithmic)

    class Problem(ElementwiseProblem):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(vars=variables, n_obj=len(job.objectives))

        def _evaluate(self, x: Any, out: Any, *args: Any, **kwargs: Any) -> None:
            codes = np.array([float(x[name]) for name in variables])
            codes[logs] = np.exp(codes[logs])
            if len(asked.F) < budget:
                out["F"] = asked(codes)
            else:
                out["F"] = np.full(len(job.objectives), np.inf)

    survival = RankAndCrowdingSurvival()
    minimize(
        Problem(), MixedVariableGA(pop_size=20, survival=survival), ("n_eval", budget), seed=seed
    )


# -- Syne Tune and SMAC ----------------------------------------------------------------------------


def mo_rea(asked: Asked, budget: int, seed: int) -> None:
    """Regularized evolution by non-dominated rank. Source: Salinas et al. 2022, Syne Tune."""
    from syne_tune.config_space import choice, lograndint, loguniform, randint, uniform
    from syne_tune.optimizer.schedulers.multiobjective import MultiObjectiveRegularizedEvolution

    job = asked.job
    space: dict[str, Any] = {}
    for name, variable, n in named(job.space):
        if n:
            space[name] = choice(list(range(n)))
        elif isinstance(variable, pt.Float):
            space[name] = (loguniform if variable.log else uniform)(variable.low, variable.high)
        elif isinstance(variable, pt.Int):
            space[name] = (lograndint if variable.log else randint)(variable.low, variable.high)
        else:
            space[name] = randint(0, len(variable.values) - 1)
    searcher = MultiObjectiveRegularizedEvolution(space, random_seed=seed)
    for trial in range(budget):
        config = searcher.suggest()
        values = asked(np.array([float(config[name]) for name in space]))
        searcher.on_trial_complete(trial, config, values.tolist())


def parego(asked: Asked, budget: int, seed: int) -> None:
    """SMAC with ParEGO's scalarizations. Source: Lindauer et al. 2022; Knowles 2006."""
    import logging

    from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.multi_objective.parego import ParEGO

    logging.disable(logging.WARNING)
    job, space = asked.job, ConfigurationSpace(seed=seed)
    for name, variable, n in named(job.space):
        if n:
            space.add(Categorical(name, list(range(n))))
        elif isinstance(variable, pt.Float):
            space.add(Float(name, (variable.low, variable.high), log=variable.log))
        elif isinstance(variable, pt.Int):
            space.add(Integer(name, (variable.low, variable.high), log=variable.log))
        else:
            space.add(Integer(name, (0, len(variable.values) - 1)))
    names = list(job.space.names)

    def objective(config: Any, seed: int = 0) -> dict[str, float]:
        values = asked(np.array([float(config[name]) for name in names]))
        return dict(zip(job.objectives, values.tolist(), strict=True))

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            space, objectives=list(job.objectives), n_trials=budget, seed=seed,
            deterministic=True, output_directory=folder,
        )  # fmt: skip
        HyperparameterOptimizationFacade(
            scenario, objective, multi_objective_algorithm=ParEGO(scenario), overwrite=True,
            logging_level=False,
        ).optimize()  # fmt: skip


def named(space: pt.Space) -> list[tuple[str, Any, int]]:
    """Names, variables, and how many choices those without an order have."""
    counts = space.layout.categories.tolist()
    return [(name, v, n) for (name, v), n in zip(space.variables.items(), counts, strict=True)]


PEERS: dict[str, Callable[[Any, int, int], None]] = {
    "optuna-tpe": optuna_with(tpe),
    "optuna-nsga2": optuna_with(lambda samplers, seed: samplers.NSGAIISampler(seed=seed)),
    "optuna-gp": optuna_with(lambda samplers, seed: samplers.GPSampler(seed=seed)),
    "botorch-qlognehvi": qlognehvi,
    "pymoo": pymoo_mixed,
    "syne-tune-mo-rea": mo_rea,
    "smac-parego": parego,
}
"""By name: a function of a job that is asked, a budget and a seed."""
