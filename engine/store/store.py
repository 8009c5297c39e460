"""One run on the disk, open for writing: a sealed file and, while it runs, a journal.

Protocol. The sealed file ``run.h5`` is at every moment a complete file, replaced only by writing a
new one, fsync and rename. What happens between two sealings is appended to ``run.h5.journal``,
which names the sealing that it continues and the writer of both. To seal is

    1. make the journal of sealing n + 1 beside that of sealing n, as ``run.h5.journal.next``
    2. put the file of sealing n + 1 in place of that of sealing n
    3. rename the new journal over the old one

so that after a kill anywhere one of the two journals continues the file that is there, and a file
that its writer did not close and that nothing continues has lost its journal. Resuming reads the
sealed file, replays the journal, and seals again.

A lock beside the file keeps a second writer out. Locks can be deleted, and a lease may end while
its holder sleeps; so a writer also looks whether the file is still the one that it wrote, by run,
sealing and token, before it replaces it, and whether its journal still has its name whenever it
appends. One that has lost its run stops, and overwrites nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from ...errors import (
    StoreCorrupt,
    StoreError,
    StoreExists,
    StoreLocked,
    StoreNotFound,
    StoreVersion,
)
from ...typing import IntArray, SearchSpace
from ..records.evaluations import Evaluations
from ..records.provenance import Choices
from .codec import (
    Event,
    encode_choices,
    encode_evaluations,
    encode_population,
    layout_of,
)
from .continuation import (
    Header,
    journal_path,
    next_journal_path,
    read_events,
    read_header,
    set_aside,
)
from .files import remove_leftovers
from .image import Image, read_image, write_image
from .journal import Journal
from .stamp import Stamp, read_stamp

log = logging.getLogger(__name__)

LEAST_JOURNAL = 1 << 22
"""Bytes below which a journal is not worth a new file."""

JOURNAL_SHARE = 0.25
"""Of the sealed file's size: a journal that has grown beyond it is folded into a new file."""

SEAL_SECONDS = 600.0
"""After this long even a small journal is folded into the file, which any reader can open."""

SEAL_SHARE = 0.01
"""Of a run's time at most, spent on sealings for age alone."""


class RunStore:
    """The writer of a run. One at a time: a lock beside the file keeps others out.

    A path that is a link means the file that it leads to, which is replaced where it lies.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises StoreLocked if another process writes, StoreError if it cannot."""
        self.path = path = real_path(path)
        if not path.parent.is_dir():
            raise StoreError(
                f"cannot write {path}: there is no folder {path.parent}; make it first"
            )
        from filelock import FileLock, Timeout  # only who writes needs it

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
        for place in (path, *self._journals()):
            remove_leftovers(place)
        self._token = uuid.uuid4().hex
        self._found: Stamp | None = None  # what the file is that we may replace; None for no file
        self._ours: set[str] = set()  # runs whose journals we may replace
        self._journal: Journal | None = None
        self._deserted = False  # what was journaled is in no file that has a name
        self._size = 0
        self._sealed_at, self._seal_took = time.monotonic(), 0.0
        self._sealed = False  # the file holds a part of this run

    @classmethod
    def claim(cls, path: Path, *, overwrite: bool) -> RunStore:
        """A place for a new run. Nothing is written yet.

        Raises StoreExists if there is a run and ``overwrite`` is False.
        """
        if path.is_dir():
            raise StoreError(f"{path} is a folder; name a file in it, like {path / 'run.h5'}")
        store = cls(path)
        try:
            if store.path.exists():
                if not overwrite:
                    raise StoreExists(
                        f"{path} exists; continue it with resume, choose another path, "
                        "or pass overwrite=True (--overwrite)"
                    )
                store._ours.add(_replaceable_run(store.path))
                store._found = read_stamp(store.path)
            return store
        except BaseException:
            store.release()
            raise

    @classmethod
    def reopen(
        cls, path: Path, *, without_journal: bool = False
    ) -> tuple[RunStore, Image, list[Event]]:
        """The store of a run that goes on, what its file holds, and what its journal adds.

        ``without_journal`` goes on from the file alone; a journal is then set aside.
        """
        if not path.exists():
            read_stamp(path)  # says that it is not there
        store = cls(path)
        try:
            stamp, image = read_stamp(store.path), read_image(store.path)
            events = [] if without_journal else read_events(store.path, stamp, image)
            store._found, store._sealed = stamp, True
            if not without_journal:
                store._ours.add(image.specification["run_id"])
            return store, image, events
        except BaseException:
            store.release()
            raise

    def append_evaluations(self, rows: Evaluations) -> None:
        """Journal finished evaluations. Raises StoreError."""
        self._append(encode_evaluations(rows))

    def append_retried(self, rows: Evaluations) -> None:
        """Journal candidates that were evaluated again. Raises StoreError."""
        self._append(encode_evaluations(rows, retried=True))

    def append_choices(self, choices: Choices, space: SearchSpace) -> None:
        """Journal what a screen has chosen of a space. Raises StoreError."""
        self._append(encode_choices(choices, space))

    def append_population(self, generation: int, ids: IntArray) -> None:
        """Journal the population of a generation. Raises StoreError."""
        self._append(encode_population(generation, ids))

    def _append(self, record: bytes) -> None:
        journal = self._open_journal()
        journal.append(record)
        if not self._deserted and journal.replaced:
            self._refuse_if_taken_over()
            self._deserted = True
            log.warning("%s was removed; the run is sealed anew", journal.path)

    def seal_if_due(self, make_image: Callable[[], Image]) -> None:
        """Fold the journal into a new file once it has grown by a quarter of the file, or is old.

        How old, depends on how long sealing takes.
        """
        journal = self._open_journal()
        age = time.monotonic() - self._sealed_at
        if (
            self._deserted
            or journal.size > max(LEAST_JOURNAL, JOURNAL_SHARE * self._size)
            or (age > max(SEAL_SECONDS, self._seal_took / SEAL_SHARE) and not journal.empty)
        ):
            self.seal(make_image())

    def seal(self, image: Image) -> None:
        """Replace the file, and its journal by an empty one that continues it.

        Raises StoreLocked if another writer has taken over, otherwise StoreError.
        """
        began = time.monotonic()
        self._make_ready(image)
        header = Header(
            run_id=image.specification["run_id"],
            seal=image.seal,
            host=socket.gethostname(),
            pid=os.getpid(),
            layout=layout_of(image.evaluations),
            writer=self._token,
        )
        journal = Journal(next_journal_path(self.path), header.encoded(), like=self.path)
        try:
            self._write(image, writer=self._token)
            journal.move_to(journal_path(self.path))
        except BaseException:
            journal.close()
            raise
        self._journal, self._deserted = journal, False
        self._sealed_at = time.monotonic()
        self._seal_took = self._sealed_at - began

    def finish(self, image: Image) -> None:
        """Seal for the last time and remove the journal.

        Raises StoreLocked if another writer has taken over, otherwise StoreError.
        """
        self._make_ready(image)
        self._write(image, writer="")
        self._remove_journals()

    def _make_ready(self, image: Image) -> None:
        """Close the journal, whose content is about to be sealed; set others' aside."""
        self._drop_journal()
        self._refuse_if_taken_over()
        for place in self._journals():
            header = read_header(place)
            if header is None or header.run_id not in self._ours:
                set_aside(place)
        self._ours.add(image.specification["run_id"])

    def _write(self, image: Image, *, writer: str) -> None:
        self._size = write_image(self.path, image, same_run=self._sealed, writer=writer)
        self._sealed = True
        self._found = read_stamp(self.path)

    def _refuse_if_taken_over(self) -> None:
        """Raise StoreLocked if the file is one that somebody else has put there.

        Our own that is gone or damaged is written anew from memory.
        """
        try:
            there = read_stamp(self.path)
        except StoreNotFound:
            return
        except StoreCorrupt as error:
            if self._found is not None:
                return
            raise StoreLocked(
                f"{self.path} is another program's file by now; this run is not written over it"
            ) from error
        if self._found is None or there.whose != self._found.whose:
            raise StoreLocked(
                f"{self.path} was put there by another writer, which has taken over (it is sealing "
                f"{there.seal} of run {there.run_id}); this one stops and overwrites nothing"
            )

    def discard(self) -> None:
        """Remove file and journal, if they are still ours."""
        self._drop_journal()
        self._refuse_if_taken_over()
        self._remove_journals()
        self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Close what is open and let others write. What was appended stays in the journal."""
        try:
            self._close_journal()
        finally:
            self._lock.release()

    def _journals(self) -> tuple[Path, Path]:
        return journal_path(self.path), next_journal_path(self.path)

    def _remove_journals(self) -> None:
        for place in self._journals():
            place.unlink(missing_ok=True)

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


def real_path(path: Path) -> Path:
    """Where a run lies that is reached by this path, which may be a link."""
    return Path(os.path.realpath(path))


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
    header = read_header(journal_path(path))
    return "another process" if header is None else f"process {header.pid} on {header.host}"
