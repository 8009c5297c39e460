"""Does it keep the rules? Parts, spaces, algorithms, problems and executors, tried before a run."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

from ..errors import ConfigurationError
from ..operators import parts as roles
from ..problems.definition import read_definition
from ..problems.pymoo_problem import is_pymoo
from ..problems.search_space import SearchSpace
from .algorithms.algorithm import Algorithm, as_problem
from .algorithms.breeding import check_fit
from .checking.bench import Bench, Report, bench_for, shown, storable
from .checking.evaluations import check_executor, check_problem
from .checking.machines import check_algorithm, check_termination
from .checking.parts import (
    check_crossover,
    check_duplicates,
    check_mating,
    check_mutation,
    check_repair,
    check_sampling,
)
from .checking.spaces import check_of_space
from .checking.survivals import check_survival
from .checking.tiny import DEFAULT, Hashed
from .executors.stored import EXECUTOR
from .runs.terminations import Termination

IN_A_SPACE: dict[type[roles.Part], Any] = {
    roles.Sampling: check_sampling,
    roles.Crossover: check_crossover,
    roles.Mutation: check_mutation,
    roles.Repair: check_repair,
    roles.Duplicates: check_duplicates,
}
"""Roles whose parts are called with a space."""


def check(
    thing: Any,
    space: Any = None,
    *,
    problem: Any = None,
    candidates: Any = None,
    repair: roles.Repair | None = None,
    n_obj: int | None = None,
    seed: int = 1,
) -> Report:
    """Try whether something keeps the rules of its kind: shapes, dtypes, bounds, determinism.

        pt.check(route_exchange, pt.Real(0, 1, n=9))
        print(pt.check(MyProblem()))

    It is called in the situations that a run may come into, more than once with the same arguments:
    then it must do the same, leave what it was given as it is, and move no generator of the whole
    process. Of what only some situations show, nothing may be found.

    Args:
        thing: A part of any role, a space, an algorithm, a termination, a problem or an executor.
        space: Of the candidates: what a part that is called with a space needs. Algorithms and
            terminations are tried in five real numbers if there is none.
        problem: For an algorithm or termination: what it is run on for four generations, each
            candidate evaluated once. None is one that costs nothing, in ``space``.
        candidates: To call parts with, or to evaluate: an array (k, n_var) like ``X``, or a list of
            what ``evaluate`` gets. None draws some by the sampling of the space.
        repair: What follows the part in a run; then what it returns may be outside of the space.
        n_obj: Number of objectives, for what is made for one number alone; None tries 1, 2 and 3.
        seed: Of all generators.

    Returns:
        A report, to be printed: its ``remarks`` are no faults, but worth knowing before a run.

    Raises:
        ShapeError: For an array that a run would refuse.
        ConfigurationError: For what a run would refuse before it starts, and for what is none of
            these kinds.
        ContractError: If ``evaluate`` returns other names or shapes than the problem declares.
        EvaluationError: If every candidate that is tried fails.
        ExecutorError: For what a run would end with.
        RuleBroken: For everything that a run would not notice.
    """
    if isinstance(thing, type):
        raise ConfigurationError(
            f"check: {thing.__name__} is a class; pass an instance: {thing.__name__}()"
        )
    if is_pymoo(thing) or _evaluates(thing):
        thing = as_problem(thing)
    bench = bench_for(_space_for(thing, space, problem), candidates, repair, n_obj, seed)
    if isinstance(thing, roles.Part):
        return _check_part(thing, bench, space)
    if isinstance(thing, SearchSpace):
        return Report(shown(thing), "a space", "", tuple(check_of_space(bench)))
    if isinstance(thing, (Algorithm, Termination)):
        return _check_run(thing, bench, problem)
    if EXECUTOR.fits(type(thing)):
        return Report(shown(thing), "an executor", "", tuple(check_executor(thing, bench.seed)))
    if _evaluates(thing):
        name = read_definition(thing).name
        return Report(name, "a problem", shown(bench.space), tuple(check_problem(thing, bench)))
    raise ConfigurationError(
        "check tries parts, spaces, algorithms, terminations, problems and executors, got "
        f"{thing!r:.200}" + (FUNCTION if inspect.isroutine(thing) else "")
    )


FUNCTION = "; a function becomes a part by a decorator: @pt.mutation, @pt.crossover(parents=2), ..."
"""What to do with one."""


def _evaluates(thing: Any) -> bool:
    """Whether it is meant as a problem."""
    if isinstance(thing, (roles.Part, SearchSpace, Algorithm)) or EXECUTOR.fits(type(thing)):
        return False
    return any(callable(getattr(type(thing), m, None)) for m in ("evaluate", "evaluate_batch"))


def _space_for(thing: Any, space: Any, problem: Any) -> Any:
    """The space that a thing has, or is tried in."""
    if isinstance(thing, SearchSpace):
        return thing
    whose = thing if _evaluates(thing) else problem
    if whose is not None:
        return read_definition(as_problem(whose)).space
    if space is None:
        return DEFAULT
    if not isinstance(space, SearchSpace):
        hint = ", as problem.space is" if hasattr(space, "space") else ""
        raise ConfigurationError(
            f"check: space must be a search space{hint}, got {space!r:.200}; write "
            "pt.check(thing, pt.Real(0, 1, n=3)), or an instance of a subclass of pt.SearchSpace"
        )
    return space


def _check_part(part: roles.Part, bench: Bench, space: Any) -> Report:
    role = next(role for role in roles.ROLES if isinstance(part, role))
    roles.read_part("check", role, part)
    kind, where = f"a {role.__name__}", ""
    if isinstance(part, roles.Mating):
        remarks = check_mating(part, bench.seed)
    elif isinstance(part, roles.Survival):
        remarks = check_survival(part, bench)
    elif space is None:
        raise ConfigurationError(
            f"check: {kind} is called with a space; pass one that it is for: "
            f"pt.check({part!r:.60}, space)"
        )
    else:
        check_fit(part, bench.space)
        remarks, where = IN_A_SPACE[role](part, bench), shown(bench.space)
    return Report(shown(part), kind, where, tuple(remarks + storable(part)))


def _check_run(thing: Algorithm | Termination, bench: Bench, problem: Any) -> Report:
    """Of an algorithm or a termination, on the problem that was passed or one of nothing."""
    if problem is None:
        given = bench.objectives
        problem = Hashed(bench.space, given[0] if len(given) == 1 else 2)
    else:
        problem = as_problem(problem)
        bench = replace(bench, objectives=(read_definition(problem).n_obj,))
    if isinstance(thing, Algorithm):
        kind, remarks = "an algorithm", check_algorithm(thing, problem, bench)
    else:
        kind, remarks = "a termination", check_termination(thing, problem, bench)
    return Report(shown(thing), kind, shown(bench.space), tuple(remarks))
