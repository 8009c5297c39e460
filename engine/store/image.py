"""The sealed file: everything of a run in one HDF5 file, written whole and never changed.

Its first 512 bytes are the stamp (``stamp.py``), which is checked before HDF5 sees a byte: HDF5 on
damaged files may hang. The layout is described in docs/store-format.md.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...errors import StoreCorrupt, StoreError
from ...typing import IntArray
from ..records.evaluations import Archive, Evaluations
from . import strict_json
from .columns import Writing
from .files import replace_file
from .inspection import Changing, Findings, check_bytes, opened, read_sound
from .reading import Reading
from .retried import read_retried, write_retried
from .specified import names_of, read_definition_of, read_specification
from .stamp import LARGEST_SEAL, SCHEMA_VERSION, USER_BLOCK, Stamp, read_stamp
from .state import read_state, write_state
from .tables import check_parents, read_table, write_table

log = logging.getLogger(__name__)


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
        retried: Outcomes of candidates that were evaluated again, by event of the specification.
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
    retried: tuple[Evaluations, ...] = ()

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
    data, contents = _hdf5(image, path if same_run else None)
    stamp = Stamp(
        schema=SCHEMA_VERSION,
        length=len(data),
        crc=zlib.crc32(data),
        run_id=image.specification["run_id"],
        seal=image.seal,
        writer=writer,
        contents=contents,
    )

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            file.write(stamp.block())
            file.write(data)

    replace_file(path, write)
    return USER_BLOCK + len(data)


def _hdf5(image: Image, before: Path | None) -> tuple[bytes, int]:
    """The HDF5 file and the CRC32 of its table of contents."""
    if before is not None:
        try:
            with opened(before) as (file, stamp):
                check_bytes(file, stamp, before)
                return _composed(image, file)
        except (StoreCorrupt, Changing):  # all of it is in memory
            log.warning(
                "%s has been changed since it was sealed, by another program or by its disk; it is "
                "written anew from memory, and what was added to it is dropped",
                before,
            )
        except StoreError as error:
            log.warning("%s; it is written anew from memory", error)
    return _composed(image, None)


def _composed(image: Image, before: IO[bytes] | None) -> tuple[bytes, int]:
    """Made in memory: HDF5 that meets a full disk takes the process with it."""
    import h5py

    with contextlib.ExitStack() as stack:
        old = None if before is None else stack.enter_context(h5py.File(before, "r"))
        file = stack.enter_context(
            h5py.File(
                f"image-{uuid.uuid4().hex}",  # one name is one file, in all threads together
                "w",
                driver="core",
                backing_store=False,
                block_size=1 << 20,
                userblock_size=USER_BLOCK,
            )
        )
        writing = Writing(file, old)
        writing.attribute("", "format", "paretide run")
        writing.attribute("", "schema_version", SCHEMA_VERSION)
        writing.attribute("", "seal", image.seal)
        writing.attribute("", "stopped_by", image.stopped_by)
        writing.text("specification", strict_json.dumps(image.specification, indent=1))
        _write_names(writing, image)
        write_table(writing, "", image.evaluations)
        if len(image.waiting):
            write_table(writing, "waiting/", image.waiting, copied=False)
        if len(image.known):
            write_table(writing, "known/", image.known)
        write_retried(writing, image.retried)
        _write_populations(writing, image)
        write_state(writing, image.state, image.evaluations.definition.space)
        contents = writing.finish()
        file.flush()
        return bytes(file.id.get_file_image()), contents


def _write_names(writing: Writing, image: Image) -> None:
    for name, texts in names_of(image.evaluations.definition).items():
        writing.texts(f"evaluations/{name}", texts, name, copied=False)


def _write_populations(writing: Writing, image: Image) -> None:
    """Populations are row numbers into the evaluations, one generation after the other.

    Only the last one may count on into those that wait.
    """
    ids = image.everything().ids
    order = np.argsort(ids)

    def rows_of(some: IntArray) -> IntArray:
        return np.asarray(order[np.searchsorted(ids, some, sorter=order)], dtype=np.int64)

    sizes = np.array([len(ids) for ids in image.populations], dtype=np.int64)
    members = np.concatenate([*image.populations, np.empty(0, dtype=np.int64)])
    writing.array("populations/rows", rows_of(members), ["member"])
    writing.array("populations/sizes", sizes, ["generation"], packed=False)
    writing.array("populations/final", rows_of(image.final), ["member"], copied=False)


def read_image(path: Path) -> Image:
    """What a sealed file holds, also one that another program has opened or added to since.

    Raises StoreNotFound, StoreCorrupt (no run, or not what was sealed), StoreVersion (another
    schema), StoreError (it cannot be read).
    """
    return read_sound(path, _read_hdf5)[0]


def inspect_image(path: Path) -> Findings | None:
    """How another program has touched a file that is sound; None if it has not.

    Raises what ``read_image`` raises.
    """
    return read_sound(path, _read_hdf5)[1]


def repair_image(path: Path) -> Findings | None:
    """Seal a file anew that another program has touched, and drop what that has added.

    Run, sealing and writer stay, so its journal does. Nobody may write it meanwhile. Returns and
    raises what ``inspect_image`` does.
    """
    image, findings = read_sound(path, _read_hdf5)
    if findings is not None:
        write_image(path, image, same_run=False, writer=read_stamp(path).writer)
    return findings


def _read_hdf5(reading: Reading, stamp: Stamp) -> Image:
    specification = read_specification(reading)
    definition = read_definition_of(reading, specification)
    seal, stopped_by = (reading.attribute("", name) for name in ("seal", "stopped_by"))
    if not isinstance(seal, int) or not isinstance(stopped_by, str):
        reading.wrong("it does not say its sealing, or why the run ended")
    if not 0 <= seal < LARGEST_SEAL:
        reading.wrong(f"it is sealing {seal}")
    if stamp.schema > 1 and (seal, specification["run_id"]) != (stamp.seal, stamp.run_id):
        reading.wrong("its first bytes are those of another run or sealing")
    evaluations, waiting, known = (
        read_table(reading, prefix, definition) for prefix in ("", "waiting/", "known/")
    )
    everyone = np.concatenate([evaluations.ids, waiting.ids])
    if len(np.unique(everyone)) != len(everyone):
        reading.wrong("what waits has been told")
    for rows in (evaluations, waiting):
        check_parents(reading, rows, everyone)
    return Image(
        specification=specification,
        seal=seal,
        stopped_by=stopped_by,
        evaluations=evaluations,
        waiting=waiting,
        known=known,
        populations=_populations(reading, evaluations.ids),
        final=_members(reading, "populations/final", everyone, reading.rows("populations/final")),
        state=read_state(reading, definition, len(everyone)),
        retried=read_retried(reading, specification, definition, evaluations, waiting),
    )


def _populations(reading: Reading, ids: IntArray) -> list[IntArray]:
    k = reading.rows("populations/sizes")
    sizes = reading.array("populations/sizes", np.int64, (k,))
    if ((sizes < 0) | (sizes > len(ids))).any():
        reading.wrong("it has populations of more candidates than there are")
    members = _members(reading, "populations/rows", ids, int(sizes.sum()))
    return np.split(members, np.cumsum(sizes))[:k]


def _members(reading: Reading, path: str, ids: IntArray, k: int) -> IntArray:
    """Ids of the candidates in ``k`` rows."""
    rows = reading.array(path, np.int64, (k,))
    if ((rows < 0) | (rows >= len(ids))).any():
        reading.wrong(f"{path} has rows beyond the evaluations")
    return np.asarray(ids[rows], dtype=np.int64)
