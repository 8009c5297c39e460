"""Folders of code as one archive: what goes into it, and how a machine unpacks it once.

What a script needs stands beside it: modules, data, other folders. What is big and can be made
again stays behind: hidden folders, virtual environments, builds, what git ignores, and runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import shutil
import stat
import subprocess
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...errors import ExecutorError

log = logging.getLogger(__name__)

MOST_BYTES, MOST_FILES = 256 * 2**20, 20_000
"""What travels at most."""

GIT_SECONDS = 10.0
"""For git to say what it ignores."""

KEPT = 4
"""Unpacked archives that stay on a machine although nobody uses them."""

NEW, NEW_SECONDS = "new-", 3600.0
"""Begins the name of what is being unpacked, which nobody removes for so long."""

LEFT_BEHIND = {"__pycache__", "node_modules"}
BUILT = {"build", "dist", "site-packages"}
ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")
"""A folder that holds one of these is an environment of Python's."""


class TooLarge(ExecutorError):
    """A folder that holds more than travels."""


@dataclass(frozen=True)
class Archive:
    """Folders, packed.

    Attributes:
        digest: Of the bytes; the same for the same files.
        data: A tar file, in which each folder is called by its number.
    """

    digest: str
    data: bytes


def pack(folders: Sequence[Path], *, most_bytes: int | None = None) -> Archive:
    """The archive of these folders.

    Raises TooLarge, which names the largest things in them and says what to do.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for number, folder in enumerate(folders):
            _add(tar, str(number), folder, MOST_BYTES if most_bytes is None else most_bytes)
    data = packed.getvalue()
    return Archive(hashlib.sha256(data).hexdigest(), data)


def pack_files(root: Path, files: Sequence[Path]) -> Archive:
    """The archive of a few files of one folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in files:
            _write(tar, f"0/{file.relative_to(root).as_posix()}", file)
    data = packed.getvalue()
    return Archive(hashlib.sha256(data).hexdigest(), data)


def files_of(folder: Path) -> Iterator[Path]:
    """Files of a folder that travel, in order of their names; links are followed, but not twice."""
    ignored = _ignored_by_git(folder)
    seen = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        here = os.path.realpath(parent)
        if here in seen:  # a link to a folder that has it inside, or a second link to one
            folders.clear()
            continue
        seen.add(here)
        folders[:] = sorted(
            name
            for name in folders
            if os.path.join(parent, name) not in ignored and _travels(parent, name)
        )
        for name in sorted(names):
            path = os.path.join(parent, name)
            if path not in ignored and not _is_of_a_run(path) and _is_regular(path):
                yield Path(path)


def unpack(archive: Archive) -> Path:
    """The folder of this machine that holds what was packed, each folder by its number.

    It is unpacked once for every content, into a folder that only this user can enter, and is
    compared with the archive whenever it is used again. As long as this process lives nobody
    removes it.
    Raises ExecutorError if there is no place for it.
    """
    try:
        root = _root()
        for attempt in range(10):
            name = archive.digest[:32] + (f"-{attempt}" if attempt else "")
            if not (root / name).is_dir():
                _unpack_into(archive, root, name)
            if _hold(root / name) and _holds(root / name, archive):
                _sweep(root)
                return root / name
    except OSError as error:
        raise ExecutorError(f"the problem's folder cannot be unpacked: {error}") from error
    raise ExecutorError(f"{root} is changed by somebody while it is used; remove it")


# -- packing ---------------------------------------------------------------------------------------


def _add(tar: tarfile.TarFile, name: str, folder: Path, most_bytes: int) -> None:
    sizes: Counter[str] = Counter()
    for count, file in enumerate(files_of(folder), 1):
        relative = file.relative_to(folder)
        with contextlib.suppress(OSError):  # gone meanwhile
            sizes[relative.parts[0]] += file.stat().st_size
        if sizes.total() > most_bytes or count > MOST_FILES:
            raise _too_large(folder, sizes, count, most_bytes)
        _write(tar, f"{name}/{relative.as_posix()}", file)


def _write(tar: tarfile.TarFile, name: str, file: Path) -> None:
    try:
        content = file.read_bytes()
        executable = os.access(file, os.X_OK)
    except OSError as error:
        log.warning("%s does not travel to other nodes: %s", file, error)
        return
    entry = tarfile.TarInfo(name)  # without times and owners, which are not content
    entry.size, entry.mode = len(content), 0o700 if executable else 0o600
    tar.addfile(entry, io.BytesIO(content))


def _too_large(folder: Path, sizes: Counter[str], count: int, most_bytes: int) -> TooLarge:
    largest = ", ".join(f"{name} ({size / 2**20:.1f} MiB)" for name, size in sizes.most_common(5))
    return TooLarge(
        f"the problem's folder {folder} has to travel to nodes that do not see it, and is too "
        f"large: more than {most_bytes / 2**20:.0f} MiB or {MOST_FILES} files. The largest of the "
        f"{count} files looked at are in {largest}. Put the problem's file into a folder of its "
        "own with what it imports, let git ignore what need not travel, hand data over by "
        "RayExecutor(shared=...), or put the folder onto a file system that every node sees"
    )


def _travels(parent: str, name: str) -> bool:
    path = os.path.join(parent, name)
    if name.startswith(".") or name in LEFT_BEHIND or name.endswith(".egg-info"):
        return False
    if name in BUILT and not os.path.exists(os.path.join(path, "__init__.py")):
        return False
    return not any(os.path.exists(os.path.join(path, mark)) for mark in ENVIRONMENTS)


def _is_of_a_run(path: str) -> bool:
    """True for a run's file and what lies beside it."""
    stem, suffix = os.path.splitext(path)
    if suffix in (".journal", ".lock") and os.path.exists(stem):
        return True
    return os.path.exists(f"{path}.journal") or os.path.exists(f"{path}.lock")


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:  # a link that leads nowhere
        return False


def _ignored_by_git(folder: Path) -> set[str]:
    """Absolute paths of files and folders that git ignores; none without git or a repository."""
    command = [
        "git", "-c", "core.fsmonitor=false", "ls-files", "-z", "--others", "--ignored",
        "--exclude-standard", "--directory",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=folder, check=True, timeout=GIT_SECONDS, capture_output=True
        )
    except (OSError, subprocess.SubprocessError):  # the other rules hold
        return set()
    names = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    return {os.path.join(folder, name.rstrip("/")) for name in names if name != "./"}


# -- unpacking -------------------------------------------------------------------------------------

_held: dict[Path, int] = {}
"""Descriptors that hold a lock on what this process uses."""


def _root() -> Path:
    """A folder for unpacked archives that nobody else can enter."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    root = Path(tempfile.gettempdir()) / f"paretide-code-{user}"
    with contextlib.suppress(FileExistsError):
        root.mkdir(mode=0o700)
    found = root.lstat()
    mine = not hasattr(os, "getuid") or (
        found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
    )
    if stat.S_ISDIR(found.st_mode) and mine:
        return root
    return Path(tempfile.mkdtemp(prefix="paretide-code-"))  # somebody was there before us


def _unpack_into(archive: Archive, root: Path, name: str) -> None:
    """Unpack beside, then rename: of two that do it at once, one wins."""
    beside = Path(tempfile.mkdtemp(dir=root, prefix=NEW))
    try:
        with tarfile.open(fileobj=io.BytesIO(archive.data)) as tar:
            for entry in tar:
                path = beside / _inside(entry.name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_content(tar, entry))
                path.chmod(entry.mode)
        with contextlib.suppress(OSError):  # another was faster
            beside.rename(root / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ExecutorError(f"an archive of code holds {name!r}, which leads out of it")
    return path


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(entry)
    return b"" if file is None else file.read()


def _holds(folder: Path, archive: Archive) -> bool:
    """True if every file of the archive is in the folder as it was packed."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive.data)) as tar:
            return all((folder / e.name).read_bytes() == _content(tar, e) for e in tar)
    except OSError:
        return False


def _hold(folder: Path) -> bool:
    """Keep others from removing a folder while this process lives; False if one just did."""
    if os.name != "posix":
        return True
    import fcntl

    if folder in _held:
        return True
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        same = os.stat(folder).st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        same = False
    if same:
        _held[folder] = descriptor
        os.utime(folder)  # it is the newest now
    else:
        os.close(descriptor)
    return same


def _sweep(root: Path) -> None:
    """Remove what nobody uses any more, but for the newest few."""
    if os.name != "posix":
        return
    import fcntl

    ages = {}
    for folder in root.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another sweeps, too
            ages[folder] = time.time() - folder.lstat().st_mtime
    for folder in sorted(ages, key=lambda folder: ages[folder])[KEPT:]:
        if folder in _held or (folder.name.startswith(NEW) and ages[folder] < NEW_SECONDS):
            continue
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:  # another sweeps, too
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:  # it is in use
            continue
        finally:
            os.close(descriptor)
