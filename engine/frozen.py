"""Frozen dataclasses made at once, for what every generation makes."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def frozen(kind: type[T], values: dict[str, Any]) -> T:
    """A ``kind`` with these values of all its fields: its own ``__init__`` assigns each by a call.

    Its ``__post_init__`` is not called.
    """
    made = object.__new__(kind)
    object.__setattr__(made, "__dict__", values)
    return made
