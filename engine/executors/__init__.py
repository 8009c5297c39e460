"""Executors: where evaluations run."""

from __future__ import annotations

import inspect
from typing import Any

from ...errors import ConfigurationError
from .. import foreign_names
from .base import Executor
from .processes import ProcessExecutor
from .ray import RayExecutor
from .serial import SerialExecutor

EXECUTORS: dict[str, type[Any]] = {
    "serial": SerialExecutor,
    "processes": ProcessExecutor,
    "ray": RayExecutor,
}

__all__ = ["Executor", "ProcessExecutor", "RayExecutor", "SerialExecutor", "make_executor"]


def make_executor(executor: Any, **arguments: Any) -> Executor:
    """The executor of this name with these arguments, or the one given.

    Raises ConfigurationError for an unknown name or argument.
    """
    if isinstance(executor, type):
        raise ConfigurationError(
            f"{executor.__name__} is a class; pass an instance: {executor.__name__}()"
        )
    if isinstance(executor, Executor):
        return executor
    if not isinstance(executor, str):
        raise ConfigurationError(
            f"executor must be one of {list(EXECUTORS)}, or an executor like "
            f"pt.ProcessExecutor(workers=4) or one of your own, a subclass of pt.Executor; got "
            f"{executor!r:.200}"
        )
    if executor not in EXECUTORS:
        raise ConfigurationError(
            f"there is no executor {executor!r}"
            f"{foreign_names.meant_name(executor, EXECUTORS, foreign_names.EXECUTORS)}; "
            f"choose one of {list(EXECUTORS)}"
        )
    known = list(inspect.signature(EXECUTORS[executor]).parameters)
    for key, value in arguments.items():
        if key not in known:
            hint = foreign_names.meant(key, value, foreign_names.EXECUTOR, known)
            raise ConfigurationError(
                f"executor {executor!r} has no setting {key!r}{hint}; it has {known}"
            )
    return EXECUTORS[executor](**arguments)  # type: ignore[no-any-return]
