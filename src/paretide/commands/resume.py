"""``paretide resume``: continue a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import (
    Address,
    AlgorithmAgain,
    AtEnd,
    CostAmount,
    ExecutorName,
    MaxSeconds,
    Picture,
    Progress,
    Store,
    TrustExecutor,
    Workers,
    check_picture,
    chosen_executor,
    finish,
    named_algorithm,
    named_problem,
    resumable,
    specification_of,
)

if TYPE_CHECKING:
    from ..engine.runs.cost import Cost


def resume(
    store: Store,
    kinds: Annotated[
        list[str] | None,
        typer.Argument(
            help="With --retry-failed: only those that failed so, like deadline.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Evaluations to add: +1000.", show_default=False)
    ] = None,
    cost: CostAmount = None,
    max_seconds: MaxSeconds = None,
    at_end: AtEnd = None,
    problem: Annotated[
        str | None,
        typer.Option(
            help="file.py:Name, if the run could not keep how its problem is made.",
            show_default=False,
        ),
    ] = None,
    algorithm: AlgorithmAgain = None,
    executor: ExecutorName = None,
    workers: Workers = None,
    address: Address = None,
    trust_executor: TrustExecutor = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Evaluate failed candidates again first.")
    ] = False,
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
    from ..config import check_at_end, make_stop
    from ..engine.runs.resume import resume as resume_run

    check_picture(picture, store)
    stop = make_stop(max_seconds)
    ends = check_at_end(at_end, max_seconds, cost)
    again = _kinds(retry_failed, kinds)
    with resumable(store):
        result = resume_run(
            store,
            budget=_budget(budget, cost, store),
            problem=named_problem(problem, store),
            algorithm=named_algorithm(algorithm, store),
            executor=chosen_executor(store, executor, workers, address, trust_executor),
            stop=stop,
            at_end=ends,
            progress=progress,
            retry_failed=again,
            without_journal=without_journal,
        )
    finish(result, store, picture)


def _budget(budget: str | None, cost: float | None, store: Path) -> int | Cost | None:
    """Evaluations to add, or what all of them may cost, of what the run's cost is of."""
    from ..engine.runs.cost import SECONDS, Cost, cost_in
    from ..errors import ConfigurationError

    if cost is None:
        return _added(budget)
    if budget is not None:
        raise ConfigurationError(
            f"--budget {budget} adds evaluations, --cost {cost:g} is what all of them may cost: "
            "give one of them, that of which the run was started with"
        )
    stored = cost_in(specification_of(store))
    return Cost(cost, SECONDS if stored is None else stored.of)


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


def _kinds(retry_failed: bool, kinds: list[str] | None) -> bool | list[str]:
    """What is evaluated again: nothing, all that failed, or what failed in one of these ways."""
    from ..errors import ConfigurationError

    if kinds and not retry_failed:
        raise ConfigurationError(
            f"{' '.join(kinds)}: kinds of failures go with --retry-failed, as in "
            "paretide resume run.h5 --retry-failed deadline"
        )
    return kinds or retry_failed
