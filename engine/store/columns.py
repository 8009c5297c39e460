"""Arrays and texts as HDF5 datasets that grow at their end.

A column is written in chunks of a fixed number of rows. When a file is written anew, chunks that
were full in the file before are copied as they lie there, packed and with their checksums: a run's
work for storing an evaluation does not grow with the run. Whole numbers and bits are shuffled and
gzipped; real numbers hardly shrink (to 0.77 at 40 MB/s) and are not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

CHUNK_BYTES = 1 << 14


def write_array(group: Any, name: str, array: Any, before: Any = None) -> None:
    """Write ``array`` as ``group[name]``; its first rows are those of ``before``, if given."""
    bits = array.dtype == np.bool_
    rows = np.ascontiguousarray(array)
    rows = rows.view(np.uint8) if bits else rows  # plain bytes can be read anywhere
    if rows.size == 0:  # HDF5 cannot chunk nothing
        dataset = group.create_dataset(name, data=rows)
    else:
        per_chunk = max(1, CHUNK_BYTES // (rows.nbytes // len(rows)))
        packed = rows.dtype.kind != "f"
        dataset = group.create_dataset(
            name,
            shape=rows.shape,
            dtype=rows.dtype,
            maxshape=(None, *rows.shape[1:]),
            chunks=(per_chunk, *rows.shape[1:]),
            compression="gzip" if packed else None,
            shuffle=packed,
            fletcher32=True,
        )
        same = before is not None and _alike(before, dataset)
        full = len(before) // per_chunk if same else 0
        for i in range(full):
            offset = (i * per_chunk, *(0,) * (rows.ndim - 1))
            mask, raw = before.id.read_direct_chunk(offset)
            dataset.id.write_direct_chunk(offset, raw, mask)
        dataset[full * per_chunk :] = rows[full * per_chunk :]
    dataset.attrs["boolean"] = bits


def _alike(before: Any, dataset: Any) -> bool:
    return (
        before.chunks == dataset.chunks
        and before.dtype == dataset.dtype
        and before.compression == dataset.compression
        and len(before) <= len(dataset)
    )


def read_array(dataset: Any) -> Any:
    """The array of a dataset."""
    array = dataset[()]
    return array.view(np.bool_) if dataset.attrs["boolean"] else array


def write_text(group: Any, name: str, text: str) -> None:
    """Write one text."""
    import h5py

    group.create_dataset(name, data=_storable(text), dtype=h5py.string_dtype())


def write_texts(group: Any, name: str, texts: list[str]) -> None:
    """Write texts, one a row."""
    import h5py

    data = np.array([_storable(text) for text in texts], dtype=object)
    group.create_dataset(name, data=data, dtype=h5py.string_dtype())


def _storable(text: str) -> str:
    """``text`` with what HDF5's strings cannot hold written as an escape: NUL, lone surrogates."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def read_text(dataset: Any) -> str:
    """One text."""
    return str(dataset.asstr()[()])


def read_texts(dataset: Any) -> list[str]:
    """Texts, one a row."""
    return [str(text) for text in dataset.asstr()[()]]
