"""JSON that every parser reads: what is no finite number is an object that says what it is.

NaN, Infinity, -Infinity    {"$number": "NaN"}, {"$number": "Infinity"}, {"$number": "-Infinity"}
an own key that begins with "$" is written with one more in front
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

NUMBER = "$number"
_NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def dumps(value: Any, *, indent: int | None = None) -> str:
    """``value`` as strict JSON. Raises TypeError for what JSON cannot hold."""
    try:
        text = json.dumps(value, indent=indent, allow_nan=False)
    except ValueError:  # not finite
        text = ""
    if text and '"$' not in text:
        return text
    return json.dumps(_written(value), indent=indent, allow_nan=False)


def loads(text: str) -> Any:
    """What ``dumps`` wrote. Raises ValueError for anything else, however deep or long."""
    try:
        hook = _read if '"$' in text else None
        return json.loads(text, object_hook=hook, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("JSON is nested too deep") from None


def _written(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return {NUMBER: name}
    if isinstance(value, dict):
        return {
            f"${key}" if isinstance(key, str) and key.startswith("$") else key: _written(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_written(item) for item in value]
    return value


def _read(found: dict[str, Any]) -> Any:
    if NUMBER in found:
        if len(found) != 1 or found[NUMBER] not in _NAMES:
            raise ValueError(f"{found!r:.100} is no number")
        return _NAMES[found[NUMBER]]
    return {key[1:] if key.startswith("$") else key: item for key, item in found.items()}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
