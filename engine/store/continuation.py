"""Which journal continues a sealed file: what is in them says so, not what they are called.

A sealed file that a writer left open names its run, its sealing and its writer, and so does the
header of the journal that goes on from there. That journal is made before the file is put in its
place, so a file that was left open and has no journal has lost one.

The journal lies beside the file under its name and ``.journal``, or, if a kill came between the new
file and the new name of its journal, under ``.journal.next``. After the file was renamed or copied
it may lie under another file's name; it is looked for in the same folder, and used as it is.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from ...errors import StoreCorrupt, StoreError, StoreMismatch
from ..records.evaluations import Archive, Evaluations, empty
from .codec import FIRST_WITH_CHOICES, Event, Layout, Retried, decode, layout_of
from .files import move_file, open_file
from .image import Image
from .journal import first_record, records
from .plausible import faults
from .stamp import LARGEST_SEAL, RUN_ID, Stamp

log = logging.getLogger(__name__)

MOST_LOOKED_AT = 1000
"""Files of a folder whose first record is read in search of a journal."""


def journal_path(path: Path) -> Path:
    """Where the journal of a store lies."""
    return path.with_name(path.name + ".journal")


def next_journal_path(path: Path) -> Path:
    """Where a journal waits until the file that it continues is in its place."""
    return path.with_name(path.name + ".journal.next")


class JournalAhead(StoreMismatch):
    """The journal continues a later sealing than the file that was read."""


class JournalMissing(StoreMismatch):
    """The file was left open by its writer, and the journal that continues it is not there."""


@dataclass(frozen=True)
class Header:
    """First record of a journal.

    Attributes:
        run_id: Of the run it belongs to.
        seal: Number of the sealed file it continues.
        host: Of the process that writes it.
        pid: Of the process that writes it.
        layout: Of the columns in its records.
        writer: Token of that process, as in the file's stamp; "" in schema 1.
    """

    run_id: str
    seal: int
    host: str
    pid: int
    layout: Layout
    writer: str = ""

    def encoded(self) -> bytes:
        """As the payload of a record."""
        return json.dumps(vars(self)).encode()


def read_header(path: Path) -> Header | None:
    """The header of a journal; None if there is no file, or one that begins with something else."""
    try:
        payload = first_record(path)
        values = None if payload is None else json.loads(payload)
    except (OSError, ValueError, RecursionError):
        return None
    kinds: dict[str, type] = {
        "run_id": str, "seal": int, "host": str, "pid": int, "layout": dict, "writer": str,
    }  # fmt: skip
    required = {f.name for f in fields(Header)} - {"writer"}
    if not isinstance(values, dict) or not required <= values.keys() <= kinds.keys():
        return None
    if not all(type(value) is kinds[name] for name, value in values.items()):
        return None
    header = Header(**values)
    named = RUN_ID.fullmatch(header.run_id) and (
        not header.writer or RUN_ID.fullmatch(header.writer)
    )
    return header if named and 0 <= header.seal < LARGEST_SEAL else None


def read_events(path: Path, stamp: Stamp, image: Image) -> list[Event]:
    """What happened since ``image``, whose file has this stamp, was sealed.

    Raises:
        JournalAhead: If the journal beside it continues a later sealing of the run.
        JournalMissing: If it was left open and nothing continues it.
        StoreMismatch: If the journal beside a file of schema 1 belongs to another run.
        StoreCorrupt: If the journal is damaged, or holds what no run can have written.
    """
    found = _find(path, stamp, image)
    if found is None:
        return []
    place, header = found
    layout = layout_of(image.evaluations)
    if stamp.schema < FIRST_WITH_CHOICES:
        del layout["choice"]
    if header.layout != json.loads(json.dumps(layout)):
        raise StoreCorrupt(f"{place} holds other columns than {path}; restore it from a backup")
    try:
        with open_file(place) as file:
            payloads = records(file.read(), place)
    except (OSError, MemoryError) as error:
        raise StoreError(f"cannot read {place}: {error!r:.300}") from error
    next(payloads)  # the header
    definition = image.evaluations.definition
    strict = bool(header.writer)  # a journal of schema 1 has none
    events = [decode(payload, layout, definition, strict=strict) for payload in payloads]
    finished = Archive(empty(definition))
    found_wrong: list[str] = []
    for event in events:
        if isinstance(event, Evaluations):
            finished.append(event)
        elif isinstance(event, Retried):
            found_wrong += faults(event.rows)
    for fault in (*found_wrong, *faults(finished.table())):
        raise StoreCorrupt(f"{place} has {fault}; it was edited, or another program wrote it")
    return events


def _find(path: Path, stamp: Stamp, image: Image) -> tuple[Path, Header] | None:
    """The journal that continues the file, wherever it lies; None if nothing has to."""
    run_id = image.specification["run_id"]
    beside = {p: read_header(p) for p in (journal_path(path), next_journal_path(path))}
    for place, header in beside.items():
        if header is not None and _continues(header, run_id, image.seal, stamp.writer):
            return place, header
    for place, header in beside.items():
        if header is not None and header.run_id == run_id and header.seal > image.seal:
            raise JournalAhead(
                f"{place} continues sealing {header.seal}, but {path} is sealing {image.seal}: an "
                "older copy of the file was put in its place; restore the newer one, or lose what "
                "came after it: without_journal=True (paretide resume --without-journal)"
            )
    if stamp.schema == 1:  # does not say whether it was left open
        _refuse_foreign(path, beside[journal_path(path)], image)
        return None
    if not stamp.writer:
        return None
    for place in _journals_near(path):
        header = read_header(place)
        if header is not None and _continues(header, run_id, image.seal, stamp.writer):
            log.warning("%s is continued by %s, which lies under another name", path, place.name)
            return place, header
    place, header = journal_path(path), beside[journal_path(path)]
    if header is None and place.exists():
        raise StoreCorrupt(
            f"{place} is damaged in its first record; restore it from a backup, or lose what was "
            "finished since the file was written: without_journal=True "
            "(paretide resume --without-journal)"
        )
    there = (
        f"there is no {place.name}"
        if header is None
        else f"{place.name} belongs to run {header.run_id}, sealing {header.seal}"
    )
    raise JournalMissing(
        f"{path} was not closed, and the journal that continues it is not there ({there}): it "
        "holds what was finished since. Put it back beside the file, or lose that: "
        "without_journal=True (paretide resume --without-journal)"
    )


def _continues(header: Header, run_id: str, seal: int, writer: str) -> bool:
    return (header.run_id, header.seal, header.writer) == (run_id, seal, writer)


def _refuse_foreign(path: Path, header: Header | None, image: Image) -> None:
    mine = (image.specification["run_id"], image.specification.get("replaces"))
    if header is not None and header.run_id not in mine:
        raise StoreMismatch(
            f"{journal_path(path)} belongs to run {header.run_id}, {path} is run {mine[0]}; "
            "move the journal away, or put the file it belongs to in its place"
        )


def _journals_near(path: Path) -> Iterator[Path]:
    """Other files of the folder that may be journals."""
    own = {journal_path(path).name, next_journal_path(path).name}
    try:
        with os.scandir(path.parent) as entries:
            names = sorted(e.name for e in entries if ".journal" in e.name and e.name not in own)
    except OSError:  # a folder that may be passed through and not be looked at
        return
    yield from (path.with_name(name) for name in names[:MOST_LOOKED_AT])


def set_aside(place: Path) -> None:
    """Rename a journal that another writer's would replace, so that nothing is lost.

    Raises StoreError.
    """
    if not os.path.lexists(place):
        return
    header = read_header(place)
    whose = "unknown" if header is None else f"{header.run_id[:8]}-{header.seal}"
    name = place.name.removesuffix(".next").removesuffix(".journal")
    target = place.with_name(f"{name}.{whose}.journal")
    number = 1
    while os.path.lexists(target):
        number += 1
        target = place.with_name(f"{name}.{whose}-{number}.journal")
    move_file(place, target)
    log.warning("%s continues another file than this run's; it is kept as %s", place, target.name)
