"""The table of contents of a sealed file: every dataset and attribute with a digest of its value.

A file that another program has opened for writing may have other bytes than were sealed and still
hold what was sealed; this is how one tells. What the table does not name is no part of the run.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import strict_json

CONTENTS = "contents"
"""The dataset that holds the table."""


@dataclass
class Contents:
    """What a file holds.

    Attributes:
        digests: By path of a dataset.
        attributes: Digests by path of the object and name of the attribute; "" is the root.
        empty: Dtype and shape of arrays that have no values, for which there is no dataset.
    """

    digests: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    empty: dict[str, tuple[str, list[int]]] = field(default_factory=dict)

    def text(self) -> str:
        """As JSON."""
        return strict_json.dumps(vars(self))

    @classmethod
    def parse(cls, text: str) -> Contents:
        """From JSON. Raises ValueError."""
        found = strict_json.loads(text)
        if not isinstance(found, dict) or set(found) != {"digests", "attributes", "empty"}:
            raise ValueError("the table of contents has other parts")
        if not all(isinstance(part, dict) for part in found.values()):
            raise ValueError("the parts of the table of contents are no objects")
        texts = [*found["digests"].values()]
        for names in found["attributes"].values():
            if not isinstance(names, dict):
                raise ValueError("the table of contents has attributes without names")
            texts += names.values()
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("the table of contents has digests that are no texts")
        empty = {path: _layout(value) for path, value in found["empty"].items()}
        return cls(found["digests"], found["attributes"], empty)


def _layout(value: Any) -> tuple[str, list[int]]:
    """Dtype and shape of an array without values."""
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], list)):
        raise ValueError("the table of contents has an empty array without dtype and shape")
    dtype, shape = value
    if not isinstance(dtype, str) or np.dtype(dtype).kind not in "biufS":
        raise ValueError("the table of contents has an empty array of no number")
    if len(shape) > 8 or not all(type(n) is int and 0 <= n < 2**31 for n in shape):
        raise ValueError("the table of contents has an empty array of no shape")
    if 0 not in shape:
        raise ValueError("the table of contents has an empty array with values")
    return dtype, shape


def digest(values: Any) -> str:
    """Of an array: CRC32, 8 hexadecimal digits, of dtype and shape as text, then the values.

    The text is like ``<f8 (120, 2)``, bits are ``|b1``; the values are little-endian, in C order.
    """
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return digest_of_parts(little.dtype, little.shape, [np.ascontiguousarray(little)])


def digest_of_parts(dtype: np.dtype[Any], shape: tuple[int, ...], parts: Iterable[Any]) -> str:
    """As ``digest``, for an array that comes in parts along its first axis."""
    crc = zlib.crc32(f"{dtype.newbyteorder('<').str} {shape}".encode())
    for part in parts:
        crc = zlib.crc32(part.view(np.uint8) if part.ndim else part.tobytes(), crc)
    return f"{crc:08x}"


def digest_of_value(value: str | int) -> str:
    """Of an attribute: CRC32 of its text; of a whole number, in decimal digits."""
    return f"{zlib.crc32(str(value).encode('utf-8', 'surrogatepass')):08x}"
