"""What a run's file may name as its problem, and what is looked at before anything is called.

Whoever resumes or replays a run lets its file say where the problem is. A file from a stranger may
say anything, so it names a Problem class or nothing: found without running code of the module's
attributes, and looked at before it is called. Importing a module runs it, so those that cannot hold
a problem are not imported, nor those that merely lie in the folder one happens to stand in.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import ProblemReferenceError
from .files import load_file
from .folder import FILE_MODULE, enter, is_installed
from .problem import Problem
from .reference import import_module, is_file, make, nothing_of_that_name, split

PYMOO_ADAPTERS = "paretide.problems.pymoo_problem"
"""The module whose functions, alone of all functions, may be called: what they are given says what
they make, and is looked at in turn."""


def load_stored(target: str, arguments: dict[str, Any], folder: str = "") -> Any:
    """Make the problem that a run's file names.

    Args:
        target: ``module:name`` or ``file.py:name`` of a Problem class, pymoo's too.
        arguments: Keyword arguments for it.
        folder: From which the module was imported when the run was started; "" if it was an
            installed one.

    Raises ProblemReferenceError if it is not there, or is anything else; nothing is called then.
    """
    if not isinstance(target, str) or not isinstance(arguments, dict):
        raise ProblemReferenceError(f"{target!r} with {arguments!r:.200} is no problem reference")
    place, name = split(target)
    if place == PYMOO_ADAPTERS:
        return _adapted(name, arguments, target, folder)
    module = _file(place, target) if is_file(place) else _module(place, target, folder)
    found = class_in(module, name, target)
    if not is_problem(found):
        raise _refused(target, f"{found.__qualname__} is no Problem class")
    return make(found, target, module, arguments)


def class_in(module: ModuleType, name: str, target: str) -> type[Any]:
    """The class of this name, found without running any code of the module's.

    Raises ProblemReferenceError for anything that is no class.
    """
    names: Any = vars(module)
    found: Any = module
    for part in name.split("."):
        if part not in names:
            raise nothing_of_that_name(split(target)[0], name, module)
        found = names[part]
        if not issubclass(type(found), type):  # not isinstance, to which objects may lie
            raise _refused(target, f"it leads to a {type(found).__name__}")
        names = type.__dict__["__dict__"].__get__(found)
    return found  # type: ignore[no-any-return]


def is_problem(kind: type[Any]) -> bool:
    """True for a subclass of Problem or of pymoo's, or a class that declares all that one does."""
    ancestors = type.__dict__["__mro__"].__get__(kind)
    pymoo = sys.modules.get("pymoo.core.problem")
    if Problem in ancestors or (pymoo is not None and pymoo.Problem in ancestors):
        return True
    declared = {name for one in ancestors for name in type.__dict__["__dict__"].__get__(one)}
    return {"space", "objectives"} <= declared and not declared.isdisjoint(
        {"evaluate", "evaluate_batch"}
    )


# -- how -------------------------------------------------------------------------------------------


def _refused(target: str, why: str) -> ProblemReferenceError:
    return ProblemReferenceError(
        f"the run's file names {target} as its problem, which is not called: {why}. If it is yours "
        f"and makes the problem, name it yourself: --problem {target}, or problem=..."
    )


def _adapted(name: str, arguments: dict[str, Any], target: str, folder: str) -> Any:
    from . import pymoo_problem

    if name == "get" and isinstance(arguments.get("name"), str):
        return pymoo_problem.get(**arguments)
    if name == "from_class" and isinstance(inner := arguments.get("target"), str):
        place, within = split(inner)
        module = _file(place, inner) if is_file(place) else _module(place, inner, folder)
        if is_problem(class_in(module, within, inner)):
            return pymoo_problem.from_class(**arguments)
        raise _refused(inner, f"{within} is no Problem class")
    raise _refused(target, f"{name!r} with {arguments!r:.200} makes no problem of pymoo's")


def _file(place: str, target: str) -> ModuleType:
    """A file where the run was started, and nowhere else: one beside the store may be anybody's."""
    path = Path(place)
    if path.is_absolute() and path.is_file():
        return load_file(path)
    raise ProblemReferenceError(
        f"there is no file {place}, where the run was started; if it has moved, say where it is: "
        f"--problem path/to/{path.name}:{split(target)[1]}, or problem=..."
    )


def _module(name: str, target: str, folder: str) -> ModuleType:
    """A module that is loaded, installed, on a path of the user's, or in the run's own folder."""
    top = name.partition(".")[0]
    no_module = top in ("__main__", "__mp_main__") or top.startswith(FILE_MODULE)
    if no_module or not all(part.isidentifier() for part in name.split(".")):
        raise _refused(target, f"{name!r} is no module that can be imported")
    if name in sys.modules:
        return sys.modules[name]
    if top in sys.stdlib_module_names:
        raise _refused(target, f"{top!r} belongs to Python itself")
    if folder and os.path.isabs(folder) and PathFinder.find_spec(top, [folder]) is not None:
        enter(Path(folder), top)
    elif not _is_known(top):
        where = f"installed, nor in {folder}" if folder else "installed"
        raise ProblemReferenceError(
            f"the run's problem {target} is not {where}, where the run was started; say where it "
            f"is: --problem {target} in its folder, --problem path/to/file.py:Name, or problem=..."
        )
    return import_module(name, target)


def _is_known(top: str) -> bool:
    """False for what is found nowhere, or only because this process was started in a folder."""
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # it is loaded, and does not say from where
        return False
    if spec is None:
        return False
    place = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    if not place or is_installed(place):
        return True
    script = os.path.dirname(os.path.realpath(sys.argv[0])) if sys.argv[0] else ""
    folder = Path(place).resolve().parent
    if spec.submodule_search_locations is not None and spec.origin:
        folder = folder.parent
    here = Path.cwd().resolve()
    return folder != here or Path(script) == here or str(here) in _python_path()


def _python_path() -> list[str]:
    """Folders that the user's environment names."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return [os.path.realpath(folder) for folder in given if folder]
