"""What the user names in words, on a command line or in a configuration: algorithms and parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...problems.reference import find_named
from ...typing import SearchSpace
from .. import kinds
from ..algorithms.algorithm import Algorithm
from .manifest import ALGORITHM

REFERENCE = re.compile(r".+\.py:[\w.]+|[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
"""``file.py:name`` or ``module:name``."""


def make_algorithm(
    name: str, settings: Mapping[str, Any], space: SearchSpace | None = None
) -> Algorithm:
    """The algorithm of this name with these settings.

    Args:
        name: A short name ("nsga2", "dnsga2"), or ``file.py:Name`` or ``module:Name`` of a class,
            or of an algorithm that is made already.
        settings: By name. A part is a short name ("SBX"), a reference, or a table
            ``{"kind": "file.py:Name", ...}``; without a kind it is the default of the space.
        space: Of the problem, if it is known.

    Raises ConfigurationError for an unknown name or setting.
    """
    parts = {key: _part(key, value, space) for key, value in settings.items()}
    found: Algorithm = kinds.read_named({"kind": name, **parts}, ALGORITHM)
    return found


def _part(key: str, value: Any, space: SearchSpace | None) -> Any:
    own = kinds.own_names(kinds.PART)
    if isinstance(value, str) and (value in own or REFERENCE.fullmatch(value)):
        return {"kind": value}
    if isinstance(value, dict) and value.keys().isdisjoint(kinds.TAGS) and space is not None:
        return {**_default(key, space), **value}
    return value


def _default(key: str, space: SearchSpace) -> dict[str, Any]:
    """What a space has for a part; {} if it has none."""
    usual = getattr(space, "operators", {}).get(key)
    if isinstance(usual, str):
        found, _ = find_named(usual)
        if isinstance(found, type):
            return {"kind": usual}
        usual = found
    return {} if usual is None else kinds.describe(usual)
