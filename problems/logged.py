"""What a candidate logs, as JSON holds it: stored as what it means, or else as text.

Nothing that is logged may cost a candidate its outcome, so nothing in here raises for what it is
given. What is not stored as it was comes with a remark.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import itertools
import numbers
import os
import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import numpy as np

DEEPEST = 50
"""Levels of containers within each other."""

MOST_VALUES = 1_000_000
"""Numbers, texts and containers in one logged value."""

LONGEST_TEXT = 10_000_000
"""Characters of all texts in one logged value that are kept."""

LONGEST_WORD = 200
"""Characters that stand for an object which is no value."""

LARGEST_INTEGER = 10**4000
"""Beyond it Python refuses to write a number in decimals."""


def plain_value(value: Any) -> tuple[Any, str]:
    """``value`` made of None, truth values, numbers, texts, lists and dictionaries by text alone.

    Returns:
        A copy, and a remark that says what is not stored as it was; "" if all is.
    """
    kind = type(value)
    if kind is float or kind is bool or value is None:
        return value, ""
    plainer = _Plainer()
    return plainer.plain(value, 0), plainer.remark


class _Plainer:
    """Makes one value plain."""

    def __init__(self) -> None:
        self.remark = ""
        self._left = MOST_VALUES
        self._characters = LONGEST_TEXT
        self._within: set[int] = set()  # the containers that it is in, by identity

    def plain(self, value: Any, depth: int) -> Any:
        self._left -= 1
        kind = type(value)
        if kind is float or kind is bool or value is None:
            return value
        if kind is int:
            return self._integer(value)
        if kind is str:
            return self._text(value)
        try:
            return self._other(value, depth)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever the object's own methods raise
            self._note(f"{kind.__name__} raises {type(error).__name__}")
            return word_for(value)

    def _other(self, value: Any, depth: int) -> Any:
        scalar = self._scalar(value)
        if scalar is not NotImplemented:
            return scalar
        if depth >= DEEPEST:
            self._note(f"nested deeper than {DEEPEST} levels, which is cut")
            return f"<{type(value).__name__}>"
        if id(value) in self._within:
            self._note("a container that contains itself, which is cut")
            return f"<{type(value).__name__}>"
        self._within.add(id(value))
        try:
            found = self._container(value, depth)
        finally:
            self._within.discard(id(value))
        if found is NotImplemented:
            self._note(f"{type(value).__name__}, which is stored as text")
            return word_for(value)
        return found

    def _scalar(self, value: Any) -> Any:
        """What is one value; NotImplemented for all else."""
        if isinstance(value, enum.Enum) and not isinstance(value, (str, int, float)):
            return self._text(value.name)
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, int):
            return self._integer(int.__int__(value))
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, np.generic):
            return self._numpy_scalar(value)
        if isinstance(value, (bytes, bytearray)):
            return self._text(bytes(value[:LONGEST_TEXT]).decode(errors="backslashreplace"))
        if isinstance(value, os.PathLike):
            return self._text(os.fsdecode(value))
        if isinstance(value, datetime.timedelta):
            return value.total_seconds()
        if isinstance(value, (datetime.date, datetime.time)):
            return self._text(value.isoformat())
        if isinstance(value, complex):
            return self._text(str(value))
        if _is_number(value):  # Fraction, Decimal
            whole = int(value) if abs(value) < LARGEST_INTEGER else None
            return whole if whole == value else float(value)
        return NotImplemented

    def _numpy_scalar(self, value: Any) -> Any:
        if isinstance(value, np.floating):
            return float(value)
        if isinstance(value, (np.datetime64, np.timedelta64)):
            return self._text(str(value))
        return self.plain(value.item(), DEEPEST - 1)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, (np.ndarray, memoryview)) or _has(value, "tolist"):
            return self._array(value, depth)
        if _has(value, "numpy"):
            return self.plain(value.numpy(), depth + 1)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [field.name for field in dataclasses.fields(value)]
            return self._mapping({name: getattr(value, name, None) for name in fields}, depth)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return self._mapping(dict(zip(value._fields, value, strict=True)), depth)
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, Set):
            items = [self.plain(item, depth + 1) for item in self._few(value)]
            return sorted(items, key=lambda item: (type(item).__name__, repr(item)))
        if isinstance(value, Sequence) or _has(value, "popleft"):
            return [self.plain(item, depth + 1) for item in self._few(value)]
        return NotImplemented

    def _array(self, value: Any, depth: int) -> Any:
        """What has ``tolist``: arrays, tensors and series of any library."""
        size = getattr(value, "size", None)
        count = size if isinstance(size, (int, np.integer)) else None
        if count is None:
            count = value.numel() if _has(value, "numel") else len(value)
        shape = tuple(getattr(value, "shape", (count,)))
        if count > self._left:
            self._note(f"too large, of shape {shape}, which is not stored")
            return f"<{type(value).__name__} of shape {shape}>"
        listed = value.tolist()
        if (
            isinstance(value, np.ndarray)
            and value.dtype.kind in "biuf"
            and value.dtype.itemsize <= 8
        ):
            self._left -= int(count)
            return listed  # numbers of Python's own
        return self.plain(listed, depth if type(listed) is list else depth + 1)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in self._few(value):
            name = key if type(key) is str else self._key(key)
            name = self._text(name)
            while name in found:  # 1 and "1" are two
                name += f" ({type(key).__name__})"
            found[name] = self.plain(value[key], depth + 1)
        return found

    def _key(self, key: Any) -> str:
        if key is None or isinstance(key, (str, int, float, np.generic, enum.Enum, os.PathLike)):
            return str(self._scalar(key) if key is not None else key)
        return word_for(key)

    def _few(self, items: Any) -> list[Any]:
        """As many as there is room for."""
        if len(items) > self._left:
            self._note(f"{len(items)} in one {type(items).__name__}, of which the first are stored")
        return list(itertools.islice(items, min(len(items), max(0, self._left))))

    def _integer(self, value: int) -> Any:
        if -LARGEST_INTEGER < value < LARGEST_INTEGER:
            return value
        self._note("a number of more than 4000 digits, which is stored as text")
        return self._text(hex(value))

    def _text(self, value: str) -> str:
        room = self._characters
        self._characters = max(0, room - len(value))
        if len(value) > room:
            self._note(f"a text of {len(value)} characters, which is cut")
            value = f"{value[:room]} [... {len(value) - room} characters more]"
        return storable_text(value)

    def _note(self, remark: str) -> None:
        self.remark = self.remark or remark


def storable_text(text: str) -> str:
    """``text`` in which halves of surrogate pairs, which no file can hold, are written out."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def word_for(value: Any) -> str:
    """A short text for any object, also if it cannot be printed."""
    kind = type(value).__name__
    try:
        text = str.__str__(str(value))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # of the user's own __str__ or __repr__
        return f"<{kind} whose text raises {type(error).__name__}>"
    text = storable_text(re.sub(r" at 0x[0-9a-fA-F]+", "", text))  # the same on every worker
    return text if len(text) <= LONGEST_WORD else f"{text[:LONGEST_WORD]}..."


def _is_number(value: Any) -> bool:
    """Fractions, decimals, and numbers of other libraries that say that they are."""
    return isinstance(value, numbers.Real) or type(value).__name__ == "Decimal"


def _has(value: Any, name: str) -> bool:
    """True if it has this method, and is no class."""
    method: Callable[..., Any] | None = getattr(value, name, None)
    return callable(method) and not isinstance(value, type)
