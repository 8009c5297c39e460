"""Counts in the state of an algorithm, which may come from a file that somebody edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...checks import whole_number


def count(state: Mapping[str, Any], name: str) -> int:
    """A count; raises ConfigurationError for what is none."""
    return whole_number(f"{name!r} of a state", state[name])
