"""A Python file as a module of a name of its own, which is how ``file.py:Name`` is loaded."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import os
import sys
import threading
from pathlib import Path
from types import ModuleType

from ..errors import ProblemReferenceError
from .folder import FILE_MODULE, folders_beside, put_first, refuse_other_modules

_lock = threading.RLock()  # of two threads that load a file, one does it
_sources: dict[str, bytes] = {}  # by module name, as they were when they were loaded


class _Loading(threading.local):
    file: Path | None = None
    refused = False


_loading = _Loading()


class RunInImport(BaseException):
    """Ends the import of a script that starts a run; no handler of the script's may swallow it."""


def refuse_run_in_import() -> None:
    """End the import of a file that is loaded for its problem, and starts a run by that."""
    if _loading.file is not None:
        _loading.refused = True
        raise RunInImport


def load_file(path: Path, source: bytes | None = None) -> ModuleType:
    """The module that a file makes, loaded once in a process.

    Args:
        path: Of the file; what stands beside it can be imported from now on.
        source: What was in the file when the run started; None reads it.

    Raises ProblemReferenceError if it cannot be read or run, if it starts a run when it is
    imported, or if it would import other modules than this process has by their names.
    """
    # Not resolved: where files are links into folders that come and go, only the link stays.
    path = path.absolute()
    main = sys.modules["__main__"]
    if _is(main, path):  # the script that runs need not be run a second time
        return main
    name = _module_name(path)
    with _lock:
        if name not in sys.modules:
            _run(name, path, source)
        return sys.modules[name]


def source_of(path: Path) -> bytes | None:
    """What was in a file when it was loaded; None if it was not."""
    return _sources.get(_module_name(path.absolute()))


def _module_name(path: Path) -> str:
    return FILE_MODULE + hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _is(module: ModuleType, path: Path) -> bool:
    try:
        return os.path.samefile(str(getattr(module, "__file__", "")), path)
    except OSError:  # it has no file, or that is gone
        return False


def _run(name: str, path: Path, source: bytes | None) -> None:
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None  # it has a loader
    module = importlib.util.module_from_spec(spec)
    outer = _loading.file, _loading.refused
    _loading.file, _loading.refused = path, False
    reason: BaseException | None = None
    try:
        source = path.read_bytes() if source is None else source
        folders = folders_beside(path)
        refuse_other_modules(path, source, folders)
        put_first(folders)
        sys.modules[name] = module  # before it runs: its classes look themselves up by module
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
        _sources[name] = source
    except BaseException as error:
        sys.modules.pop(name, None)
        meant = isinstance(error, (Exception, SystemExit, RunInImport))
        if isinstance(error, ProblemReferenceError) or not meant:
            raise
        reason = error
    finally:
        refused = _loading.refused
        _loading.file, _loading.refused = outer
    if refused:
        sys.modules.pop(name, None)
        raise ProblemReferenceError(
            f"{path} starts a run when it is imported, so its problem cannot be taken from it: "
            'put what starts the run under `if __name__ == "__main__":`'
        ) from reason
    if reason is not None:
        raise ProblemReferenceError(
            f"{path} cannot be loaded: {type(reason).__name__}: {reason}{_remedy(path, reason)}"
        ) from reason


def _remedy(path: Path, reason: BaseException) -> str:
    """What to do about a file of a package that imports its neighbours by ``from . import``."""
    if not isinstance(reason, ImportError) or "relative import" not in str(reason):
        return ""
    folder, name = path.parent.parent, f"{path.parent.name}.{path.stem}"
    while (folder / "__init__.py").exists():
        folder, name = folder.parent, f"{folder.name}.{name}"
    return f"; it belongs to a package: name it {name}:Name, in the folder {folder}"
