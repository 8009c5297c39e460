"""The stamp: what the first 512 bytes of a sealed file say about the rest, before HDF5 sees a byte.

They are an HDF5 user block, which every HDF5 reader skips and no HDF5 tool changes:

    paretide run schema 2 length N crc32 XXXXXXXX run <id> seal <n> writer <token>
    contents crc32 XXXXXXXX
    check crc32 XXXXXXXX

Length and first CRC32 are those of everything behind the block, the second one is that of the table
of contents (``contents.py``), the third one that of the two lines before it. Files of schema 1 have
a first line that ends behind its CRC32, and no other.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ...errors import StoreCorrupt, StoreError, StoreNotFound, StoreVersion
from .files import open_file

SCHEMA_VERSION = 3
"""1 has neither a table of contents nor strict JSON; 2 has no choices of screens."""

USER_BLOCK = 512

RUN_ID = re.compile(r"[0-9a-f]{32}")
"""Of the id of a run, and of the token of a writer: they become parts of names of files."""

LARGEST_SEAL = 10**17
"""Beyond every number of a sealing, and room for more."""

_SCHEMA = re.compile(rb"paretide run schema (\d{1,9}) ")
_FIRST = re.compile(rb"paretide run schema 1 length (\d{1,18}) crc32 ([0-9a-f]{8})\n")
_SECOND = re.compile(
    rb"(paretide run schema [23] length (\d{1,18}) crc32 ([0-9a-f]{8}) run ([0-9a-f]{32}) "
    rb"seal (\d{1,18}) writer ([0-9a-f]{32})?\ncontents crc32 ([0-9a-f]{8})\n)"
    rb"check crc32 ([0-9a-f]{8})\n"
)


@dataclass(frozen=True)
class Stamp:
    """What a sealed file says of itself.

    Attributes:
        schema: Version of the layout.
        length: Bytes behind the user block.
        crc: CRC32 of these bytes.
        run_id: Of the run, 32 hexadecimal digits; "" in schema 1.
        seal: How often the file has been written; -1 in schema 1.
        writer: Token of the process that wrote it and goes on in a journal, 32 hexadecimal digits;
            "" once the file is closed, and in schema 1, which does not say.
        contents: CRC32 of the table of contents; -1 in schema 1, which has none.
    """

    schema: int
    length: int
    crc: int
    run_id: str = ""
    seal: int = -1
    writer: str = ""
    contents: int = -1

    @property
    def whose(self) -> tuple[str, int, str] | tuple[int, int]:
        """The run, its sealing and its writer; of schema 1 what tells files apart."""
        if self.schema == 1:
            return self.length, self.crc
        return self.run_id, self.seal, self.writer

    def block(self) -> bytes:
        """The user block of a file of the present schema."""
        lines = (
            f"paretide run schema {SCHEMA_VERSION} length {self.length} crc32 {self.crc:08x} "
            f"run {self.run_id} seal {self.seal} writer {self.writer}\n"
            f"contents crc32 {self.contents:08x}\n"
        ).encode()
        return (lines + f"check crc32 {zlib.crc32(lines):08x}\n".encode()).ljust(USER_BLOCK, b"\0")


def read_stamp(path: Path) -> Stamp:
    """The stamp of a sealed file; nothing behind it is read or checked.

    Raises:
        StoreNotFound: If there is no file.
        StoreCorrupt: If it has no stamp, or a damaged one.
        StoreVersion: If it has a schema that this paretide does not know.
        StoreError: If it cannot be read.
    """
    try:
        with open_file(path) as file:
            return stamp_of(file, path)
    except FileNotFoundError:
        raise StoreNotFound(f"there is no run at {path}") from None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error}") from error


def stamp_of(file: IO[bytes], path: Path) -> Stamp:
    """The stamp at the beginning of an open file, which is then at the first byte behind it."""
    block = file.read(USER_BLOCK)
    schema = _SCHEMA.match(block)
    if schema is not None and int(schema[1]) not in range(1, SCHEMA_VERSION + 1):
        raise StoreVersion(
            f"{path} has schema version {int(schema[1])}, this paretide reads 1 to "
            f"{SCHEMA_VERSION}; use the version of paretide that wrote it"
        )
    if first := _FIRST.match(block):
        return Stamp(1, int(first[1]), int(first[2], 16))
    second = _SECOND.match(block)
    if schema is None or second is None or zlib.crc32(second[1]) != int(second[8], 16):
        raise StoreCorrupt(f"{path} is no run of paretide, or its first bytes are damaged")
    return Stamp(
        schema=int(schema[1]),
        length=int(second[2]),
        crc=int(second[3], 16),
        run_id=second[4].decode(),
        seal=int(second[5]),
        writer=(second[6] or b"").decode(),
        contents=int(second[7], 16),
    )
