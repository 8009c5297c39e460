"""Replacing a file so that at every moment either the old one or the new one is there, whole."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

from ...errors import StoreError

NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""What file systems answer that cannot sync a folder; renaming is then all there is."""


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file beside ``path``; fsync it, rename it over, fsync the folder.

    Whoever calls this is the only writer of ``path``, so the name beside it is always the same and
    one left behind by a killed process is written over.

    Raises StoreError if it fails; unless the message says otherwise, ``path`` is what it was
    before.
    """
    beside = path.with_name(f"{path.name}.tmp")
    try:
        write(beside)
        _sync(beside)
        os.replace(beside, path)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error}; what stood there before is untouched"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    try:
        _sync(path.parent)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise StoreError(
                f"{path} was written, but its folder cannot be synced: {error}"
            ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
