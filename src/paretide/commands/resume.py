"""``paretide resume``: continue a run."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import (
    Address,
    ExecutorName,
    Picture,
    Progress,
    Store,
    TrustExecutor,
    Workers,
    check_picture,
    chosen_executor,
    finish,
    named_problem,
    resumable,
)


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
    trust_executor: TrustExecutor = False,
    without_journal: Annotated[
        bool,
        typer.Option("--without-journal", help="Go on from the file alone if its journal is lost."),
    ] = False,
    picture: Picture = None,
    progress: Progress = True,
) -> None:
    """Continue a run where it stopped; no finished evaluation is done twice.

    It keeps its executor, with all its settings but those that are given here.
    """
    from ..engine.resume import resume as resume_run

    check_picture(picture)
    with resumable(store):
        result = resume_run(
            store,
            budget=_added(budget),
            problem=named_problem(problem, store),
            executor=chosen_executor(store, executor, workers, address, trust_executor),
            progress=progress,
            without_journal=without_journal,
        )
    finish(result, store, picture)


def _added(budget: str | None) -> int | None:
    from ..errors import ConfigurationError

    if budget is None:
        return None
    try:
        return int(budget.removeprefix("+"))
    except ValueError:
        raise ConfigurationError(
            f"--budget {budget!r}: write the evaluations to add, like +1000"
        ) from None
