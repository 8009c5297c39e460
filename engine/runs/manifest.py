"""What a run was asked to do, as JSON: written when it starts, compared when it is resumed."""

from __future__ import annotations

import inspect
import logging
import platform
import subprocess
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConfigurationError, ProblemReferenceError, StoreMismatch
from ...problems.definition import Definition
from ...problems.description import differing
from ...problems.reference import Reference, reference_to
from ...problems.trust import load_stored
from .. import kinds
from ..algorithms.algorithm import Algorithm
from ..executors.base import Executor
from ..executors.stored import describe_executor
from ..foreign_names import meant_algorithm
from ..store.state import believed
from .cache import Memory
from .rules import RULES

log = logging.getLogger(__name__)

ALGORITHM = kinds.role_of("algorithm", Algorithm, remedy="--algorithm {target}, or algorithm=...")
"""Of what a run is given as its algorithm."""

NAMES = ("stored", "given")
"""What the two sides of a difference are called."""


def specify(
    problem: Any,
    definition: Definition,
    algorithm: Algorithm,
    budget: int | None,
    seed: int,
    executor: Executor,
    memory: Memory,
) -> dict[str, Any]:
    """The specification of a new run."""
    reference = reference_to(problem)
    if reference.factory:  # a run's file has nothing called but classes
        reason = f"it is made by the function {reference.target}"
        reference = Reference("", reference.arguments, reason)
    return {
        "run_id": uuid.uuid4().hex,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "problem": {
            "target": reference.target,
            "arguments": reference.arguments,
            "reason": reference.reason,
            "folder": reference.folder,
            "definition": definition.describe(),
            "known": definition.has_known,
        },
        "rules": RULES,
        "algorithm": kinds.with_name(algorithm),
        "budget": budget,
        "first_budget": budget,
        "seed": seed,
        "cache": memory.grows,
        "executor": describe_executor(executor),
        "versions": dict(_versions()),
    }


@lru_cache
def _versions() -> dict[str, str]:
    """Of what decides the result. To look them up takes longer than a short run."""
    from importlib.metadata import version

    return {
        "paretide": version("paretide"),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def commit_of(problem: Any) -> str:
    """The git commit of the file that defines the problem, "+changes" if that has some; or ""."""
    try:
        file = Path(inspect.getfile(type(problem))).resolve()
        status = subprocess.run(
            ["git", "status", "--porcelain=v2", "--branch", "--", file.name],
            cwd=file.parent, check=True, timeout=5, capture_output=True, text=True,
        ).stdout.splitlines()  # fmt: skip
    except (OSError, TypeError, subprocess.SubprocessError):
        return ""  # no file, no git, or no repository: worth knowing, not worth failing for
    commit = next(line.split()[-1] for line in status if line.startswith("# branch.oid "))
    changed = any(not line.startswith("#") for line in status)
    return "" if commit == "(initial)" else commit + ("+changes" if changed else "")


def warn_of_what_must_be_passed(specification: dict[str, Any], path: Path) -> None:
    """Log what a store cannot keep, so that resuming the run will need it passed again."""
    for part in ("problem", "algorithm", "executor"):
        if reason := specification[part].get("reason"):
            log.warning("resuming %s will need the %s passed again: %s", path.name, part, reason)


def stored_problem(specification: dict[str, Any], path: Path) -> Any:
    """The problem of a stored run, made again.

    Raises ConfigurationError if the store could not say how, ProblemReferenceError if it leads
    nowhere, or to something that is no Problem class.
    """
    stored = specification["problem"]
    if not stored["target"]:
        raise ConfigurationError(
            f"{path} cannot say how to make its problem {stored['definition']['name']!r} again "
            f"({stored['reason']}); pass it: pt.resume({str(path)!r}, problem=...), or "
            "paretide resume --problem file.py:Name"
        )
    return load_stored(stored["target"], stored["arguments"], stored.get("folder", ""))


def stored_algorithm(specification: dict[str, Any], path: Path) -> Algorithm:
    """The algorithm of a stored run, made again.

    Raises ConfigurationError if the store could not say how, ProblemReferenceError if it leads
    nowhere, or to something that is no algorithm or part, StoreCorrupt if its settings are none.
    """
    stored = specification["algorithm"]
    if stored.get("reason"):
        raise ConfigurationError(
            f"{path} cannot say how to make its algorithm {stored['name']!r} again "
            f"({stored['reason']}); pass it: pt.resume({str(path)!r}, algorithm=...), or "
            "paretide resume --algorithm file.py:NAME"
        )
    description = {**stored["settings"], "kind": stored["name"]}
    try:
        found: Algorithm = kinds.read(description, ALGORITHM, stored.get("folders"))
    except ProblemReferenceError:
        raise  # of code that is not there any more, which is no fault of the file's
    except Exception:
        with believed(path):
            raise
    return found


def algorithm_of(
    specification: dict[str, Any],
    given: Algorithm | None,
    definition: Definition,
    path: Path,
) -> Algorithm:
    """The algorithm of a stored run: the one given, if it is that, or as the file has it.

    Raises what ``stored_algorithm`` raises, StoreMismatch for another algorithm, and
    ConfigurationError for what is none.
    """
    if given is None:
        return stored_algorithm(specification, path)
    refuse_no_algorithm(given)
    given = resolved_again(given, definition, specification, specification["budget"])
    if lines := other_algorithm(specification, given):
        raise StoreMismatch(
            f"{path} was started with another algorithm:\n"
            + "\n".join(lines)
            + "\nresume it with that one, or start a new run"
        )
    return given


def refuse_no_algorithm(given: Any) -> None:
    """Raise ConfigurationError for what is no algorithm, with what is meant."""
    if not isinstance(given, Algorithm):
        raise ConfigurationError(
            f"algorithm must be one like pt.NSGA2(size=100), got {given!r}" + meant_algorithm(given)
        )


def resolved_again(
    algorithm: Algorithm,
    definition: Definition,
    specification: dict[str, Any],
    budget: int | None,
) -> Algorithm:
    """For the budget that the run was started with; ``budget`` where that has to be known."""
    first = specification.get("first_budget", specification["budget"])
    algorithm = algorithm.without_budget() if first is None else algorithm
    try:
        return algorithm.resolved(definition, first)
    except ConfigurationError:  # it needs a budget, and was started without
        return algorithm.resolved(definition, budget)


def other_algorithm(specification: dict[str, Any], given: Algorithm) -> list[str]:
    """A line for each setting in which a resolved algorithm differs from the stored one.

    As far as both can be written down: of a lambda there is nothing to compare.
    """
    stored, described = specification["algorithm"], kinds.with_name(given)
    here, there = described["name"], stored["name"]
    if any(side.get("reason") and not side["settings"] for side in (stored, described)):
        here, there = (name.rpartition(":")[2] for name in (here, there))  # of its place: nothing
        return [] if here == there else [_line("algorithm", stored["name"], described["name"])]
    if not kinds.same({"kind": there}, {"kind": here}):
        return [_line("algorithm", there, here)]
    before, now = kinds.renewed(stored["settings"]), described["settings"]
    return [
        _line(key, before.get(key), now.get(key))
        for key in dict.fromkeys([*before, *now])
        if not kinds.same(before.get(key), now.get(key))
    ]


def _line(key: str, stored: Any, given: Any) -> str:
    return f"  {key}: {NAMES[0]} {stored!r:.300}, {NAMES[1]} {given!r:.300}"


def differences(
    stored: dict[str, Any], definition: Definition, names: tuple[str, str]
) -> list[str]:
    """In what a definition differs from a stored description, a line each; ``names`` of the two."""
    return [
        f"  {part}: {names[0]} {there!r:.300}, {names[1]} {here!r:.300}"
        for part, (there, here) in differing(stored, definition).items()
    ]


def other_arguments(stored: dict[str, Any], problem: Any, names: tuple[str, str]) -> list[str]:
    """A line if the problem was made with other arguments than the stored one; else nothing."""
    given = reference_to(problem)
    if not stored["target"] or not given.target:
        return []
    if stored["arguments"] in (given.arguments, {"target": given.target, **given.arguments}):
        return []  # the second: a user's problem of pymoo, as older versions stored it
    return [f"  arguments: {names[0]} {stored['arguments']!r}, {names[1]} {given.arguments!r}"]


def refuse_other_problem(
    specification: dict[str, Any], problem: Any, definition: Definition, path: Path
) -> None:
    """Raise StoreMismatch, saying what differs, unless the problem is the stored one.

    Its file may have moved and its code may have been mended: where the code is at another commit,
    a warning says so.
    """
    stored = specification["problem"]
    lines = differences(stored["definition"], definition, NAMES)
    lines += other_arguments(stored, problem, NAMES)
    before, now = stored.get("commit", ""), commit_of(problem)
    if before and now and before != now:
        log.warning(
            "%s was started with the code at commit %s, which is at %s now; what it evaluates from "
            "here on may differ", path.name, before, now,
        )  # fmt: skip
    if lines:
        raise StoreMismatch(
            f"{path} belongs to another problem:\n"
            + "\n".join(lines)
            + "\nresume it with the problem it was started with, or start a new run"
        )
