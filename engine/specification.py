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

from ..errors import ConfigurationError, StoreMismatch
from ..problems.definition import Definition
from ..problems.description import differing
from ..problems.reference import Reference, reference_to
from ..problems.trust import load_stored
from .algorithms import make_algorithm
from .algorithms.algorithm import Algorithm
from .executors.base import Executor
from .memory import Memory

log = logging.getLogger(__name__)


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
        },
        "algorithm": {"name": algorithm.name, "settings": algorithm.settings()},
        "budget": budget,
        "first_budget": budget,
        "seed": seed,
        "cache": memory.grows,
        "executor": executor.settings(),
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


def stored_algorithm(specification: dict[str, Any]) -> Algorithm:
    """The algorithm of a stored run."""
    stored = specification["algorithm"]
    return make_algorithm(stored["name"], stored["settings"])


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
    names = ("stored", "given")
    lines = differences(stored["definition"], definition, names)
    lines += other_arguments(stored, problem, names)
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
