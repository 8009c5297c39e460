"""The objects of a sealed file, each checked before a value of it is read.

A file may come from a stranger, with a stamp that fits. Nothing in it is believed: an object is
reached by hard links alone, is stored in this file and in no other, through filters of HDF5's own,
in chunks that are all there, each once, and none larger than it says. So the shape of an array,
which the layout of a run bounds, bounds the memory that reading it takes.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ...errors import StoreCorrupt
from ...problems.encoded import parted
from . import strict_json
from .columns import offsets_of
from .contents import CONTENTS, Contents

LARGEST_CHUNK = 1 << 20
"""Bytes of a chunk of several rows."""

MOST_INFLATED = 1 << 26
"""Bytes that a chunk may take while HDF5 inflates it, if it has not been tried before."""

_INFLATION = 1032  # of gzip, at most
_SLAB = 1 << 24
_REFERENCE = 16  # bytes of a text of variable length, beside the text itself
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3
_FILTERS = [[], [_FLETCHER32], [_DEFLATE], [_SHUFFLE, _DEFLATE], [_SHUFFLE, _DEFLATE, _FLETCHER32]]


@dataclass(frozen=True)
class Stored:
    """A dataset that was found in order.

    Attributes:
        dataset: Of h5py.
        dtype: Of its values; bool for bits, object for the texts of schema 1.
        shape: Of its values.
        packed: It is gzipped.
        chunked: It lies in pieces.
        places: Where its bytes lie: offset and length of each piece.
    """

    dataset: Any
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    packed: bool
    chunked: bool
    places: list[tuple[int, int]]

    def parts(self) -> Iterator[Any]:
        """Its values, along the first axis, little at a time."""
        if not self.shape:
            yield self.whole()
            return
        row = max(1, self.dtype.itemsize * math.prod(self.shape[1:]))
        step = max(1, _SLAB // row)
        for begin in range(0, self.shape[0], step):
            yield self._typed(self.dataset[begin : begin + step])

    def whole(self) -> Any:
        """Its values."""
        return self._typed(np.asarray(self.dataset[()]))

    def _typed(self, values: Any) -> Any:
        if self.dtype != np.bool_:
            return values
        if values.size and values.max() > 1:
            raise StoreCorrupt(f"{self.dataset.name} has bits that are neither 0 nor 1")
        return values.view(np.bool_)


class Reading:
    """A sealed file, open for reading.

    Args:
        file: An ``h5py.File``.
        path: Of the file, for messages.
        size: Of the file in bytes.
        schema: Of the layout.
        contents: CRC32 of the table of contents; files of schema 1 have none.
    """

    def __init__(self, file: Any, path: Path, size: int, schema: int, contents: int) -> None:
        self.path = path
        self.size = size
        self.schema = schema
        self._root = file["/"]
        self._stored: dict[str, Stored] = {}
        self.contents = Contents()
        if schema > 1:
            self.contents = self._table_of_contents(contents)

    def open(self) -> None:
        """Find everything that belongs to the run. Raises StoreCorrupt before a value is read."""
        paths = self.contents.digests if self.schema > 1 else self._walk()
        for path in paths:
            self._stored[path] = self.find(path)
        for chunked in (True, False):  # HDF5 counts their offsets from different places
            some = [s.places for s in self._stored.values() if s.chunked == chunked]
            places = sorted(place for found in some for place in found)
            for (offset, length), (following, _) in pairwise(places):
                if offset + length > following:
                    self.wrong("datasets lie over each other")
            if places and sum(places[-1]) > self.size:
                self.wrong("datasets reach beyond its end")

    def wrong(self, what: str) -> NoReturn:
        """Raise StoreCorrupt."""
        raise StoreCorrupt(f"{self.path} is no sound run: {what}")

    # ---- what is there

    def paths(self) -> list[str]:
        """Of all datasets, and of arrays without values."""
        return [*self._stored, *self.contents.empty]

    def has(self, path: str) -> bool:
        """Whether there is a dataset at ``path``."""
        return path in self._stored

    def rows(self, path: str) -> int:
        """Length of an array; 0 if it is not there."""
        stored = self._stored.get(path)
        if stored is None:
            return 0
        if not stored.shape:
            self.wrong(f"{path} has no rows")
        return stored.shape[0]

    def shape(self, path: str) -> tuple[int, ...] | None:
        """Of an array, one without values too; None if nobody knows."""
        if path in self.contents.empty:
            return tuple(self.contents.empty[path][1])
        stored = self._stored.get(path)
        return None if stored is None else stored.shape

    def text_rows(self, path: str) -> int:
        """How many texts a column has; 0 if it is not there."""
        offsets = offsets_of(path)
        rows = self.rows(offsets) - 1 if self.has(offsets) else self.rows(path)
        if not 0 <= rows <= self.size:
            self.wrong(f"{path} has {rows} texts")
        return rows

    def check(self, path: str, dtype: Any, shape: tuple[int, ...]) -> None:
        """Refuse an array that is not of this dtype and shape; none is one without values."""
        stored = self._stored.get(path)
        if stored is None:
            if math.prod(shape):
                self.wrong(f"it has no {path}")
        elif stored.dtype != np.dtype(dtype) or stored.shape != shape:
            self.wrong(
                f"{path} has dtype {stored.dtype} and shape {stored.shape}, not {np.dtype(dtype)} "
                f"and {shape}"
            )

    def array(self, path: str, dtype: Any, shape: tuple[int, ...]) -> Any:
        """The values of an array that has to be of this dtype and shape."""
        self.check(path, dtype, shape)
        stored = self._stored.get(path)
        return np.empty(shape, dtype) if stored is None else stored.whole()

    def free_array(self, path: str) -> Any:
        """The values of an array whose dtype and shape nobody else knows; numbers or bits."""
        if path in self.contents.empty:
            dtype, shape = self.contents.empty[path]
            return np.empty(shape, dtype)
        stored = self._stored[path]
        if stored.dtype.kind not in "biuf":
            self.wrong(f"{path} holds no numbers")
        if stored.packed and self.schema > 1:
            self.wrong(f"{path} is packed")
        return stored.whole()

    def dtype(self, path: str) -> np.dtype[Any]:
        """Of an array that is there."""
        return self._stored[path].dtype

    def has_text(self, path: str) -> bool:
        """Whether there is one text at ``path``."""
        stored = self._stored.get(path)
        return stored is not None and not stored.shape and self._is_text(stored)

    def text(self, path: str) -> str:
        """One text."""
        stored = self._stored.get(path)
        if stored is None or stored.shape or not self._is_text(stored):
            self.wrong(f"{path} is no text")
        return self._decoded(path, stored.dataset[()])

    def texts(self, path: str, rows: int) -> list[str]:
        """Texts, one a row."""
        stored = self._stored.get(path)
        if stored is None:
            if rows:
                self.wrong(f"it has no {path}")
            return []
        if stored.dtype == np.uint8:
            return [self._decoded(path, text) for text in self.bytes(path, rows)]
        if not self._is_text(stored) or stored.shape != (rows,):
            self.wrong(f"{path} is no column of {rows} texts")
        if stored.dtype.kind == "S":
            return [self._decoded(path, text) for text in stored.whole().tolist()]
        return self._variable_texts(path, stored)

    def bytes(self, path: str, rows: int) -> list[bytes]:
        """Bytes of any length, so many a row."""
        stored = self._stored.get(path)
        length = self.rows(path)
        if stored is not None and (
            stored.dtype != np.uint8 or stored.packed or len(stored.shape) != 1
        ):
            self.wrong(f"{path} is no column of bytes")
        offsets = self.array(offsets_of(path), np.int64, (rows + 1,))
        if offsets[0] != 0 or offsets[-1] != length or (np.diff(offsets) < 0).any():
            self.wrong(f"the offsets of {path} are not those of its rows")
        return [] if not rows else parted(self._bytes(stored), offsets)

    @staticmethod
    def _bytes(stored: Stored | None) -> Any:
        return b"" if stored is None else stored.whole().tobytes()

    def json(self, path: str) -> Any:
        """What one text of JSON says."""
        return self.parsed(path, self.text(path))

    def parsed(self, path: str, text: str) -> Any:
        """What JSON says that stands in ``path``."""
        import json

        try:
            return json.loads(text) if self.schema == 1 else strict_json.loads(text)
        except (ValueError, RecursionError) as error:
            self.wrong(f"{path} is no JSON that can be read: {error}")

    def attribute(self, path: str, name: str) -> str | int | None:
        """An attribute of what stands at ``path``, a text or a whole number; None for none."""
        if self.schema > 1 and name not in self.contents.attributes.get(path, {}):
            return None  # another program may have added it
        return self.any_attribute(path, name)

    def any_attribute(self, path: str, name: str) -> str | int | None:
        """As ``attribute``, whether it belongs to the run or not."""
        import h5py

        place = self._object(path).id
        if not h5py.h5a.exists(place, name.encode()):
            return None
        attribute = h5py.h5a.open(place, name.encode())
        kind = attribute.get_type().get_class()
        simple = attribute.get_space().get_simple_extent_npoints() == 1
        if not simple or kind not in (h5py.h5t.INTEGER, h5py.h5t.ENUM, h5py.h5t.STRING):
            self.wrong(f"the attribute {name} of /{path} is neither a text nor a whole number")
        value = h5py.AttributeManager(self._object(path))[name]
        if kind == h5py.h5t.STRING:
            value = value.item() if isinstance(value, np.ndarray) else value
            return self._decoded(f"{path}@{name}", value)
        return int(value)

    def names(self, path: str) -> list[str]:
        """Of all that stands in a group, whether it belongs to the run or not."""
        return [raw.decode("utf-8", "replace") for raw in self._object(path).id]

    def attributes(self, path: str) -> list[str]:
        """Names of all attributes of what stands at ``path``."""
        import h5py

        return list(h5py.AttributeManager(self._object(path)))

    def _is_text(self, stored: Stored) -> bool:
        return stored.dtype.kind == "O" or (stored.dtype.kind == "S" and not stored.packed)

    def _decoded(self, path: str, value: Any) -> str:
        try:
            return value if isinstance(value, str) else bytes(value).decode()
        except (UnicodeDecodeError, TypeError, ValueError):
            self.wrong(f"{path} is no UTF-8")

    def _variable_texts(self, path: str, stored: Stored) -> list[str]:
        """Texts of schema 1. Several may share their bytes, but in no file that was sealed."""
        step = max(1, MOST_INFLATED // self.size)
        texts: list[str] = []
        length = 0
        for begin in range(0, stored.shape[0], step):
            for text in stored.dataset[begin : begin + step]:
                texts.append(self._decoded(path, text))
                length += len(text)
            if length > self.size:
                self.wrong(f"{path} has more text than the file has bytes")
        return texts

    # ---- how it is stored

    def _table_of_contents(self, expected: int) -> Contents:
        stored = self.find(CONTENTS)
        if stored.shape or not self._is_text(stored):
            self.wrong("its table of contents is no text")
        text = self._decoded(CONTENTS, stored.dataset[()])
        if zlib.crc32(text.encode()) != expected:
            self.wrong("its table of contents has changed")
        try:
            return Contents.parse(text)
        except (ValueError, TypeError) as error:
            self.wrong(f"its table of contents cannot be read: {error}")

    def _walk(self) -> list[str]:
        """Paths of all datasets of schema 1, which has no table of contents."""
        import h5py

        paths: list[str] = []
        seen: set[int] = set()
        groups = [""]
        while groups:
            path = groups.pop()
            group = self._object(path)
            address = h5py.h5o.get_info(group.id).addr
            if address in seen or path.count("/") > 3:
                self.wrong(f"the group /{path} is in itself")
            seen.add(address)
            for name in self.names(path):
                inside = f"{path}/{name}" if path else name
                if isinstance(self._object(inside), h5py.Group):
                    groups.append(inside)
                else:
                    paths.append(inside)
        return paths

    def _object(self, path: str) -> Any:
        """What stands at ``path``, by hard links alone."""
        import h5py

        found = self._root
        for name in path.split("/") if path else ():
            raw = name.encode()
            if not isinstance(found, h5py.Group) or name in ("", ".", ".."):
                self.wrong(f"it has no {path}")
            if not found.id.links.exists(raw):
                self.wrong(f"it has no {path}")
            if found.id.links.get_info(raw).type != h5py.h5l.TYPE_HARD:
                self.wrong(f"{path} is a link to somewhere else")
            place = h5py.h5o.open(found.id, raw)
            if isinstance(place, h5py.h5g.GroupID):
                found = h5py.Group(place)
            elif isinstance(place, h5py.h5d.DatasetID):
                self._check_layout(path, place.get_create_plist())
                found = h5py.Dataset(place)
            else:
                self.wrong(f"{path} is neither a group nor a dataset")
        return found

    def find(self, path: str) -> Stored:
        """The dataset at ``path``. Raises StoreCorrupt unless it is stored as ours are."""
        import h5py

        dataset = self._object(path)
        if not isinstance(dataset, h5py.Dataset):
            self.wrong(f"{path} is no dataset")
        plist = dataset.id.get_create_plist()
        if dataset.id.get_space().get_simple_extent_type() == h5py.h5s.NULL:
            self.wrong(f"{path} is nothing")
        kind = dataset.id.get_type()
        if kind.get_class() not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING):
            self.wrong(f"{path} holds neither numbers nor texts")
        variable = kind.get_class() == h5py.h5t.STRING and kind.is_variable_str()
        if variable and self.schema > 1:
            self.wrong(f"{path} has texts of variable length")
        bits = self.any_attribute(path, "boolean")
        dtype = np.dtype(dataset.dtype.str)
        if bits and dtype == np.uint8:
            dtype = np.dtype(np.bool_)
        shape = tuple(int(n) for n in dataset.shape)
        filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
        packed = _DEFLATE in filters
        if plist.get_layout() == h5py.h5d.CHUNKED:
            return Stored(dataset, dtype, shape, packed, True, self._chunks(path, dataset, filters))
        each = _REFERENCE if variable else kind.get_size()
        length, claimed = dataset.id.get_storage_size(), math.prod(shape) * each
        if length != claimed:
            self.wrong(f"{path} is stored in {length} bytes and claims {claimed}")
        places = [(int(dataset.id.get_offset()), length)] if length else []
        return Stored(dataset, dtype, shape, packed, False, places)

    def _check_layout(self, path: str, plist: Any) -> None:
        """Refuse a dataset of which a part may lie elsewhere, before anything is asked of it."""
        import h5py

        layout = plist.get_layout()
        if layout not in (h5py.h5d.CHUNKED, h5py.h5d.CONTIGUOUS) or plist.get_external_count():
            self.wrong(f"{path} is not stored in this file, or not as its own")
        filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
        if filters not in _FILTERS:
            self.wrong(f"{path} is stored through the filters {filters}")

    def _chunks(self, path: str, dataset: Any, filters: list[int]) -> list[tuple[int, int]]:
        """Where the chunks lie. Refuses those that are not there, or larger than they say."""
        chunk = dataset.chunks
        packed = 1 << filters.index(_DEFLATE) if _DEFLATE in filters else 0
        size = math.prod(chunk) * dataset.dtype.itemsize
        if chunk[0] > 1 and size > LARGEST_CHUNK:
            self.wrong(f"{path} has chunks of {size} bytes")
        if any(part > whole for part, whole in zip(chunk[1:], dataset.shape[1:], strict=True)):
            self.wrong(f"{path} has chunks beyond its rows")
        found: list[Any] = []
        dataset.id.chunk_iter(found.append)
        expected = math.prod(
            -(-whole // part) for whole, part in zip(dataset.shape, chunk, strict=True)
        )
        if len(found) != expected:
            self.wrong(f"{path} has {len(found)} of {expected} chunks")
        for place in found:
            inflates = packed and not place.filter_mask & packed
            if place.size > size + size // 500 + 64 or (not inflates and place.size < size):
                self.wrong(f"{path} has a chunk of {place.size} bytes that holds {size}")
            if inflates and place.size * _INFLATION > MOST_INFLATED:
                self._try_inflating(path, dataset, place, size)
        return [(int(place.byte_offset), int(place.size)) for place in found]

    def _try_inflating(self, path: str, dataset: Any, place: Any, size: int) -> None:
        """Refuse a chunk that grows beyond its size: HDF5 would go on."""
        _, raw = dataset.id.read_direct_chunk(place.chunk_offset)
        try:
            inflated = len(zlib.decompressobj().decompress(raw, size + 1))
        except zlib.error as error:
            self.wrong(f"{path} has a chunk that is not packed: {error}")
        if inflated > size:
            self.wrong(f"{path} has a chunk that holds more than {size} bytes")
