"""The folder that a problem's code stands in: what is beside it is there to be imported.

It is as with ``python train.py``: the folder of the file comes first on ``sys.path``. Only that one
process may load several problems, whose folders may hold different modules of one name; Python
would give the second the modules of the first, which is refused.
"""

from __future__ import annotations

import ast
import importlib
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import ProblemReferenceError

FILE_MODULE = "paretide_file_"
"""Begins the name of a module that was loaded from a file."""

MOST_SOURCES = 1000
"""Files of one package that are looked through for what they import."""

_beside: dict[str, str] = {}
"""Modules that stand beside the files loaded so far, by name, and where each is."""


def folders_beside(file: Path) -> list[Path]:
    """Folders in which a script looks for modules first.

    A link's own folder comes after that of what it leads to, as Python has it.
    """
    own, real = file.absolute().parent, file.resolve().parent
    return [own] if own.resolve() == real else [real, own]


def put_first(folders: Sequence[Path]) -> None:
    """Let modules in these folders be found before all others."""
    for folder in reversed([str(folder) for folder in folders]):
        if sys.path[:1] != [folder]:
            if folder in sys.path:
                sys.path.remove(folder)
            sys.path.insert(0, folder)
    importlib.invalidate_caches()


def imported_beside(source: bytes, folders: Sequence[Path]) -> dict[str, str]:
    """Modules in these folders that a source imports, at any depth, and where each is.

    What is imported inside functions counts, what is imported by a computed name does not.
    """
    found: dict[str, str] = {}
    sources = [source]
    while sources:
        for name in _imported_names(sources.pop()) - found.keys():
            spec = PathFinder.find_spec(name, [str(folder) for folder in folders])
            place = None if spec is None else _place_of(spec)
            if spec is not None and place is not None:
                found[name] = place
                sources += _sources_of(spec)
    return found


def refuse_other_modules(file: Path, source: bytes, folders: Sequence[Path]) -> None:
    """Raise ProblemReferenceError if this process has other modules of the names in the folders.

    Those count that ``file`` imports, and those that a problem loaded before imports and would now
    find here instead.
    """
    mine = imported_beside(source, folders)
    for name, place in mine.items():
        others = [*_places(sys.modules.get(name)), *filter(None, [_beside.get(name)])]
        if others and not any(_same(place, other) for other in others):
            raise _two_modules(file, name, place, others[0])
    for name, place in list(_beside.items()):
        spec = PathFinder.find_spec(name, [str(folder) for folder in folders])
        here = None if spec is None else _place_of(spec)
        if here is not None and os.path.exists(place) and not _same(here, place):
            raise _two_modules(file, name, here, place)
    _beside.update(mine)


def enter(folder: Path, name: str) -> None:
    """Let the module of this name be found in a folder, and what stands beside it.

    Raises ProblemReferenceError if this process has another module of its name, or of the name of
    one that it imports.
    """
    refuse_other_modules(folder, f"import {name}".encode(), [folder])
    put_first([folder])


def folders_of(problem: Any) -> list[Path]:
    """Folders that the code of a problem and of its base classes stands in, its own first.

    Packages that are installed are left out: they are where they are needed, or cannot be brought.
    """
    adapted = getattr(problem, "problem", None)  # an adapter's, which is the user's
    names = [
        kind.__module__ for one in (problem, adapted) if one is not None for kind in type(one).mro()
    ]
    folders = [folder for name in dict.fromkeys(names) for folder in folders_of_module(name)]
    return list(dict.fromkeys(folders))


def folders_of_module(name: str) -> list[Path]:
    """Folders from which a module of this process was imported; [] if it is an installed one."""
    module = sys.modules.get(name)
    if module is None:
        return []
    file = getattr(module, "__file__", None)
    spec = getattr(module, "__spec__", None)
    if name in ("__main__", "__mp_main__") and spec is not None:  # python -m
        return _of_package(spec.name, spec.origin)
    if name in ("__main__", "__mp_main__") and not file:  # typed in, or a notebook
        return [Path.cwd()] if "" in sys.path or str(Path.cwd()) in sys.path else []
    if name.startswith(FILE_MODULE) or name in ("__main__", "__mp_main__"):
        return folders_beside(Path(str(file)))
    top = name.partition(".")[0]
    root = sys.modules.get(top)
    own = getattr(root, "__file__", None) or next(iter(_search_path(root)), None)
    return _of_package(top, own)


def is_installed(place: str | Path) -> bool:
    """True for a file or folder of Python itself, of installed packages, or of paretide."""
    resolved = Path(place).resolve()
    return any(resolved.is_relative_to(folder) for folder in _installed())


# -- how -------------------------------------------------------------------------------------------


@lru_cache
def _installed() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    folders = [paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += [*site.getsitepackages(), site.getusersitepackages()]
    folders += [str(Path(str(sys.modules["paretide"].__file__)).parent)]
    folders += [str(Path(__file__).parent)]  # elsewhere than the front door if it is a checkout
    return tuple(Path(folder).resolve() for folder in dict.fromkeys(folders))


def _of_package(name: str, place: str | None = None) -> list[Path]:
    """The folder that holds the top-level package of a module that stands in ``place``."""
    if place is None or is_installed(place):
        return []
    path = Path(place).absolute()
    depth = name.count(".")
    folder = path.parents[depth]
    if path.name.startswith("__init__."):
        folder = path.parents[depth + 1]
    return [folder] if folder.is_dir() else []


def _imported_names(source: bytes) -> set[str]:
    """Top-level names of all absolute imports; none if it is no Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # importing it says what is wrong
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _place_of(spec: ModuleSpec) -> str | None:
    """File of a module, folder of a namespace package; None if a regular one comes before that."""
    if spec.origin is not None:
        return spec.origin
    # A folder without __init__.py counts only if nothing else has its name.
    loaded = sys.modules.get(spec.name)
    elsewhere = PathFinder.find_spec(spec.name) if loaded is None else None
    if getattr(loaded, "__file__", None) or (elsewhere is not None and elsewhere.origin):
        return None
    return next(iter(spec.submodule_search_locations or ()), None)


def _places(module: ModuleType | None) -> list[str]:
    """Where a loaded module is: its file, or the folders of a namespace package."""
    file = getattr(module, "__file__", None)
    if file:
        return [str(file)]
    if module is not None and module.__name__ in sys.builtin_module_names:
        return ["Python itself"]
    return _search_path(module)


def _search_path(module: ModuleType | None) -> list[str]:
    """Folders of a package; [] for a module, and for objects that pose as one (``torch.ops``)."""
    path = getattr(module, "__path__", ())
    return [str(folder) for folder in path] if isinstance(path, Iterable) else []


def _sources_of(spec: ModuleSpec) -> Iterator[bytes]:
    folders = spec.submodule_search_locations
    files = (f for folder in folders for f in Path(folder).rglob("*.py")) if folders else ()
    for file in islice(files, MOST_SOURCES) if folders else [Path(str(spec.origin))]:
        if file.suffix == ".py":
            try:
                yield file.read_bytes()
            except OSError:  # importing it says what is wrong
                continue


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:  # one is gone, or inside an archive
        return one == other


def _two_modules(file: Path, name: str, mine: str, other: str) -> ProblemReferenceError:
    return ProblemReferenceError(
        f"{file} would import {name!r} from {mine}, but this process has another module of that "
        f"name, from {other}: rename one of them, or use the two problems in processes of their own"
    )
