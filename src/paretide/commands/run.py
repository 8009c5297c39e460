"""``paretide run``: start a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import (
    Address,
    AtEnd,
    CostAmount,
    ExecutorName,
    MaxSeconds,
    Picture,
    Progress,
    Workers,
    check_picture,
    finish,
    resumable,
)


def run(
    problem: Annotated[
        str | None,
        typer.Argument(help="file.py:Name, module:Name, or pymoo:zdt1.", show_default=False),
    ] = None,
    algorithm: Annotated[
        str | None,
        typer.Option(
            help="auto (default: by the budget), nsga2, dnsga2, concurrent-dnsga2, random, sobol, "
            "grid, or your own: file.py:Name.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        int | None, typer.Option(help="Evaluations in all.", show_default=False)
    ] = None,
    cost: CostAmount = None,
    cost_of: Annotated[
        str | None,
        typer.Option(
            help="Of --cost: seconds (default), or a number that the job logs, like epochs.",
            show_default=False,
        ),
    ] = None,
    cost_about: Annotated[
        int | None,
        typer.Option(help="Of --cost: for how many evaluations that is.", show_default=False),
    ] = None,
    max_seconds: MaxSeconds = None,
    at_end: AtEnd = None,
    seed: Annotated[
        int | None, typer.Option(help="Drawn and recorded if left out.", show_default=False)
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="HDF5 file; default run.h5.", show_default=False)
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace that file.")] = False,
    or_resume: Annotated[
        bool,
        typer.Option(
            "--or-resume", help="Go on if that file holds this run: --budget is then in all."
        ),
    ] = False,
    initial: Annotated[
        Path | None,
        typer.Option(help="A run whose last population this one begins with.", show_default=False),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="A run whose candidates are not evaluated again; --set cache=true or false.",
            show_default=False,
        ),
    ] = None,
    executor: ExecutorName = None,
    workers: Workers = None,
    address: Address = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML with the same keys.", show_default=False)
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="key=value: size=50, mutation.prob=0.3, crossover=file.py:route_exchange, "
            "arguments.n=30, executor.gpus=1.",
            show_default=False,
        ),
    ] = None,
    picture: Picture = None,
    progress: Progress = True,
) -> None:
    """Start a run: paretide run train.py:Digits --budget 200 --executor ray."""
    from ..config import make_failure_budget, make_stop, read_config
    from ..engine.runs.minimize import minimize
    from ..errors import ConfigurationError

    options = {
        "problem": problem,
        "algorithm.name": algorithm,
        "budget": budget,
        "cost": cost,
        "cost_of": cost_of,
        "cost_about": cost_about,
        "max_seconds": max_seconds,
        "at_end": at_end,
        "seed": seed,
        "store": store,
        "overwrite": True if overwrite else None,
        "or_resume": True if or_resume else None,
        "initial": initial,
        "cache": cache,
        "executor.name": executor,
        "executor.workers": workers,
        "executor.address": address,
    }
    chosen = read_config(config, options, set_ or [])
    if (workers, address) != (None, None) and chosen.executor.name == "serial":
        raise ConfigurationError(
            "--workers and --address need --executor processes or ray: serial has no workers"
        )
    check_picture(picture, chosen.store)
    with resumable(chosen.store):
        problem_ = chosen.make_problem()
        result = minimize(
            problem_,
            chosen.make_algorithm(problem_),
            budget=chosen.make_budget(),
            seed=chosen.seed,
            executor=chosen.make_executor(),
            store=chosen.store,
            overwrite=chosen.overwrite,
            or_resume=chosen.or_resume,
            initial=chosen.initial,
            cache=chosen.cache,
            failure_budget=make_failure_budget(chosen.failure_budget),
            stop=make_stop(chosen.max_seconds),
            at_end=chosen.at_end,
            progress=progress,
        )
    finish(result, chosen.store, picture)
