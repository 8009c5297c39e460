"""What a run's file may name, and what is looked at before anything of it is called.

Whoever resumes or replays a run lets its file say where the problem is, the algorithm, its parts,
the executor. A file from a stranger may say anything, so it names what it is said to be, a Problem
class or a part, or nothing: found without running code of the module's attributes, and looked at
before it is called. Importing a module runs it, so those that cannot hold such a thing are not
imported, nor those that merely lie in the folder one happens to stand in.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Role:
    """What something that a run's file names must be.

    Attributes:
        noun: In a word, for messages.
        fits: True for a class whose instances are one. Runs no code of that class.
        remedy: How the user names it, with ``{target}`` for the reference.
        objects: Whether the name may also lead to an instance, as a decorated function is.
    """

    noun: str
    fits: Callable[[type[Any]], bool]
    remedy: str
    objects: bool = False


def find_stored(target: str, role: Role, folder: str = "") -> tuple[Any, ModuleType]:
    """What a run's file names, looked at and not called, and the module that holds it.

    Args:
        target: ``module:name`` or ``file.py:name``.
        role: What it must be.
        folder: From which the module was imported when the run was started; "" if it was an
            installed one.

    Raises ProblemReferenceError if it is not there, or is anything else.
    """
    place, name = split(target)
    look = _file if is_file(place) else _module
    module = look(place, target, role, folder)
    found = found_in(module, name, target, role)
    kind = found if _is_class(found) else type(found)
    if not role.fits(kind) or (kind is not found and not role.objects):
        called = type.__dict__["__qualname__"].__get__(kind)
        raise _refused(target, f"{called} is no {role.noun} class", role)
    return found, module


def load_stored(target: str, arguments: dict[str, Any], folder: str = "") -> Any:
    """Make the problem that a run's file names.

    Args:
        target: ``module:name`` or ``file.py:name`` of a Problem class, pymoo's too.
        arguments: Keyword arguments for it.
        folder: As ``find_stored`` has it.

    Raises ProblemReferenceError if it is not there, or is anything else; nothing is called then.
    """
    if not isinstance(target, str) or not isinstance(arguments, dict):
        raise ProblemReferenceError(f"{target!r} with {arguments!r:.200} is no problem reference")
    place, name = split(target)
    if place == PYMOO_ADAPTERS:
        return _adapted(name, arguments, target, folder)
    found, module = find_stored(target, PROBLEM, folder)
    return make(found, target, module, arguments)


def found_in(module: ModuleType, name: str, target: str, role: Role) -> Any:
    """What has this name, found without running any code of the module's.

    Raises ProblemReferenceError if it does not lead from class to class to one, or to an object
    where the role may have objects.
    """
    names: Any = vars(module)
    found: Any = module
    parts = name.split(".")
    for i, part in enumerate(parts):
        if part not in names:
            raise nothing_of_that_name(split(target)[0], name, module)
        found = names[part]
        if _is_class(found):
            names = type.__dict__["__dict__"].__get__(found)
        elif i + 1 < len(parts) or not role.objects:
            raise _refused(target, f"it leads to a {type(found).__name__}", role)
    return found


def is_problem(kind: type[Any]) -> bool:
    """True for a subclass of Problem or of pymoo's, or a class that declares all that one does."""
    ancestors = ancestors_of(kind)
    pymoo = sys.modules.get("pymoo.core.problem")
    if Problem in ancestors or (pymoo is not None and pymoo.Problem in ancestors):
        return True
    declared = {name for one in ancestors for name in type.__dict__["__dict__"].__get__(one)}
    return {"space", "objectives"} <= declared and not declared.isdisjoint(
        {"evaluate", "evaluate_batch"}
    )


def ancestors_of(kind: type[Any]) -> tuple[type[Any], ...]:
    """A class and those that it descends from, whatever it says itself."""
    found: tuple[type[Any], ...] = type.__dict__["__mro__"].__get__(kind)
    return found


PROBLEM = Role("Problem", is_problem, "--problem {target}, or problem=...")
"""Of ``load_stored``."""


# -- how -------------------------------------------------------------------------------------------


def _is_class(found: Any) -> bool:
    return issubclass(type(found), type)  # not isinstance, to which objects may lie


def _refused(target: str, why: str, role: Role) -> ProblemReferenceError:
    noun = role.noun.lower()
    return ProblemReferenceError(
        f"the run's file names {target} as its {noun}, which is not called: {why}. If it is yours "
        f"and makes the {noun}, name it yourself: {role.remedy.format(target=target)}"
    )


def _adapted(name: str, arguments: dict[str, Any], target: str, folder: str) -> Any:
    from . import pymoo_problem

    if name == "get" and isinstance(arguments.get("name"), str):
        return pymoo_problem.get(**arguments)
    if name == "from_class" and isinstance(inner := arguments.get("target"), str):
        find_stored(inner, PROBLEM, folder)
        return pymoo_problem.from_class(**arguments)
    raise _refused(target, f"{name!r} with {arguments!r:.200} makes no problem of pymoo's", PROBLEM)


def _file(place: str, target: str, role: Role, folder: str) -> ModuleType:
    """A file where the run was started, and nowhere else: one beside the store may be anybody's."""
    path = Path(place)
    if path.is_absolute() and path.is_file():
        return load_file(path)
    moved = role.remedy.format(target=f"path/to/{path.name}:{split(target)[1]}")
    raise ProblemReferenceError(
        f"there is no file {place}, where the run was started; if it has moved, say where it is: "
        f"{moved}"
    )


def _module(name: str, target: str, role: Role, folder: str) -> ModuleType:
    """A module that is loaded, installed, on a path of the user's, or in the run's own folder."""
    top = name.partition(".")[0]
    no_module = top in ("__main__", "__mp_main__") or top.startswith(FILE_MODULE)
    if no_module or not all(part.isidentifier() for part in name.split(".")):
        raise _refused(target, f"{name!r} is no module that can be imported", role)
    if name in sys.modules:
        return sys.modules[name]
    if top in sys.stdlib_module_names:
        raise _refused(target, f"{top!r} belongs to Python itself", role)
    if folder and os.path.isabs(folder) and PathFinder.find_spec(top, [folder]) is not None:
        enter(Path(folder), top)
    elif not _is_known(top):
        where = f"installed, nor in {folder}" if folder else "installed"
        there, file = (role.remedy.format(target=t) for t in (target, "path/to/file.py:Name"))
        raise ProblemReferenceError(
            f"the run's {role.noun.lower()} {target} is not {where}, where the run was started; "
            f"say where it is, in its folder: {there}; or by its file: {file}"
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
