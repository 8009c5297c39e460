"""The journal: what happened since the sealed file was written, appended record by record.

    file    = header record, then any number of records
    record  = MAGIC (4 bytes), length of payload (uint32), CRC32 of length and payload (uint32),
    payload

all little-endian. A process that dies while writing leaves a torn last record, which is dropped; a
record that is damaged with sound ones behind it is not torn but corrupt, and named with its offset.
Appended records reach the disk by group commit: at most ``SYNC_SECONDS`` or ``SYNC_RECORDS`` after
they were written. A journal is replaced by writing a new one beside it and renaming.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

from ...errors import StoreCorrupt, StoreError
from .files import replace_file

MAGIC = b"PTJ1"
_FRAME = struct.Struct("<4sII")
_LENGTH = struct.Struct("<I")

SYNC_SECONDS = 0.05
SYNC_RECORDS = 64


def frame(payload: bytes) -> bytes:
    """``payload`` as a record."""
    return _FRAME.pack(MAGIC, len(payload), _crc(payload)) + payload


def _crc(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_LENGTH.pack(len(payload))))


def records(data: bytes, path: Path) -> Iterator[bytes]:
    """The payloads of all sound records; a torn tail ends them silently.

    Raises StoreCorrupt, with the offset, for a damaged record that others follow.
    """
    offset = 0
    while offset < len(data):
        payload = _record_at(data, offset)
        if payload is None:
            behind = _next_sound(data, offset + 1)
            if behind is not None:
                raise StoreCorrupt(
                    f"{path}: the record at byte {offset} is damaged (sound records follow at byte "
                    f"{behind}); restore it from a backup, or delete it to lose what it holds and "
                    "fall back to the sealed run"
                )
            return
        yield payload
        offset += _FRAME.size + len(payload)


def _record_at(data: bytes, offset: int) -> bytes | None:
    if offset + _FRAME.size > len(data):
        return None
    magic, length, crc = _FRAME.unpack_from(data, offset)
    payload = data[offset + _FRAME.size : offset + _FRAME.size + length]
    sound = magic == MAGIC and len(payload) == length and _crc(payload) == crc
    return payload if sound else None


def _next_sound(data: bytes, offset: int) -> int | None:
    while (offset := data.find(MAGIC, offset)) >= 0:
        if _record_at(data, offset) is not None:
            return offset
        offset += 1
    return None


class Journal:
    """A journal open for appending. A thread of its own brings what was appended to the disk."""

    def __init__(self, path: Path, header: bytes) -> None:
        """Start a new journal at ``path``, replacing the one that is there; raises StoreError."""
        first = frame(header)
        replace_file(path, lambda beside: beside.write_bytes(first))
        self.path = path
        self.size = len(first)
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise StoreError(f"cannot append to {path}: {error}") from error
        self._waiting = 0  # records written and not yet synced
        self._error: OSError | None = None
        self._closing = False
        self._changed = threading.Condition()
        self._syncer = threading.Thread(target=self._sync_forever, daemon=True)
        self._syncer.start()

    def append(self, payload: bytes) -> None:
        """Write a record; waits while ``SYNC_RECORDS`` are not on the disk. Raises StoreError."""
        record = frame(payload)
        with self._changed:
            while self._waiting >= SYNC_RECORDS and self._error is None:
                self._changed.wait()
            self._raise_error()
            try:
                written = os.write(self._file, record)
                while written < len(record):
                    written += os.write(self._file, record[written:])
            except OSError as error:
                self._error = error
                self._raise_error()
            self.size += len(record)
            self._waiting += 1
            if self._waiting in (1, SYNC_RECORDS):  # the syncer sleeps on otherwise
                self._changed.notify_all()

    def close(self) -> None:
        """Bring everything to the disk and close. Raises StoreError."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._syncer.join()
        os.close(self._file)
        self._raise_error()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise StoreError(
                f"cannot write {self.path}: {self._error}; what was written before is kept: "
                "make room, then resume the run"
            ) from self._error

    def _sync_forever(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting or self._error is not None:
                    return
                if self._waiting < SYNC_RECORDS and not self._closing:
                    self._changed.wait_for(
                        lambda: self._closing or self._waiting >= SYNC_RECORDS, SYNC_SECONDS
                    )
                covered = self._waiting
            try:
                os.fsync(self._file)
            except OSError as error:
                self._error = error
            with self._changed:
                self._waiting -= covered
                self._changed.notify_all()
