"""One run on the disk, open for writing: a sealed file and, while it runs, a journal.

Protocol. The sealed file ``run.h5`` is at every moment a complete file, replaced only by writing a
new one, fsync and rename. What happens between two sealings is appended to ``run.h5.journal``,
which carries the number of the sealed file it continues: a journal with a lower number is left over
from before the last sealing and holds nothing new. Resuming reads the sealed file, replays the
journal, and seals again.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ...errors import (
    StoreCorrupt,
    StoreError,
    StoreExists,
    StoreLocked,
    StoreMismatch,
    StoreVersion,
)
from ...typing import IntArray
from ..evaluations import Evaluations
from .codec import (
    Event,
    Layout,
    decode,
    encode_evaluations,
    encode_population,
    layout_of,
)
from .image import Image, check_image, read_image, write_image
from .journal import Journal, records

log = logging.getLogger(__name__)

LEAST_JOURNAL = 1 << 22
"""Bytes below which a journal is not worth a new file."""

JOURNAL_SHARE = 0.25
"""Of the sealed file's size: a journal that has grown beyond it is folded into a new file."""

SEAL_SECONDS = 600.0
"""After this long even a small journal is folded into the file, which any reader can open."""

SEAL_SHARE = 0.01
"""Of a run's time at most, spent on sealings for age alone."""


def journal_path(path: Path) -> Path:
    """Where the journal of a store lies."""
    return path.with_name(path.name + ".journal")


class JournalAhead(StoreMismatch):
    """The journal continues a later sealing than the file that was read."""


@dataclass(frozen=True)
class Header:
    """First record of a journal.

    Attributes:
        run_id: Of the run it belongs to.
        seal: Number of the sealed file it continues.
        host: Of the process that writes it.
        pid: Of the process that writes it.
        layout: Of the columns in its records.
    """

    run_id: str
    seal: int
    host: str
    pid: int
    layout: Layout


def read_journal(path: Path, image: Image) -> list[Event]:
    """What happened since ``image`` was sealed; nothing if there is no journal or an older one.

    Raises:
        JournalAhead: If the journal continues a later sealing.
        StoreMismatch: If it belongs to another run.
        StoreCorrupt: If it is damaged.
    """
    try:
        data = journal_path(path).read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"cannot read {journal_path(path)}: {error}") from error
    payloads = records(data, journal_path(path))
    first = next(payloads, None)
    if first is None:
        return []
    header = Header(**json.loads(first))
    run_id = image.specification["run_id"]
    if header.run_id == image.specification.get("replaces"):
        return []  # of the run that this one has overwritten; killed before it could start its own
    if header.run_id != run_id:
        raise StoreMismatch(
            f"{journal_path(path)} belongs to run {header.run_id}, {path} is run {run_id}; "
            "move the journal away, or put the file it belongs to in its place"
        )
    if header.seal < image.seal:
        return []
    if header.seal > image.seal:
        raise JournalAhead(
            f"{journal_path(path)} continues sealing {header.seal}, but {path} is sealing "
            f"{image.seal}: an older copy of the file was put in its place; restore the newer one"
        )
    definition = image.evaluations.definition
    return [decode(payload, header.layout, definition) for payload in payloads]


class RunStore:
    """The writer of a run. One at a time: a lock beside the file keeps others out."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises StoreLocked if another process writes, StoreError if it cannot."""
        self.path = path
        if not path.parent.is_dir():
            raise StoreError(
                f"cannot write {path}: there is no folder {path.parent}; make it first"
            )
        lock = path.with_name(path.name + ".lock")
        self._lock = FileLock(lock)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            if not lock.exists():  # nobody holds it: it could not be made
                raise StoreError(f"cannot write beside {path}; choose another folder") from None
            raise StoreLocked(
                f"{path} is being written by {_holder(path)}; wait, or end it"
            ) from None
        except OSError as error:
            raise StoreError(
                f"cannot write beside {path}: {error}; choose another folder"
            ) from error
        self._journal: Journal | None = None
        self._size = 0
        self._sealed_at, self._seal_took = time.monotonic(), 0.0
        self._sealed = False  # the file holds a part of this run

    @classmethod
    def claim(cls, path: Path, *, overwrite: bool) -> tuple[RunStore, str]:
        """A place for a new run, and the id of the run there that it will replace, or "".

        Nothing is written yet. Raises StoreExists if there is a run and ``overwrite`` is False.
        """
        if path.is_dir():
            raise StoreError(f"{path} is a folder; name a file in it, like {path / 'run.h5'}")
        store = cls(path)
        try:
            if not path.exists():
                return store, ""
            if not overwrite:
                raise StoreExists(
                    f"{path} exists; continue it with resume, choose another path, "
                    "or pass overwrite=True (--overwrite)"
                )
            return store, _replaceable_run(path)
        except BaseException:
            store.release()
            raise

    @classmethod
    def reopen(cls, path: Path) -> tuple[RunStore, Image, list[Event]]:
        """The store of a run that goes on, what its file holds, and what its journal adds."""
        if not path.exists():
            check_image(path)  # says that it is not there
        store = cls(path)
        try:
            image = read_image(path)
            store._sealed = True
            return store, image, read_journal(path, image)
        except BaseException:
            store.release()
            raise

    def append_evaluations(self, rows: Evaluations) -> None:
        """Journal finished evaluations. Raises StoreError."""
        self._open_journal().append(encode_evaluations(rows))

    def append_population(self, generation: int, ids: IntArray) -> None:
        """Journal the population of a generation. Raises StoreError."""
        self._open_journal().append(encode_population(generation, ids))

    def seal_if_due(self, make_image: Callable[[], Image]) -> None:
        """Fold the journal into a new file once it has grown by a quarter of the file, or is old.

        How old, depends on how long sealing takes.
        """
        journal = self._open_journal()
        age = time.monotonic() - self._sealed_at
        if journal.size > max(LEAST_JOURNAL, JOURNAL_SHARE * self._size) or (
            age > max(SEAL_SECONDS, self._seal_took / SEAL_SHARE) and not journal.empty
        ):
            self.seal(make_image())

    def seal(self, image: Image) -> None:
        """Replace the file, then start an empty journal that continues it. Raises StoreError."""
        began = time.monotonic()
        self._drop_journal()
        self._write(image)
        self._sealed_at = time.monotonic()
        self._seal_took = self._sealed_at - began
        header = Header(
            run_id=image.specification["run_id"],
            seal=image.seal,
            host=socket.gethostname(),
            pid=os.getpid(),
            layout=layout_of(image.evaluations),
        )
        self._journal = Journal(journal_path(self.path), json.dumps(vars(header)).encode())

    def finish(self, image: Image) -> None:
        """Seal for the last time and remove the journal. Raises StoreError."""
        self._drop_journal()
        self._write(image)
        journal_path(self.path).unlink(missing_ok=True)

    def _write(self, image: Image) -> None:
        self._size = write_image(self.path, image, same_run=self._sealed)
        self._sealed = True

    def discard(self) -> None:
        """Remove file and journal."""
        self._drop_journal()
        journal_path(self.path).unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Close what is open and let others write. What was appended stays in the journal."""
        try:
            self._close_journal()
        finally:
            self._lock.release()

    def _open_journal(self) -> Journal:
        if self._journal is None:
            raise StoreError(f"{self.path} is not open for writing")
        return self._journal

    def _drop_journal(self) -> None:
        """Close a journal whose content is about to be sealed: its own errors are then no loss."""
        try:
            self._close_journal()
        except StoreError as error:
            log.warning("%s", error)

    def _close_journal(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()


def _replaceable_run(path: Path) -> str:
    """The id of a sound run; raises StoreExists: a mistyped path must not cost anyone a file."""
    try:
        return str(read_image(path).specification["run_id"])
    except (StoreCorrupt, StoreVersion) as error:
        raise StoreExists(
            f"{path} exists and is no sound run of paretide, so it is not overwritten ({error}); "
            "delete it yourself if it can go"
        ) from error


def _holder(path: Path) -> str:
    """Who writes a locked run, as its journal says."""
    try:
        first = next(records(journal_path(path).read_bytes(), path), None)
        header = Header(**json.loads(first or b"{}"))
    except (OSError, TypeError, ValueError):
        return "another process"
    return f"process {header.pid} on {header.host}"
