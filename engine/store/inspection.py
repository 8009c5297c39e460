"""Telling a file that another program has touched from one that is damaged.

The checksum of the stamp is looked at first. Only where it fails is the file opened in a child with
limits of time and memory, since HDF5 may hang or die of damage, and compared by the digests of its
table of contents. What the child has found sound is read here: the same bytes, from a copy.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TypeVar

from ...errors import StoreCorrupt, StoreError, StoreNotFound
from .contents import CONTENTS, digest_of_parts, digest_of_value
from .files import open_file
from .reading import Reading
from .stamp import USER_BLOCK, Stamp, stamp_of

T = TypeVar("T")

SECONDS = 30.0
"""That the child may take, and for every ``BYTES_A_SECOND`` of the file one more."""

BYTES_A_SECOND = 5_000_000
CHILD_BYTES = 1 << 30
"""Of memory that the child may take beyond what its imports take."""

MOST_ADDED = 1 << 32
"""Bytes by which a file may have grown since it was sealed: a copy of it is made and read."""

ATTEMPTS = 5
MOST_NAMES = 100
_BLOCK = 1 << 20
_OURS = {"boolean", "DIMENSION_LABELS"}
"""Attributes of datasets that the table of contents does not list: digests cover the first."""


@dataclass(frozen=True)
class Findings:
    """How a file differs from what was sealed.

    Attributes:
        changed: Datasets and attributes that have another value, or cannot be read.
        added: Datasets, groups, links and attributes that are no part of the run.
    """

    changed: list[str]
    added: list[str]


class Changing(StoreError):
    """The file was changed while it was read."""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], Stamp]]:
    """A sealed file, open for reading, and its stamp.

    Raises what ``read_stamp`` raises, and Changing if the file changes before it is closed.
    """
    try:
        with open_file(path) as file:
            before = _version(file)
            try:
                yield file, stamp_of(file, path)
            except Exception as error:
                if _version(file) != before:
                    raise Changing(f"{path} is being changed by another program") from error
                raise
            if _version(file) != before:
                raise Changing(f"{path} is being changed by another program")
    except FileNotFoundError:
        raise StoreNotFound(f"there is no run at {path}") from None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error}") from error


def _version(file: IO[bytes]) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def check_bytes(file: IO[bytes], stamp: Stamp, path: Path) -> None:
    """Raise StoreCorrupt unless what follows the stamp is byte for byte what was sealed."""
    length, crc = _bytes_behind(file), 0
    if length != stamp.length:  # however many there are
        raise StoreCorrupt(
            f"{path} is damaged: {length} bytes follow its header, not {stamp.length}; restore it "
            "from a backup"
        )
    while block := file.read(_BLOCK):
        crc = zlib.crc32(block, crc)
    if crc != stamp.crc:
        raise StoreCorrupt(
            f"{path} is damaged: the {length} bytes that follow its header have CRC32 {crc:08x}, "
            f"not {stamp.crc:08x}; restore it from a backup"
        )


def _bytes_behind(file: IO[bytes]) -> int:
    """How many bytes follow the stamp."""
    return os.fstat(file.fileno()).st_size - USER_BLOCK


def read_sound(path: Path, parse: Callable[[Reading, Stamp], T]) -> tuple[T, Findings | None]:
    """What ``parse`` makes of a file, and how it was touched; None if its bytes were sealed so.

    Raises StoreNotFound, StoreCorrupt, StoreVersion, StoreError.
    """
    attempt = 1
    while True:
        try:
            with opened(path) as (file, stamp):
                try:
                    check_bytes(file, stamp, path)
                except StoreCorrupt as damage:
                    return _compared(file, stamp, path, parse, damage)
                return _parsed(file, stamp, path, parse), None
        except Changing as error:
            if attempt == ATTEMPTS:
                raise StoreError(f"{error}; try again when it is done") from error
            time.sleep(0.05 * attempt)
            attempt += 1


def _parsed(file: IO[bytes], stamp: Stamp, path: Path, parse: Callable[[Reading, Stamp], T]) -> T:
    """Through an open file: HDF5 then neither locks it nor waits for the locks of others."""
    import h5py

    size = os.fstat(file.fileno()).st_size
    try:
        with h5py.File(file, "r") as hdf5:
            reading = Reading(hdf5, path, size, stamp.schema, stamp.contents)
            reading.open()
            return parse(reading, stamp)
    except StoreError:
        raise
    except Exception as error:  # h5py raises errors of every kind on what HDF5 makes of damage
        raise StoreCorrupt(f"{path} passes its checksum but cannot be read: {error!r}") from error


def _compared(
    file: IO[bytes],
    stamp: Stamp,
    path: Path,
    parse: Callable[[Reading, Stamp], T],
    damage: StoreCorrupt,
) -> tuple[T, Findings]:
    """Raises ``damage`` if a child cannot read the file or finds what was sealed changed."""
    grown = _bytes_behind(file) - stamp.length
    if stamp.schema == 1 or grown > MOST_ADDED:  # without digests; too large for a copy
        raise damage
    with tempfile.TemporaryFile() as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        copy.flush()
        findings = _found_by_child(copy, stamp)
        if findings is None:
            raise damage
        if findings.changed:
            raise StoreCorrupt(
                f"{path} is damaged: since it was sealed, {', '.join(findings.changed)} changed; "
                "restore it from a backup"
            ) from damage
        return _parsed(copy, stamp, path, parse), findings


def _found_by_child(copy: IO[bytes], stamp: Stamp) -> Findings | None:
    """What a child finds; None if it hangs or dies."""
    size = os.fstat(copy.fileno()).st_size
    path = [entry for entry in sys.path if os.path.isabs(entry)]
    code = (
        "import sys; sys.path += sys.argv[3:]; "
        f"from {__name__} import main; main(int(sys.argv[1]), int(sys.argv[2]))"
    )
    limit = SECONDS + size / BYTES_A_SECOND
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", code, str(stamp.contents), str(int(limit)), *path],
            stdin=copy,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limit,
            check=True,
            env={**os.environ, "HDF5_PLUGIN_PRELOAD": "::"},  # no code from elsewhere
        )
        return Findings(**json.loads(done.stdout))
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        return None


def main(contents: int, seconds: int) -> None:
    """Compare the file at standard input; the child's side."""
    import h5py

    _limit(seconds)
    with os.fdopen(0, "rb") as file, h5py.File(file, "r") as hdf5:
        size = os.fstat(file.fileno()).st_size
        findings = compare(Reading(hdf5, Path("-"), size, 2, contents))
    sys.stdout.write(json.dumps(asdict(findings)))


def _limit(seconds: int) -> None:
    """Of time and memory, as far as the system knows such limits."""
    try:
        import resource
    except ImportError:  # Windows: the parent's limit of time is all there is
        return
    limits = {"RLIMIT_CPU": seconds, "RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0}
    with contextlib.suppress(OSError):  # no /proc: no limit of memory
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limits["RLIMIT_AS"] = pages * resource.getpagesize() + CHILD_BYTES
    for name, limit in limits.items():
        hard = resource.getrlimit(getattr(resource, name))[1]
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(getattr(resource, name), (soft, hard))


def compare(reading: Reading) -> Findings:
    """How a file differs from its table of contents."""
    changed = []
    contents = reading.contents
    for path, sealed in contents.digests.items():
        try:
            stored = reading.find(path)
            right = digest_of_parts(stored.dtype, stored.shape, stored.parts()) == sealed
        except Exception:  # whatever HDF5 makes of it, it is not what was sealed
            right = False
        if not right:
            changed.append(path)
    for path, names in contents.attributes.items():
        for name, sealed in names.items():
            try:
                value = reading.attribute(path, name)
                right = value is not None and digest_of_value(value) == sealed
            except Exception:
                right = False
            if not right:
                changed.append(f"{path or '/'}@{name}")
    return Findings(changed[:MOST_NAMES], [] if changed else _added(reading)[:MOST_NAMES])


def _added(reading: Reading) -> list[str]:
    """What stands in the file and is not in its table of contents."""
    contents = reading.contents
    paths = [*contents.digests, CONTENTS]
    groups: dict[str, set[str]] = {"": set()}
    for path in paths:
        names = path.split("/")
        for depth in range(len(names)):
            groups.setdefault("/".join(names[:depth]), set()).add(names[depth])
    added = []
    for group, inside in groups.items():
        added += [
            f"{group}/{name}".lstrip("/") for name in reading.names(group) if name not in inside
        ]
    for path in [*groups, *paths]:
        ours = _OURS | set(contents.attributes.get(path, ()))
        added += [f"{path or '/'}@{name}" for name in reading.attributes(path) if name not in ours]
    return added
