"""How a stored run finds its problem again: ``module:name`` or ``file.py:name``, with arguments.

Nothing of the user's is pickled into a store. A problem that cannot be written this way (defined in
a notebook or inside a function, or made with arguments that JSON cannot hold) runs all the same;
resuming then needs it passed.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from ..errors import ProblemReferenceError
from .files import load_file, source_of
from .folder import FILE_MODULE, enter, folders_of_module

STAMP = "_paretide_reference"
"""Attribute of a problem that was made by ``load_problem`` or an adapter: how."""


@dataclass(frozen=True)
class Reference:
    """Where a problem comes from.

    Attributes:
        target: ``module:name`` or ``file.py:name``; empty if there is no way to write one.
        arguments: Keyword arguments it was made with.
        reason: Why there is no target.
        folder: From which the module was imported; empty for a file, and for what is installed.
        factory: True if the name is no class but a function, which a run's file may not have
            called: resuming then needs it named again.
    """

    target: str
    arguments: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    folder: str = field(default="", compare=False)
    factory: bool = field(default=False, compare=False)


def reference_to(problem: Any) -> Reference:
    """The reference that makes ``problem`` again, or one without target that says why not."""
    own = getattr(problem, STAMP, None)
    if isinstance(own, Reference):  # whoever made it knows better than its class
        return own
    kind = type(problem)
    place = place_of(kind)
    if not place.target:
        return place
    try:
        arguments = arguments_of(problem)
    except NoArguments as error:
        return Reference("", reason=str(error))
    if not survives_json(arguments):
        return Reference("", reason=f"JSON cannot hold its arguments {arguments!r:.200}")
    return replace(place, arguments=arguments)


def place_of(named: Any) -> Reference:
    """Where a class, or an object that knows its name as a function does, is found again.

    Without target, and with the reason, if it would not be found there. Nothing of it is called.
    """
    module_name, name = named.__module__, named.__qualname__
    if "<lambda>" in name:
        return Reference("", reason="a lambda has no name")
    if "<locals>" in name:
        return Reference("", reason=f"{name} is defined inside a function")
    found: Any = sys.modules.get(module_name)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not named:
        return Reference("", reason=f"{module_name} holds no {name}")
    place = _place(named)
    if not place:
        return Reference("", reason=f"{name} is defined in __main__, not in a file")
    if is_file(place):
        return Reference(f"{place}:{name}")
    folders = folders_of_module(module_name)
    return Reference(f"{place}:{name}", folder=str(folders[0]) if folders else "")


class NoArguments(Exception):
    """Nobody can see what an object was made with; says why."""


def arguments_of(thing: Any) -> dict[str, Any]:
    """What a thing was made with, by name, as ``init_arguments`` keeps it; raises NoArguments."""
    kind = type(thing)
    parameters = inspect.signature(kind).parameters
    if not hasattr(thing, "init_arguments") and parameters:
        raise NoArguments(f"{kind.__qualname__} is no pt.Problem and keeps no arguments")
    args, kwargs = getattr(thing, "init_arguments", ((), {}))
    try:
        arguments = dict(inspect.signature(kind).bind(*args, **kwargs).arguments)
    except TypeError as error:
        raise NoArguments(f"its arguments cannot be told apart: {error}") from None
    for parameter in parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.update(arguments.pop(parameter.name, {}))
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY) and (
            parameter.name in arguments
        ):
            raise NoArguments(f"it takes {parameter.name!r} by position only")
    return arguments


def _place(named: Any) -> str:
    """File or module that holds a class or function; empty for one that was typed in."""
    module = sys.modules[named.__module__]
    file = str(getattr(module, "__file__", None) or "")
    if named.__module__.startswith(FILE_MODULE):
        return file
    if named.__module__ not in ("__main__", "__mp_main__"):
        return str(named.__module__)
    spec = module.__spec__
    if spec is not None and spec.name != "__main__":  # python -m; else a folder or a zip file
        return spec.name
    return file if file.endswith(".py") and _written_in(file, named) else ""


def _written_in(file: str, named: Any) -> bool:
    """False if a class was typed in after the script had run, as with ``python -i``."""
    parts = [named, *getattr(named, "__dict__", {}).values()]
    codes = {f.__code__.co_filename for f in parts if isinstance(f, FunctionType)}
    generated = {"<string>"}  # by dataclasses and their like
    return os.path.isfile(file) and not any(c.startswith("<") for c in codes - generated)


def survives_json(arguments: dict[str, Any]) -> bool:
    """True if JSON gives the same arguments back."""
    try:
        return bool(json.loads(json.dumps(arguments)) == arguments)
    except (TypeError, ValueError):
        return False


def load_problem(
    target: str, arguments: dict[str, Any] | None = None, *, source: bytes | None = None
) -> Any:
    """Make the problem that the user names.

    Args:
        target: ``module:name`` or ``file.py:name``, where the name is a class or a function that
            returns a problem.
        arguments: Keyword arguments for it.
        source: Of the file, as it was when the run started; None reads the file.

    Raises ProblemReferenceError, saying what could not be found or made.
    """
    found, module = find_named(target, source)
    if not callable(found):
        raise ProblemReferenceError(
            f"{target} is a {type(found).__name__}; "
            "name a Problem class or a function that returns one"
        )
    return make(found, target, module, arguments or {})


def find_named(target: str, source: bytes | None = None) -> tuple[Any, ModuleType]:
    """What the user names, and the module that holds it; nothing but the module's code runs.

    ``source`` as in ``load_problem``. Raises ProblemReferenceError if it is not there.
    """
    place, name = split(target)
    if is_file(place):
        module = load_file(Path(place) if source is not None else _existing(place), source)
    else:
        module = _import(place, target)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise nothing_of_that_name(place, name, module)
        found = getattr(found, part)
    return found, module


@dataclass(frozen=True)
class FromFile:
    """How another process makes a problem that was loaded from a file, where no import finds it.

    Attributes:
        target: ``file.py:name``.
        arguments: Keyword arguments it was made with.
        source: What was in the file when it was loaded, whatever has become of it.
    """

    target: str
    arguments: dict[str, Any]
    source: bytes

    def make(self, file: Path | None = None) -> Any:
        """The problem; ``file`` is where its file is here, None is where it was."""
        from .pymoo_problem import adapt, is_pymoo  # which refers to problems itself

        place, name = split(self.target)
        problem = load_problem(f"{file or place}:{name}", self.arguments, source=self.source)
        return adapt(problem) if is_pymoo(problem) else problem


def from_file(problem: Any) -> FromFile | None:
    """How another process makes ``problem``; None if it was not loaded from a file."""
    reference = reference_to(problem)
    place = reference.target.rpartition(":")[0]
    source = source_of(Path(place)) if is_file(place) else None
    return None if source is None else FromFile(reference.target, reference.arguments, source)


def split(target: str) -> tuple[str, str]:
    """Place and name of a reference, or ProblemReferenceError."""
    place, separator, name = target.rpartition(":")
    if not separator or not place or not name:
        raise ProblemReferenceError(
            f"{target!r} is no problem reference; write module:name or file.py:name"
        )
    return place, name


def is_file(place: str) -> bool:
    """True if a reference's place is a file rather than a module."""
    return place.endswith(".py")


def make(found: Any, target: str, module: ModuleType, arguments: dict[str, Any]) -> Any:
    """Call a class or function; what comes out remembers how it was made."""
    try:
        problem = found(**arguments)
    except Exception as error:
        raise ProblemReferenceError(
            f"{target} cannot be made with the arguments {arguments}: {error}"
        ) from error
    # A factory's product does not show how it was made, nor does a class inside a function.
    if not hasattr(problem, STAMP) and survives_json(arguments):
        place, name = split(target)
        where = str(module.__file__) if is_file(place) else place
        folders = [] if is_file(place) else folders_of_module(module.__name__)
        reference = Reference(
            f"{where}:{name}",
            dict(arguments),
            folder=str(folders[0]) if folders else "",
            factory=not isinstance(found, type),
        )
        with contextlib.suppress(AttributeError):  # no place for it: its class will have to do
            setattr(problem, STAMP, reference)
    return problem


def nothing_of_that_name(place: str, name: str, module: ModuleType) -> ProblemReferenceError:
    """The error that says what there is instead."""
    known = sorted(k for k, v in vars(module).items() if issubclass(type(v), type))
    own = sorted(k for k, v in vars(module).items() if _module_of_function(v) == module.__name__)
    functions = f", the functions {own}" if own else ""
    return ProblemReferenceError(
        f"{place} has no {name!r}; the classes in it are {known}{functions}"
    )


def _module_of_function(value: Any) -> str:
    """Of a function, or of an object that a decorator made of one; "" of anything else."""
    if type(value) is FunctionType:
        return value.__module__
    try:
        kept = object.__getattribute__(value, "__dict__")  # which runs no code of the object's
    except AttributeError:
        return ""
    known = kept if isinstance(kept, dict) and "__qualname__" in kept else {}
    return str(known.get("__module__", ""))


def _existing(place: str) -> Path:
    path = Path(place)
    if not path.is_file():
        raise ProblemReferenceError(f"there is no file {place}")
    return path


def _import(name: str, target: str) -> ModuleType:
    # A command line finds modules in the working folder, as `python -m` does.
    here, top = Path.cwd(), name.partition(".")[0]
    if "" not in sys.path and str(here) not in sys.path:
        enter(here, top)
    return import_module(name, target)


def import_module(name: str, target: str) -> ModuleType:
    """The module of a reference, or ProblemReferenceError."""
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise ProblemReferenceError(
            f"cannot import {name!r} of {target!r}: {type(error).__name__}: {error}; "
            "install it, run from its folder, or name the file: path/to/file.py:Name"
        ) from error
