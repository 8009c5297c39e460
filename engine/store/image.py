"""The sealed file: everything of a run in one HDF5 file, written whole and never changed.

Its first 512 bytes are the stamp (``stamp.py``), which is checked before HDF5 sees a byte: HDF5 on
damaged files may hang. The layout is described in docs/store-format.md.
"""

from __future__ import annotations

import contextlib
import json
import logging
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import StoreCorrupt, StoreError, StoreNotFound
from ...problems.definition import Definition
from ...problems.description import definition_from
from ...typing import IntArray
from ..born import OPERATORS
from ..evaluations import ARRAYS, Archive, Evaluations, empty
from ..outcome import Failed
from .columns import read_array, read_text, read_texts, write_array, write_text, write_texts
from .extras import read_extras, write_extras
from .files import replace_file
from .stamp import SCHEMA_VERSION, USER_BLOCK, Stamp, stamp_of

log = logging.getLogger(__name__)

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Image:
    """What a sealed file holds.

    Attributes:
        specification: Of the run, JSON.
        seal: How often the file has been written; a journal of the same number continues it.
        stopped_by: Why the run ended, or "" while it goes on.
        evaluations: All that were told, in that order.
        waiting: All that have finished and wait for their turn to be told.
        known: Outcomes of other runs that this one began with.
        populations: Ids of the population after each selection.
        final: Ids of the population when this was written.
        state: Of the algorithm.
    """

    specification: dict[str, Any]
    seal: int
    stopped_by: str
    evaluations: Evaluations
    waiting: Evaluations
    known: Evaluations
    populations: list[IntArray]
    final: IntArray
    state: dict[str, Any]

    def everything(self) -> Evaluations:
        """All that have finished: those told, then those that wait."""
        if not len(self.waiting):
            return self.evaluations
        both = Archive(self.evaluations)
        both.append(self.waiting)
        return both.table()


def write_image(path: Path, image: Image, *, same_run: bool, writer: str) -> int:
    """Replace ``path`` by a file that holds ``image``; returns its size. Raises StoreError.

    With ``same_run`` the file that is there holds the first part of the same run, and what has not
    changed is copied from it. ``writer`` is the token of who goes on in a journal; "" is nobody.
    """
    before = path if same_run and _is_sound(path) else None
    data = _hdf5(image, before)
    stamp = Stamp(
        schema=SCHEMA_VERSION,
        length=len(data),
        crc=zlib.crc32(data),
        run_id=image.specification["run_id"],
        seal=image.seal,
        writer=writer,
    )

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            file.write(stamp.block())
            file.write(data)

    replace_file(path, write)
    return USER_BLOCK + len(data)


def _is_sound(path: Path) -> bool:
    """False, with a warning, for a file that rotted or vanished: all of it is in memory anyway."""
    try:
        check_image(path)
    except StoreError as error:
        log.warning("%s; it is written anew from memory", error)
        return False
    return True


def read_image(path: Path) -> Image:
    """What a sealed file holds.

    Raises StoreNotFound, StoreCorrupt (no run, or damaged), StoreVersion (another schema).
    """
    import h5py

    check_image(path)
    try:
        with h5py.File(path, "r") as file:
            return _read_hdf5(file)
    except Exception as error:  # h5py raises errors of every kind on what HDF5 makes of damage
        raise StoreCorrupt(f"{path} passes its checksum but cannot be read: {error}") from error


def check_image(path: Path) -> None:
    """Check version, length and checksum without opening the file as HDF5."""
    try:
        with path.open("rb") as file:
            stamp = stamp_of(file, path)
            found_length, found_crc = _checksum(file)
    except FileNotFoundError:
        raise StoreNotFound(f"there is no run at {path}") from None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error}") from error
    if (found_length, found_crc) != (stamp.length, stamp.crc):
        raise StoreCorrupt(
            f"{path} is damaged: {found_length} bytes with CRC32 {found_crc:08x} follow its "
            f"header, not {stamp.length} bytes with {stamp.crc:08x}; restore it from a backup"
        )


def _checksum(file: Any) -> tuple[int, int]:
    """Length and CRC32 of what follows the present position."""
    length = crc = 0
    while block := file.read(_BLOCK):
        length += len(block)
        crc = zlib.crc32(block, crc)
    return length, crc


def _hdf5(image: Image, before: Path | None) -> bytes:
    """The HDF5 file, made in memory: HDF5 that meets a full disk takes the process with it."""
    import h5py

    with contextlib.ExitStack() as stack:
        old: Any = {} if before is None else stack.enter_context(h5py.File(before, "r"))
        file = stack.enter_context(
            h5py.File("image", "w", driver="core", backing_store=False, block_size=1 << 20)
        )
        file.attrs["format"] = "paretide run"
        file.attrs["schema_version"] = SCHEMA_VERSION
        file.attrs["seal"] = image.seal
        file.attrs["stopped_by"] = image.stopped_by
        write_text(file, "specification", json.dumps(image.specification, indent=1))
        _write_evaluations(file, image, old)
        _write_populations(file, image, old)
        state = file.create_group("state")
        scalars = {}
        for name, value in image.state.items():
            if isinstance(value, np.ndarray):
                write_array(state, name, value)
            else:
                scalars[name] = value
        write_text(state, "scalars", json.dumps(scalars))
        file.flush()
        return bytes(file.id.get_file_image())


def _write_evaluations(file: Any, image: Image, old: Any) -> None:
    rows = image.evaluations
    table = _write_table(file, rows, old)
    if len(image.waiting):
        _write_table(file.create_group("waiting"), image.waiting, {})
    if len(image.known):
        _write_table(file.create_group("known"), image.known, old.get("known", {}))
    definition = image.specification["problem"]["definition"]
    write_texts(table, "objectives", list(definition["objectives"]))
    write_texts(table, "directions", list(definition["objectives"].values()))
    write_texts(table, "constraints", list(definition["constraints"]))
    write_texts(table, "operators", list(OPERATORS))
    write_texts(table, "variables", list(rows.definition.space.names))


def _write_table(file: Any, rows: Evaluations, old: Any) -> Any:
    """Groups ``evaluations``, ``failures`` and ``extras``; returns the first."""
    table = file.create_group("evaluations")
    for name in ARRAYS:
        write_array(table, name, getattr(rows, name), old.get(f"evaluations/{name}"))
    write_texts(table, "workers", list(rows.workers))
    failures = file.create_group("failures")
    write_array(failures, "ids", np.array(list(rows.failures), dtype=np.int64))
    for name in ("reason", "kind", "detail"):
        write_texts(failures, name, [getattr(f, name) for f in rows.failures.values()])
    write_extras(file.create_group("extras"), rows.extras, old.get("extras", {}))
    return table


def _write_populations(file: Any, image: Image, old: Any) -> None:
    """Populations are row numbers into the evaluations, one generation after the other.

    Only the last one may count on into those that wait.
    """
    rows = image.everything()
    row_of = np.full(int(rows.ids.max(initial=-1)) + 1, -1, dtype=np.int64)
    row_of[rows.ids] = np.arange(len(rows))
    sizes = np.array([len(ids) for ids in image.populations], dtype=np.int64)
    members = np.concatenate([*image.populations, np.empty(0, dtype=np.int64)])
    group = file.create_group("populations")
    write_array(group, "rows", row_of[members], old.get("populations/rows"))
    write_array(group, "sizes", sizes, old.get("populations/sizes"))
    write_array(group, "final", row_of[image.final])


def _read_hdf5(file: Any) -> Image:
    specification = json.loads(read_text(file["specification"]))
    definition = definition_from(specification["problem"]["definition"])
    evaluations = _read_table(file, definition)
    waiting, known = (
        _read_table(file[name], definition) if name in file else empty(definition)
        for name in ("waiting", "known")
    )
    both = np.concatenate([evaluations.ids, waiting.ids])
    populations = file["populations"]
    members = evaluations.ids[read_array(populations["rows"])]
    sizes = read_array(populations["sizes"])
    state: dict[str, Any] = json.loads(read_text(file["state/scalars"]))
    state |= {
        name: read_array(dataset) for name, dataset in file["state"].items() if name != "scalars"
    }
    return Image(
        specification=specification,
        seal=int(file.attrs["seal"]),
        stopped_by=str(file.attrs["stopped_by"]),
        evaluations=evaluations,
        waiting=waiting,
        known=known,
        populations=np.split(members, np.cumsum(sizes))[: len(sizes)],
        final=both[read_array(populations["final"])],
        state=state,
    )


def _read_table(file: Any, definition: Definition) -> Evaluations:
    table, failures, extras = file["evaluations"], file["failures"], file["extras"]
    columns = {name: read_array(table[name]) for name in ARRAYS}
    told = zip(
        read_array(failures["ids"]).tolist(),
        *(read_texts(failures[name]) for name in ("reason", "kind", "detail")),
        strict=True,
    )
    return Evaluations(
        **columns,
        workers=tuple(read_texts(table["workers"])),
        failures={id: Failed(reason, kind, detail) for id, reason, kind, detail in told},
        extras=read_extras(extras),
        definition=definition,
    )
