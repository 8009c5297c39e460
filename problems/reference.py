"""How a stored run finds its problem again: ``module:name`` or ``file.py:name``, with arguments.

Nothing of the user's is pickled into a store. A problem that cannot be written this way (defined in
``__main__``, in a notebook, inside a function, or made with arguments that JSON cannot hold) runs
all the same; resuming then needs it passed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import ProblemReferenceError

FILE_MODULE = "paretide_file_"

STAMP = "_paretide_reference"
"""Attribute of a problem that was made by ``load_problem`` or an adapter: how."""


@dataclass(frozen=True)
class Reference:
    """Where a problem comes from.

    Attributes:
        target: ``module:name`` or ``file.py:name``; empty if there is no way to write one.
        arguments: Keyword arguments it was made with.
        reason: Why there is no target.
    """

    target: str
    arguments: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def reference_to(problem: Any) -> Reference:
    """The reference that makes ``problem`` again, or one without target that says why not."""
    own = getattr(problem, STAMP, None)
    if isinstance(own, Reference):  # whoever made it knows better than its class
        return own
    kind = type(problem)
    if kind.__module__ == "__main__":
        return Reference("", reason=f"{kind.__qualname__} is defined in __main__")
    if "<locals>" in kind.__qualname__:
        return Reference("", reason=f"{kind.__qualname__} is defined inside a function")
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is not kind:
        return Reference("", reason=f"{kind.__module__} holds no {kind.__qualname__}")
    if not hasattr(problem, "init_arguments") and inspect.signature(kind).parameters:
        return Reference("", reason=f"{kind.__qualname__} is no pt.Problem and keeps no arguments")
    args, kwargs = getattr(problem, "init_arguments", ((), {}))
    try:
        arguments = dict(inspect.signature(kind).bind(*args, **kwargs).arguments)
    except TypeError as error:
        return Reference("", reason=f"its arguments cannot be told apart: {error}")
    for parameter in inspect.signature(kind).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.update(arguments.pop(parameter.name, {}))
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY) and (
            parameter.name in arguments
        ):
            return Reference("", reason=f"it takes {parameter.name!r} by position only")
    if not survives_json(arguments):
        return Reference("", reason=f"JSON cannot hold its arguments {arguments!r:.200}")
    module = sys.modules[kind.__module__]
    if kind.__module__.startswith(FILE_MODULE):
        return Reference(f"{module.__file__}:{kind.__qualname__}", arguments)
    return Reference(f"{kind.__module__}:{kind.__qualname__}", arguments)


def survives_json(arguments: dict[str, Any]) -> bool:
    """True if JSON gives the same arguments back."""
    try:
        return bool(json.loads(json.dumps(arguments)) == arguments)
    except (TypeError, ValueError):
        return False


def load_problem(
    target: str, arguments: dict[str, Any] | None = None, *, near: Path | None = None
) -> Any:
    """Make the problem that a reference names.

    ``target`` is ``module:name`` or ``file.py:name``, where the name is a class or a function that
    returns a problem. A file that is not where it was is also looked for, by its name, in the
    folder ``near``.
    Raises ProblemReferenceError, saying what could not be found or made.
    """
    place, separator, name = target.rpartition(":")
    if not separator or not place or not name:
        raise ProblemReferenceError(
            f"{target!r} is no problem reference; write module:name or file.py:name"
        )
    module = _load_file(place, near) if place.endswith(".py") else _import(place, target)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            known = sorted(k for k, v in vars(module).items() if isinstance(v, type))
            raise ProblemReferenceError(f"{place} has no {name!r}; the classes in it are {known}")
        found = getattr(found, part)
    if not callable(found):
        raise ProblemReferenceError(
            f"{target} is a {type(found).__name__}; "
            "name a Problem class or a function that returns one"
        )
    given = arguments or {}
    try:
        problem = found(**given)
    except Exception as error:
        raise ProblemReferenceError(
            f"{target} cannot be made with the arguments {given}: {error}"
        ) from error
    # A factory's product does not show how it was made, nor does a class inside a function.
    if not hasattr(problem, STAMP) and survives_json(given):
        where = module.__file__ if place.endswith(".py") else place
        with contextlib.suppress(AttributeError):  # no place for it: its class will have to do
            setattr(problem, STAMP, Reference(f"{where}:{name}", dict(given)))
    return problem


def _import(name: str, target: str) -> ModuleType:
    # A command line finds modules in the working folder, as `python -m` does.
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise ProblemReferenceError(
            f"cannot import {name!r} of {target!r}: {type(error).__name__}: {error}; "
            "install it, run from its folder, or name the file: path/to/file.py:Name"
        ) from error


def _load_file(place: str, near: Path | None) -> ModuleType:
    candidates = [Path(place)] + ([near / Path(place).name] if near else [])
    # Not resolved: where files are links into folders that come and go, only the link stays.
    path = next((p.absolute() for p in candidates if p.is_file()), None)
    if path is None:
        raise ProblemReferenceError(
            f"there is no file {place}" + (f", nor one of that name in {near}" if near else "")
        )
    name = FILE_MODULE + hashlib.sha256(str(path).encode()).hexdigest()[:16]
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ProblemReferenceError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: its classes look themselves up by module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ProblemReferenceError(
            f"{path} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    return module
