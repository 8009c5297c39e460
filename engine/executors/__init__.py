"""Executors: where evaluations run."""

from __future__ import annotations

import inspect
from typing import Any

from ...errors import ConfigurationError
from ...problems.own_names import own_class
from .. import foreign_names
from .base import Executor
from .processes import ProcessExecutor
from .ray import RayExecutor
from .serial import SerialExecutor

NAMES = ("serial", "processes", "ray")
"""Of paretide's own, in the table of short names."""

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
            f"executor must be one of {list(NAMES)}, or an executor like "
            f"pt.ProcessExecutor(workers=4) or one of your own, a subclass of pt.Executor; got "
            f"{executor!r:.200}"
        )
    if executor not in NAMES:
        raise ConfigurationError(
            f"there is no executor {executor!r}"
            f"{foreign_names.meant_name(executor, NAMES, foreign_names.EXECUTORS)}; "
            f"choose one of {list(NAMES)}"
        )
    kind = own_class(executor)
    known = list(inspect.signature(kind).parameters)
    for key, value in arguments.items():
        if key not in known:
            hint = foreign_names.meant(key, value, foreign_names.EXECUTOR, known)
            raise ConfigurationError(
                f"executor {executor!r} has no setting {key!r}{hint}; it has {known}"
            )
    return kind(**arguments)  # type: ignore[no-any-return]
