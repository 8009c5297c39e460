"""A problem and its code on the way to an actor, which may be on another machine.

Where an actor sees the folders that the driver sees, it uses them: paths are the driver's, and what
stands in them is there. Elsewhere they come as an archive, and paths into them lead into what was
unpacked.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from types import FunctionType
from typing import Any

import numpy as np

from ...problems.definition import read_definition
from ...problems.files import source_of
from ...problems.folder import FILE_MODULE, folders_of, imported_beside, put_first
from ...problems.reference import FromFile, from_file, split
from .archive import Archive, TooLarge, pack, pack_files, unpack
from .base import Job

log = logging.getLogger(__name__)

Mark = tuple[Any, ...]
"""By which a machine knows a folder of another machine's: it is the same one, on a file system that
both see."""


@dataclass(frozen=True)
class Origin:
    """Where a driver has what its problem imports and reads.

    Attributes:
        folders: Of the problem's code; they come first on ``sys.path``.
        here: The driver's working folder; "" if actors have one of their own.
        marks: Of the folders and of ``here``; None if every actor is on the driver's machine.
    """

    folders: tuple[str, ...]
    here: str = ""
    marks: tuple[Mark, ...] | None = None

    def marked(self) -> Origin:
        """With marks as they are now."""
        return replace(self, marks=tuple(mark(f) for f in (*self.folders, self.here)))

    def is_seen(self) -> bool:
        """True on a machine that sees the driver's folders."""
        return self.marks is None or all(map(_is_same, self.folders, self.marks))

    def settle(self, archive: Archive | None) -> dict[str, str]:
        """Let this process find what the driver finds; ``archive`` if it does not see it.

        Returns the folders that are elsewhere here, and where.
        """
        moved = {}
        if archive is not None:
            root = unpack(archive)
            moved = {folder: str(root / str(n)) for n, folder in enumerate(self.folders)}
        put_first([Path(moved.get(folder, folder)) for folder in self.folders])
        here = self.here
        if self.marks is not None and not _is_same(here, self.marks[-1]):
            here = moved_to(here, moved) if moved else ""
        if os.path.isdir(here):
            os.chdir(here)
        return moved


def origin_of(problem: Any, *, own_folder: bool = False) -> Origin:
    """Where this process has what a problem needs; ``own_folder``: actors keep their own."""
    return Origin(tuple(map(str, folders_of(problem))), "" if own_folder else os.getcwd())


def mark(folder: str) -> Mark:
    """Which folder this is: its number in the file system, and what modules are in it."""
    try:
        modules = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".py"))
        found = [os.stat(os.path.join(folder, name)) for name in modules]
        files = tuple((s.st_ino, s.st_size, s.st_mtime_ns) for s in found)
        return (os.stat(folder).st_ino, *zip(modules, files, strict=True))
    except OSError:  # it is not there, or is none of ours
        return ()


def _is_same(folder: str, mark_: Mark) -> bool:
    return mark_ != () and mark(folder) == mark_


def moved_to(path: str, moved: Mapping[str, str]) -> str:
    """Where a path of the driver's is on this machine."""
    for old, new in moved.items():
        if path == old or path.startswith(old.rstrip(os.sep) + os.sep):
            return new + path[len(old.rstrip(os.sep)) :]
    return path


def pack_folders(problem: Any, origin: Origin) -> Archive:
    """The archive of a problem's folders.

    Of one that is too large only the problem's file travels, if that imports nothing from there
    and does not ask where it is. Raises TooLarge otherwise.
    """
    folders = [Path(folder) for folder in origin.folders]
    try:
        return pack(folders)
    except TooLarge:
        file = getattr(sys.modules.get(type(problem).__module__), "__file__", None)
        if file is None:  # a notebook, which may need nothing of what lies around it
            log.warning("the working folder does not travel to other nodes", exc_info=True)
            return pack_files(folders[0], [])
        if len(folders) != 1:
            raise
        path = Path(file)
        source = source_of(path)
        source = path.read_bytes() if source is None else source
        if b"__file__" in source or imported_beside(source, folders):
            raise
        return pack_files(folders[0], [path])


# -- the problem itself ----------------------------------------------------------------------------


@dataclass(frozen=True)
class PackedJob:
    """A job on its way.

    Attributes:
        content: Pickled, with a problem from a file by its reference.
        buffers: Of the arrays in it, so that actors of one machine share them.
    """

    content: bytes
    buffers: tuple[Any, ...]

    def unpack(self, moved: Mapping[str, str]) -> Job:
        """The job, on a machine where these folders are elsewhere."""
        problem, definition, seed, run_id = pickle.loads(self.content, buffers=self.buffers)
        if isinstance(problem, FromFile):
            file = moved_to(split(problem.target)[0], moved)
            problem = replace(problem, arguments=_moved_values(problem.arguments, moved))
            problem = problem.make(Path(file))
            definition = read_definition(problem)
        elif moved:
            _move(problem, moved)
        return Job(problem, definition, seed, run_id)


def pack_job(cloudpickle: Any, job: Job) -> PackedJob:
    """A job as bytes. Raises whatever the user's objects raise when they are pickled."""
    buffers: list[pickle.PickleBuffer] = []
    problem: Any = from_file(job.problem)
    definition = None
    if problem is None:
        problem, definition = job.problem, job.definition
    with _files_by_value(cloudpickle):
        content = cloudpickle.dumps(
            (problem, definition, job.seed, job.run_id), protocol=5, buffer_callback=buffers.append
        )
    arrays = tuple(np.frombuffer(buffer.raw(), dtype=np.uint8) for buffer in buffers)
    return PackedJob(content, arrays)


@contextmanager
def _files_by_value(cloudpickle: Any) -> Iterator[None]:
    """Pickle what was loaded from files with its code: no worker could import it."""
    modules = [m for name, m in list(sys.modules.items()) if name.startswith(FILE_MODULE)]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


def _move(problem: Any, moved: Mapping[str, str]) -> None:
    """Let a problem whose code came by value find its files: ``__file__`` and paths made of it."""
    places = {id(f.__globals__): f.__globals__ for f in _functions(problem)}
    own = getattr(problem, "__dict__", {})
    for names in (*places.values(), own):
        names.update(_moved_values(names, moved))


def _functions(problem: Any) -> Iterator[FunctionType]:
    """Functions of a script's classes; those of modules are imported and know where they are."""
    for kind in type(problem).mro():
        if kind.__module__ == "__main__":
            yield from (f for f in vars(kind).values() if isinstance(f, FunctionType))


def _moved_values(names: Mapping[str, Any], moved: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in names.items():
        if isinstance(value, str):
            values[name] = moved_to(value, moved)
        elif isinstance(value, PurePath):
            values[name] = type(value)(moved_to(str(value), moved))
        else:
            values[name] = value
    return values
