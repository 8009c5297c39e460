"""The command line: run, resume, show, export, replay, verify, demo, doctor.

Exit codes: 0 the command did what it says; 1 a bug, with its traceback; 2 wrong input, named with
its remedy; 3 evaluation cannot go on (no worker, or every candidate fails); 130 interrupted,
resumable.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Store = Annotated[Path, typer.Argument(help="The run's HDF5 file.", show_default=False)]
Progress = Annotated[bool, typer.Option(help="Show a live line.")]
ExecutorName = Annotated[
    str | None, typer.Option(help="serial, processes or ray.", show_default=False)
]
Workers = Annotated[
    int | None, typer.Option(help="How many; default: what fits.", show_default=False)
]
Address = Annotated[str | None, typer.Option(help="Of a Ray cluster, or auto.", show_default=False)]
Picture = Annotated[
    Path | None, typer.Option(help="Draw the front (.png, .svg, .pdf).", show_default=False)
]


@app.callback()
def paretide(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Evolutionary multi-objective optimization of expensive problems."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("paretide"))
        raise typer.Exit


@app.command()
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
    from .config import make_failure_budget, read_config
    from .engine.minimize import minimize
    from .errors import ConfigurationError

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
    _check_picture(picture)
    chosen = read_config(config, options, set_ or [])
    with _resumable(chosen.store):
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
    _finish(result, chosen.store, picture)


@app.command()
def resume(
    store: Store,
    budget: Annotated[
        str | None, typer.Option(help="Evaluations to add: +1000.", show_default=False)
    ] = None,
    problem: Annotated[
        str | None,
        typer.Option(
            help="file.py:Name, if the run could not keep how its problem is made.",
            show_default=False,
        ),
    ] = None,
    executor: ExecutorName = None,
    workers: Workers = None,
    address: Address = None,
    picture: Picture = None,
    progress: Progress = True,
) -> None:
    """Continue a run where it stopped; no finished evaluation is done twice.

    It keeps its executor, with all its settings but those that are given here.
    """
    from .engine.executors import make_executor
    from .engine.minimize import resume as resume_run

    _check_picture(picture)
    chosen = None
    if (executor, workers, address) != (None, None, None):
        settings = _specification(store)["executor"]
        stored = settings.pop("name")
        given = {"workers": workers, "address": address}
        chosen = make_executor(
            executor or stored,
            **(settings if executor in (None, stored) else {})
            | {key: value for key, value in given.items() if value is not None},
        )
    with _resumable(store):
        result = resume_run(
            store,
            budget=_added(budget),
            problem=_named(problem, store),
            executor=chosen,
            progress=progress,
        )
    _finish(result, store, picture)


@app.command()
def show(
    store: Store,
    front: Annotated[bool, typer.Option("--front", help="The front alone.")] = False,
    failures: Annotated[bool, typer.Option("--failures", help="Failed candidates.")] = False,
    lineage: Annotated[
        int | None, typer.Option(help="A candidate and its ancestors.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The front as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Every evaluation as CSV.")] = False,
    picture: Picture = None,
) -> None:
    """What a run is, how far it came, and its front; also while it goes on."""
    from . import tables
    from .engine.run import open_run
    from .errors import ConfigurationError

    if sum([front, failures, lineage is not None, as_json, as_csv]) > 1:
        raise ConfigurationError(
            "--front, --failures, --lineage, --json and --csv exclude each other"
        )
    _check_picture(picture)
    opened = open_run(store)
    out = tables.console()
    if as_json:
        typer.echo(tables.front_json(opened))
    elif as_csv:
        tables.write_csv(opened, sys.stdout)
    elif failures:
        for text in tables.failure_texts(opened):
            typer.echo(text)
    elif lineage is not None:
        out.print(tables.lineage_table(opened, lineage, out.width))
    else:
        if not front:
            out.print(tables.run_summary(opened))
        out.print(tables.front_table(opened, opened.front(), out.width))
    _draw(opened, picture)


@app.command()
def export(
    store: Store,
    to: Annotated[str, typer.Option(help="csv, parquet or optuna.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option(help="File; default: beside the run.", show_default=False)
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace that file.")] = False,
) -> None:
    """Every evaluation as CSV, Parquet or an Optuna study; also while the run goes on."""
    from . import export as job
    from .engine.run import open_run

    opened = open_run(store)
    written = job.export(opened, to, output or job.default_output(store, to), overwrite)
    typer.echo(f"{written}: {len(opened.evaluations)} evaluations" + job.opening(written, to))


@app.command()
def replay(
    store: Store,
    problem: Annotated[
        str | None,
        typer.Option(
            help="file.py:Name, if the run needs cost(x) and cannot say how its problem is made.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Evolve a run again from its seed and its stored outcomes; exits 2 unless all is the same."""
    from .engine.replay import replay as replay_run
    from .engine.run import open_run

    run_ = open_run(store)
    replay_run(run_, problem=_named(problem, store))
    typer.echo(
        f"{store}: replayed {len(run_.evaluations)} evaluations and {len(run_.populations)} "
        "populations, the same bits"
    )


@app.command()
def verify(store: Store) -> None:
    """Read every byte of a run and its journal; exits 2 and names the place if one is damaged."""
    from .engine.run import open_run

    run_ = open_run(store)
    typer.echo(
        f"{store}: sound, {len(run_.evaluations)} evaluations, "
        f"{len(run_.populations)} populations, "
        + (f"stopped by {run_.stopped_by}" if run_.stopped_by else "not finished")
    )


@app.command()
def demo(
    store: Annotated[Path, typer.Option(help="HDF5 file of the run.")] = Path("demo.h5"),
    picture: Annotated[Path, typer.Option(help="Picture of the front.")] = Path("demo.png"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    executor: Annotated[str, typer.Option(help="serial, processes or ray.")] = "ray",
    workers: Workers = None,
    seed: Annotated[int, typer.Option()] = 1,
    progress: Progress = True,
) -> None:
    """Search networks for scikit-learn's digits: validation error against number of parameters."""
    from . import demo as job
    from .tables import console

    _check_picture(picture)
    console().print(job.introduction(store), highlight=False)
    with _resumable(store):
        result = job.search(
            store,
            seed=seed,
            executor=executor,
            workers=workers,
            overwrite=overwrite,
            progress=progress,
        )
    _finish(result, store, picture)


@app.command()
def doctor() -> None:
    """Check this installation by using it."""
    from rich.table import Table

    from .doctor import examine
    from .tables import console

    findings = examine()
    table = Table(show_header=False, box=None)
    signs = {True: "[green]ok[/]", None: "[yellow]--[/]", False: "[red]BAD[/]"}
    for finding in findings:
        table.add_row(signs[finding.ok], finding.what, finding.detail)
    console().print(table)
    if any(finding.ok is False for finding in findings):
        raise typer.Exit(1)


def _specification(store: Path) -> dict[str, Any]:
    from .engine.run import open_run

    return open_run(store).specification


def _named(problem: str | None, store: Path) -> Any:
    """The problem of this name, with the arguments that the run has; None for None."""
    from .problems.reference import load_problem

    if problem is None:
        return None
    return load_problem(problem, _specification(store)["problem"]["arguments"])


@contextlib.contextmanager
def _resumable(store: Path) -> Iterator[None]:
    """Ctrl-C and SIGTERM: the run has been sealed by now; say how it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"interrupted; go on with: paretide resume {store}\n")
        raise typer.Exit(130) from None


def _added(budget: str | None) -> int | None:
    from .errors import ConfigurationError

    if budget is None:
        return None
    try:
        return int(budget.removeprefix("+"))
    except ValueError:
        raise ConfigurationError(
            f"--budget {budget!r}: write the evaluations to add, like +1000"
        ) from None


def _finish(result: Any, store: Path, picture: Path | None) -> None:
    from .tables import console, front_table

    out = console()
    run_ = result.run
    out.print(front_table(run_, run_.front(), out.width))
    failed = len(run_.evaluations.failures)
    out.print(
        f"{len(run_.evaluations)} evaluations, {failed} failed, stopped by "
        f"{result.stopped_by}, seed {result.seed}",
        highlight=False,
    )
    again = "" if run_.specification["problem"]["target"] else " --problem FILE.py:NAME"
    out.print(f"go on:  paretide resume {store}{again} --budget +500", highlight=False)
    out.print(f"open:   paretide show {store}", highlight=False)
    out.print(f'        paretide.open_run("{store}").front()', highlight=False, markup=False)
    _draw(run_, picture)


def _check_picture(picture: Path | None) -> None:
    if picture is not None:
        from .pictures import check_picture

        check_picture(picture)


def _draw(run_: Any, picture: Path | None) -> None:
    if picture is None:
        return
    from .pictures import draw_front
    from .tables import console

    extras = run_.evaluations.extras.values()
    logged = "test_error" if any("test_error" in e for e in extras) else None
    draw_front(run_, picture, logged=logged)
    console().print(f"picture: {picture}", highlight=False)


def main() -> None:
    """Entry point: errors become one message and an exit code."""
    from .errors import ContractError, EvaluationError, ExecutorError, ParetideError

    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        app()
    except ParetideError as error:
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        sys.stderr.write(f"error: {error}{notes}\n")
        going_on = isinstance(error, (EvaluationError, ExecutorError))
        sys.exit(3 if going_on and not isinstance(error, ContractError) else 2)
