"""Arrays and texts as HDF5 datasets that grow at their end, in forms that every HDF5 tool reads.

A column that grows is written in chunks of a fixed number of rows. When a file is written anew,
chunks that were full in the file before are copied as they lie there, packed and with their
checksums: a run's work for storing an evaluation does not grow with the run. Whole numbers and bits
are shuffled and gzipped; real numbers hardly shrink (to 0.77 at 40 MB/s) and are not. Nor are texts
and the algorithm's state: what they take in memory is then bounded by the size of the file.

Texts are strings of a fixed length, which R, MATLAB and Octave read, or, where one is long, one
array of bytes and the offsets of the texts in it. Nothing of length zero is written.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...problems.encoded import joined
from .contents import CONTENTS, Contents, digest, digest_of_value

CHUNK_BYTES = 1 << 14
LONGEST_FIXED = 128
"""Bytes of a text in a column of fixed length."""


class Writing:
    """A new HDF5 file, written once from front to end, and its table of contents.

    Args:
        file: An ``h5py.File`` that is empty.
        before: The ``h5py.File`` that holds the first part of the same run, or None.
    """

    def __init__(self, file: Any, before: Any = None) -> None:
        self._file = file
        self._before = before
        self._contents = Contents()

    def array(
        self,
        path: str,
        values: Any,
        labels: Sequence[str] = (),
        *,
        packed: bool = True,
        copied: bool = True,
    ) -> None:
        """Write an array.

        Args:
            path: Of the dataset.
            values: Numbers or bits.
            labels: Of its dimensions.
            packed: Shuffle and gzip it, if it grows and holds whole numbers or bits.
            copied: It grows: its first rows are those of this path in the file before.
        """
        values = np.asarray(values, order="C")
        if values.size == 0:
            layout = values.dtype.newbyteorder("<").str, list(values.shape)
            self._contents.empty[path] = layout
            return
        self._contents.digests[path] = digest(values)
        bits = values.dtype == np.bool_
        rows = values.view(np.uint8) if bits else values  # plain bytes can be read anywhere
        if copied:
            dataset = self._grown(path, rows, packed and rows.dtype.kind in "iu")
        else:
            dataset = self._file.create_dataset(path, data=rows)
        if bits:
            dataset.attrs["boolean"] = np.uint8(1)
        for dimension, label in zip(dataset.dims, labels, strict=False):
            dimension.label = label

    def _grown(self, path: str, rows: Any, packed: bool) -> Any:
        before: Any = None if self._before is None else self._before.get(path)
        per_chunk = max(1, CHUNK_BYTES // (rows.nbytes // len(rows)))
        dataset = self._file.create_dataset(
            path,
            shape=rows.shape,
            dtype=rows.dtype,
            maxshape=(None, *rows.shape[1:]),
            chunks=(per_chunk, *rows.shape[1:]),
            compression="gzip" if packed else None,
            shuffle=packed,
            fletcher32=True,
        )
        full = len(before) // per_chunk if before is not None and _alike(before, dataset) else 0
        for i in range(full):
            offset = (i * per_chunk, *(0,) * (rows.ndim - 1))
            mask, raw = before.id.read_direct_chunk(offset)
            dataset.id.write_direct_chunk(offset, raw, mask)
        dataset[full * per_chunk :] = rows[full * per_chunk :]
        return dataset

    def text(self, path: str, text: str) -> None:
        """Write one text."""
        values = _alone(text)
        self._contents.digests[path] = digest(values)
        self._file.create_dataset(path, data=values, dtype=values.dtype)

    def texts(self, path: str, texts: Sequence[str], label: str, *, copied: bool = True) -> None:
        """Write texts, one a row, as ``array`` does."""
        encoded = [_storable(text) for text in texts]
        if max(map(len, encoded), default=0) <= LONGEST_FIXED:
            self.array(path, _fixed(encoded), [label], copied=copied)
            return
        self.bytes(path, encoded, label, copied=copied)

    def bytes(self, path: str, rows: Sequence[bytes], label: str, *, copied: bool = True) -> None:
        """Write bytes of any length, so many a row, as one array and the offsets of the rows."""
        together, offsets = joined(rows)
        self.array(path, together, ["byte"], packed=False, copied=copied)
        self.array(offsets_of(path), offsets, [label], copied=copied)

    def attribute(self, path: str, name: str, value: str | int) -> None:
        """Write an attribute of what stands at ``path``; "" is the root."""
        attributes = (self._file[path] if path else self._file).attrs
        if isinstance(value, str):
            stored = _alone(value)
            attributes.create(name, stored, dtype=stored.dtype)
            value = stored_text(value)
        else:
            attributes[name] = np.int64(value)
        self._contents.attributes.setdefault(path, {})[name] = digest_of_value(value)

    def text_before(self, path: str) -> str:
        """The text that stands at ``path`` in the file before; "" if there is none."""
        found = None if self._before is None else self._before.get(path)
        return "" if found is None else str(found[()].decode())

    def finish(self) -> int:
        """Write the table of contents; returns the CRC32 of its text."""
        text = self._contents.text()
        self.text(CONTENTS, text)
        return zlib.crc32(text.encode())


def offsets_of(path: str) -> str:
    """Where the offsets of texts lie that are one array of bytes."""
    return f"{path}_offsets"


def _alike(before: Any, dataset: Any) -> bool:
    return (
        before.chunks == dataset.chunks
        and before.dtype == dataset.dtype
        and before.compression == dataset.compression
        and len(before) <= len(dataset)
    )


def stored_text(text: str) -> str:
    """``text`` as it is read back: what HDF5's strings cannot hold is an escape."""
    return _storable(text).decode()


def _storable(text: str) -> bytes:
    """In UTF-8; what HDF5's strings cannot hold is an escape: NUL, lone surrogates."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace")


def _alone(text: str) -> Any:
    """One text as an array without dimensions."""
    import h5py

    encoded = _storable(text)
    dtype = h5py.string_dtype(_encoding([encoded]), max(1, len(encoded)))
    return np.array(encoded, dtype=dtype)


def _fixed(encoded: list[bytes]) -> Any:
    """Texts of one length: a power of two, so that a column seldom changes it as it grows."""
    import h5py

    longest = max(map(len, encoded), default=1)
    length = 1 << max(longest - 1, 0).bit_length()
    return np.array(encoded, dtype=h5py.string_dtype(_encoding(encoded), length))


def _encoding(encoded: list[bytes]) -> str:
    """What texts are called: Octave reads no others than ASCII."""
    return "ascii" if all(text.isascii() for text in encoded) else "utf-8"
