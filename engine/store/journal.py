"""The journal: what happened since the sealed file was written, appended record by record.

    file   = header record, then any number of records
    record = MAGIC (4 bytes), length of payload (uint32), synced (uint64), CRC32 (uint32), payload

all little-endian; the CRC32 is that of length, synced and payload. ``synced`` is how many bytes of
the file were known to be on the disk when the record was written.

A record is written as it is appended, and then survives the death of its process. Group commit
brings it to the disk, where it survives the death of the machine: a sync begins at most
``SYNC_SECONDS`` or ``SYNC_RECORDS`` after the first record of the group. A disk that takes its time
over that holds nobody up before ``MOST_BEHIND`` records are not on it.

What was not synced when a process or its machine died may be torn anywhere and is dropped from the
first damaged record on. What was synced and is damaged is corrupt, and is named with its offset. A
journal is replaced by another one that is renamed over it; its writer, whose file has no name from
then on, notices that.
"""

from __future__ import annotations

import logging
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from ...errors import StoreCorrupt, StoreError
from .files import move_file, open_file, replace_file
from .group_commit import GroupCommit

log = logging.getLogger(__name__)

MAGIC = b"PTJ1"
_FRAME = struct.Struct("<4sIQI")
_COVERED = struct.Struct("<IQ")

SYNC_SECONDS = 0.05
SYNC_RECORDS = 64
MOST_BEHIND = 1024
IDLE_SECONDS = 1.0


def frame(payload: bytes, synced: int) -> bytes:
    """``payload`` as a record."""
    return _FRAME.pack(MAGIC, len(payload), synced, _crc(payload, synced)) + payload


def _crc(payload: bytes, synced: int) -> int:
    return zlib.crc32(payload, zlib.crc32(_COVERED.pack(len(payload), synced)))


LONGEST_HEADER = 1 << 20
"""Bytes of a first record that are read in search of a journal; its layout takes a few hundred."""


def first_record(path: Path) -> bytes | None:
    """The payload of the first record, if it is sound; raises OSError."""
    with open_file(path) as file:
        found = _record_at(file.read(LONGEST_HEADER), 0)
    return None if found is None else found[0]


def records(data: bytes, path: Path) -> Iterator[bytes]:
    """The payloads of all sound records up to a torn tail.

    Raises StoreCorrupt, with the offset, for a damaged record that had been on the disk.
    """
    offset = 0
    while offset < len(data):
        found = _record_at(data, offset)
        if found is None:
            _judge_damage(data, offset, path)
            return
        payload, _ = found
        yield payload
        offset += _FRAME.size + len(payload)


def _record_at(data: bytes, offset: int) -> tuple[bytes, int] | None:
    """Payload and ``synced`` of a sound record."""
    if offset + _FRAME.size > len(data):
        return None
    magic, length, synced, crc = _FRAME.unpack_from(data, offset)
    payload = data[offset + _FRAME.size : offset + _FRAME.size + length]
    sound = magic == MAGIC and len(payload) == length and _crc(payload, synced) == crc
    return (payload, synced) if sound else None


def _judge_damage(data: bytes, damaged: int, path: Path) -> None:
    """Raise StoreCorrupt if a later record says that the damaged one had been synced."""
    behind, offset = 0, damaged + 1
    while (offset := data.find(MAGIC, offset)) >= 0:
        found = _record_at(data, offset)
        if found is not None:
            behind += 1
            if found[1] > damaged:
                raise StoreCorrupt(
                    f"{path}: the record at byte {damaged} is damaged and had been on the disk "
                    f"(byte {offset} says so); restore the journal from a backup, or cut it to its "
                    f"first {damaged} bytes to lose what follows"
                )
        offset += 1
    if behind:
        log.warning("%s: a torn group of records at byte %d is dropped", path, damaged)


class Journal:
    """A journal open for appending. A thread of its own brings what was appended to the disk."""

    def __init__(self, path: Path, header: bytes, like: Path | None = None) -> None:
        """Start a new journal at ``path``, replacing the one that is there; raises StoreError.

        It gets mode and owner of ``like``, if there is such a file.
        """
        first = frame(header, 0)
        replace_file(path, lambda beside: beside.write_bytes(first), like)
        self.path = path
        self.size = self._header = len(first)
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            raise StoreError(f"cannot append to {path}: {error}") from error
        self._failed: OSError | None = None  # to write
        self._closing = False
        self._begun = threading.Event()  # a group, after a while without any; or this closes
        self._commit = GroupCommit(self._file, self.size)
        self._syncer = threading.Thread(target=self._sync_forever, daemon=True)
        self._syncer.start()

    @property
    def empty(self) -> bool:
        """True if nothing has been appended."""
        return self.size == self._header

    @property
    def replaced(self) -> bool:
        """True once the file has lost its name: it was removed, or another one took its place."""
        return os.fstat(self._file).st_nlink == 0

    def move_to(self, path: Path) -> None:
        """Give the file another name, also if something lies there. Raises StoreError."""
        move_file(self.path, path)
        self.path = path

    def append(self, payload: bytes) -> None:
        """Write a record; waits while ``MOST_BEHIND`` are not on the disk. Raises StoreError."""
        while self._commit.behind >= MOST_BEHIND and not self._commit.error:
            time.sleep(0.001)
        self._raise_error()
        record = frame(payload, self._commit.synced_bytes)
        try:
            written = os.write(self._file, record)
            while written < len(record):
                written += os.write(self._file, record[written:])
        except OSError as error:
            self._failed = error
            self._raise_error()
        self.size += len(record)
        if self._commit.wrote(self.size) == 1:
            self._begun.set()

    def close(self) -> None:
        """Bring everything to the disk and close. Raises StoreError."""
        self._closing = True
        self._commit.close()
        self._begun.set()
        self._syncer.join()
        # The thread may have ended without what was appended as it turned idle.
        self._commit.run(SYNC_SECONDS, SYNC_RECORDS, IDLE_SECONDS)
        os.close(self._file)
        self._raise_error()

    def _raise_error(self) -> None:
        if self._commit.error and self._failed is None:
            self._failed = OSError(self._commit.error, os.strerror(self._commit.error))
        if self._failed is not None:
            raise StoreError(
                f"cannot write {self.path}: {self._failed}; what was written before is kept: "
                "make room, then resume the run"
            ) from self._failed

    def _sync_forever(self) -> None:
        while not self._closing:
            self._begun.wait()
            self._begun.clear()
            self._commit.run(SYNC_SECONDS, SYNC_RECORDS, IDLE_SECONDS)
