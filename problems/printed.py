"""Choices in files of versions that stored them by ``repr``, where JSON could not hold them."""

from __future__ import annotations

import ast
import re
from typing import Any

from .identity import FILE_MODULE, PLAIN, Unidentified, as_text, identity

OBJECT = " object at 0x"
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
MODULE = re.compile(rf"\b(?:{FILE_MODULE}[0-9a-f]+|__main__)\.")


def is_printed(stored: Any, value: Any) -> bool:
    """True if ``stored`` is what such a version wrote for ``value``.

    Addresses of functions count for nothing, nor does the order of a set, nor the name that a
    module had which was loaded from a file. What was printed as an object at an address could be
    any of its class, and is none.
    """
    if isinstance(value, PLAIN):
        return as_text(identity(stored)) == as_text(_plainly(value))
    if not isinstance(stored, str):
        return False
    name = getattr(value, "__qualname__", None)
    printed = repr(value) if name is None else f"{value.__module__}.{name}"
    if OBJECT in stored or OBJECT in printed:
        return False
    return _bare(stored) == _bare(printed) or _is_literal(stored, value)


def _plainly(value: Any) -> Any:
    """Also of a member of an enumeration that is a number or a string."""
    if value is None:
        return None
    return identity(
        next(kind(value) for kind in (bool, int, float, str) if isinstance(value, kind))
    )


def _bare(text: str) -> str:
    """Without what differs between processes, and without the marks that told equals apart."""
    return MODULE.sub("", ADDRESS.sub("", text)).rstrip("'")


def _is_literal(text: str, value: Any) -> bool:
    try:
        return as_text(identity(ast.literal_eval(text))) == as_text(identity(value))
    except (ValueError, SyntaxError, MemoryError, RecursionError, Unidentified):
        return False
