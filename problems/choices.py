"""Variables whose values are listed: choices, truth values, ordered ones.

Their *code* is the position in the list, see ``variables``. Values are told apart by what they are,
the same in every process, see ``identity``; what has no identity gets a label from the user.
"""

from __future__ import annotations

import enum
import math
from collections.abc import ItemsView, Iterable, KeysView, Mapping, Sequence, ValuesView
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ..errors import ConfigurationError
from ..typing import FloatArray
from .identity import (
    JSON,
    Unidentified,
    as_text,
    identity,
    is_container,
    own,
    text_of,
    value_of,
)

LABEL = "label"
"""Of an identity that the user gave."""


@dataclass(frozen=True, init=False, repr=False, eq=False)
class _Listed:
    """What variables have in common whose code is the position in a list of values.

    Attributes:
        values: What ``evaluate`` gets.
    """

    kind: ClassVar[str]

    values: tuple[Any, ...]
    _identities: tuple[JSON, ...]
    _keys: dict[str, int]  # text of an identity to position
    _shown: tuple[Any, ...]  # plain values as they are, others as text

    def _fill(
        self, values: Sequence[Any], identities: Sequence[JSON], shown: Sequence[Any]
    ) -> None:
        object.__setattr__(self, "values", tuple(values))
        object.__setattr__(self, "_identities", tuple(identities))
        object.__setattr__(self, "_keys", {as_text(f): i for i, f in enumerate(identities)})
        object.__setattr__(self, "_shown", tuple(shown))

    def __init__(self, values: Iterable[Any] | Mapping[str, Any]) -> None:
        name = type(self).__name__
        labels, listed = _read(name, values)
        if not listed:
            raise ConfigurationError(f"{name}: needs at least one value, got {_printed(values)}")
        found: list[JSON] = [{LABEL: label} for label in labels]
        found = found or [_identified(name, value) for value in listed]
        seen: set[str] = set()
        for value, key in zip(listed, map(as_text, found), strict=True):
            if key in seen:
                raise ConfigurationError(
                    f"{name}: the value {_printed(value)} stands there twice; if they differ, "
                    f'give labels: {name}({{"one": ..., "other": ...}})'
                )
            seen.add(key)
        self._fill([own(v) for v in listed], found, labels or _texts(found))

    @classmethod
    def described_by(cls, values: Sequence[Any], are: Sequence[JSON] | None = None) -> Self:
        """The variable of a description: what JSON cannot hold is the text that stands for it."""
        if are is None:  # nothing but plain values, or texts of an older version
            return cls(values)
        made = cls.__new__(cls)
        made._fill([value_of(f, t) for f, t in zip(are, values, strict=True)], are, values)
        return made

    def __repr__(self) -> str:
        pairs = zip(self._shown, self._identities, strict=True)
        shown = [repr(text) if _is_plain(found) else text for text, found in pairs]
        return f"{type(self).__name__}([{', '.join(shown)}])"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Listed) or type(self) is not type(other):
            return NotImplemented
        return list(self._keys) == list(other._keys)

    def __hash__(self) -> int:
        return hash((type(self), tuple(self._keys)))

    def decode(self, code: float) -> Any:
        """The value that a code stands for; of a list, a dict or an array, a copy."""
        value = self.values[int(code)]
        return own(value) if is_container(value) else value

    def show(self, code: float) -> Any:
        """The value that a code stands for, if it is a number, a string, True, False or None; else
        its label or text."""
        return self._shown[int(code)]

    def encode(self, value: Any) -> float:
        """The code of a value, its label or its text; ConfigurationError if it is none of them."""
        try:
            code = self._keys.get(as_text(identity(value)))
        except Unidentified:
            code = None
        if code is None:
            code = next((i for i, known in enumerate(self.values) if _alike(known, value)), None)
        if code is None and isinstance(value, str) and value in self._shown:
            code = self._shown.index(value)
        if code is None:
            raise ConfigurationError(f"{_printed(value)} is none of {list(self._shown)!r}")
        return float(code)

    def describe(self) -> dict[str, Any]:
        """The definition as JSON; ``are`` tells values apart that JSON cannot hold."""
        described = {"kind": self.kind, "values": list(self._shown)}
        if not all(map(_is_plain, self._identities)):
            described["are"] = list(self._identities)
        return described


class Choice(_Listed):
    """One of several values without an order; mutation draws another one uniformly.

    Args:
        values: A list or an array of values of any kind, or a mapping of labels to values:
            ``Choice({"cosine-1": Cosine(1), "cosine-2": Cosine(2)})``.

    Values are told apart by what they are: plain values and containers by value, classes and
    functions by ``module:name``, partials by their parts, objects by class and plain attributes.
    Raises ConfigurationError for a value that cannot be told from others in another process, as a
    lambda: it needs a label, which then is what counts.
    """

    kind = "choice"

    @property
    def categories(self) -> int:
        """How many values there are; 0 if there is but one, which cannot vary."""
        return len(self.values) if len(self.values) > 1 else 0

    @property
    def working_bounds(self) -> tuple[float, float]:
        """First and last code."""
        return 0.0, float(len(self.values) - 1)

    def to_working(self, codes: FloatArray) -> FloatArray:
        """Codes are their own working coordinates."""
        return codes

    def from_working(self, z: FloatArray) -> FloatArray:
        """Codes are their own working coordinates."""
        return np.rint(z) + 0.0


class Bool(Choice):
    """False or True."""

    kind = "bool"

    def __init__(self) -> None:
        super().__init__((False, True))

    def describe(self) -> dict[str, Any]:
        """The definition as JSON."""
        return {"kind": "bool"}


class Ordinal(_Listed):
    """One of several values in the order given; neighbours are near each other in the search.

    Args:
        values: As in ``Choice``.
    """

    kind = "ordinal"

    categories = 0

    @property
    def working_bounds(self) -> tuple[float, float]:
        """Positions, half a unit wider on both sides; of a single one, nothing but it."""
        last = len(self.values) - 1
        return (-0.5, last + 0.5) if last else (0.0, 0.0)

    def to_working(self, codes: FloatArray) -> FloatArray:
        """Positions are their own working coordinates."""
        return codes

    def from_working(self, z: FloatArray) -> FloatArray:
        """(n,) working coordinates to (n,) positions."""
        return np.clip(np.rint(z) + 0.0, 0, len(self.values) - 1)


def _read(name: str, values: Any) -> tuple[list[str], list[Any]]:
    """Labels, if there are any, and values of what a user passes."""
    if isinstance(values, Mapping):
        for label in values:
            if not isinstance(label, str):
                raise ConfigurationError(f"{name}: a label must be a string, got {label!r}")
            if any(isinstance(v, str) and v == label != k for k, v in values.items()):
                raise ConfigurationError(f"{name}: {label!r} is a label and another one's value")
        return [str(label) for label in values], list(values.values())
    listed = _from_array(values)
    views = (Sequence, KeysView, ValuesView, ItemsView, enum.EnumType)
    if isinstance(listed, (str, bytes, bytearray)) or not isinstance(listed, views):
        raise ConfigurationError(f"{name}: expected a list of values, got {_printed(values)}")
    return [], list(listed)


def _from_array(values: Any) -> Any:
    """Arrays, columns and tensors as lists, by the method that all of them have."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "Mm":
        return list(values)  # times of NumPy, which tolist turns into numbers
    for method in ("tolist", "to_list"):
        convert = getattr(values, method, None)
        if callable(convert) and not isinstance(values, type):
            return convert()
    return values


def _identified(name: str, value: Any) -> JSON:
    try:
        return identity(value)
    except Unidentified as why:
        raise ConfigurationError(
            f"{name}: {_printed(value)} cannot be known again in another process ({why}); "
            f'give it a label: {name}({{"some name": ..., "another": ...}})'
        ) from None


def _is_plain(found: JSON) -> bool:
    return not isinstance(found, dict)


def _texts(found: Sequence[JSON]) -> list[Any]:
    """Plain values as they are; of the others texts that are no other value's."""
    shown: list[Any] = [f if _is_plain(f) else None for f in found]
    for i, what in enumerate(found):
        if not _is_plain(what):
            text = text_of(what)
            while text in shown:
                text += "'"
            shown[i] = text
    return shown


def _alike(known: Any, value: Any) -> bool:
    """1 for 1.0, a tuple for a list, NaN for None, as tables have it; False where a comparison has
    no truth value."""
    if known is None:
        return value is None or (isinstance(value, float) and math.isnan(value))
    if isinstance(known, (list, tuple)) and isinstance(value, (list, tuple)):
        known, value = list(known), list(value)
    try:
        return bool(known == value)
    except Exception:  # of a stranger's class
        return False


def _printed(value: Any) -> str:
    """``repr``, also of a class that cannot be printed."""
    try:
        return f"{value!r:.200}"
    except Exception:
        return f"a {type(value).__name__}"
