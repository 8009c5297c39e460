"""``paretide run``: start a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import (
    Address,
    ExecutorName,
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
        typer.Option(help="nsga2 (default), dnsga2, concurrent-dnsga2.", show_default=False),
    ] = None,
    budget: Annotated[
        int | None, typer.Option(help="Evaluations in all.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Drawn and recorded if left out.", show_default=False)
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="HDF5 file; default run.h5.", show_default=False)
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace that file.")] = False,
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
            help="key=value: size=50, algorithm.tau=800, arguments.n=30, executor.gpus=1.",
            show_default=False,
        ),
    ] = None,
    picture: Picture = None,
    progress: Progress = True,
) -> None:
    """Start a run: paretide run train.py:Digits --algorithm dnsga2 --budget 2000 --executor ray."""
    from ..config import make_failure_budget, read_config
    from ..engine.minimize import minimize
    from ..errors import ConfigurationError

    options = {
        "problem": problem,
        "algorithm.name": algorithm,
        "budget": budget,
        "seed": seed,
        "store": store,
        "overwrite": True if overwrite else None,
        "initial": initial,
        "cache": cache,
        "executor.name": executor,
        "executor.workers": workers,
        "executor.address": address,
    }
    if executor is None and (workers, address) != (None, None) and config is None:
        raise ConfigurationError("--workers and --address need --executor: say of which")
    check_picture(picture)
    chosen = read_config(config, options, set_ or [])
    with resumable(chosen.store):
        result = minimize(
            chosen.make_problem(),
            chosen.make_algorithm(),
            budget=chosen.budget,
            seed=chosen.seed,
            executor=chosen.make_executor(),
            store=chosen.store,
            overwrite=chosen.overwrite,
            initial=chosen.initial,
            cache=chosen.cache,
            failure_budget=make_failure_budget(chosen.failure_budget),
            progress=progress,
        )
    finish(result, chosen.store, picture)
