"""Replacing a file so that at every moment either the old one or the new one is there, whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ...errors import StoreError

NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""What file systems answer that cannot sync a folder; renaming is then all there is."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises OSError, also for a pipe or a device, which may never answer.
    """
    file = open(path, "rb", opener=_at_once)  # noqa: SIM115  # the caller closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return file


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for who writes into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def replace_file(path: Path, write: Callable[[Path], object], like: Path | None = None) -> None:
    """Let ``write`` fill a file beside ``path``; fsync it, rename it over, fsync the folder.

    The file beside is new, follows no link, and has a name that nobody can foresee. It gets mode
    and owner of ``path``, or else of ``like``, if there is such a file.

    Raises StoreError if it fails; unless the message says otherwise, ``path`` is what it was
    before.
    """
    beside = path.with_name(f"{_leftover_prefix(path)}{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(beside, _NEW, 0o666)
        try:
            write(beside)
            _make_alike(beside, path, like)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(beside, path)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error}; what stood there before is untouched"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    sync_folder(path)


def move_file(source: Path, target: Path) -> None:
    """Rename a file within its folder, which is then synced. Raises StoreError."""
    try:
        os.replace(source, target)
    except OSError as error:
        raise StoreError(f"cannot rename {source} to {target.name}: {error}") from error
    sync_folder(target)


def sync_folder(path: Path) -> None:
    """Bring the name of ``path`` to the disk. Raises StoreError."""
    try:
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise StoreError(
                f"{path} was written, but its folder cannot be synced: {error}"
            ) from error


def remove_leftovers(path: Path) -> None:
    """Remove what processes left that were killed while they replaced ``path``.

    To be called by the only writer of ``path``.
    """
    for left in path.parent.glob(f"{_leftover_prefix(path)}*.tmp"):
        with contextlib.suppress(OSError):  # it is in nobody's way
            left.unlink()


def _leftover_prefix(path: Path) -> str:
    """Of the files beside: the same for a name, and short where the name is long."""
    return f".paretide-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}-"


def _make_alike(beside: Path, path: Path, like: Path | None) -> None:
    """Give ``beside`` the mode and, if that is allowed, the owner of the file it stands for."""
    for known in (path, like):
        if known is None:
            continue
        try:
            status = known.stat()
        except FileNotFoundError:
            continue
        if hasattr(os, "chown") and os.geteuid() in (0, status.st_uid):
            with contextlib.suppress(PermissionError):  # a group that we are not in
                os.chown(beside, status.st_uid, status.st_gid)
        os.chmod(beside, status.st_mode & 0o7777)  # last: chown takes bits away
        return
