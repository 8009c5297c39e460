"""What a value is, as JSON that is the same in every process: how choices are told apart.

======================================  ==========================================================
value                                   identity
======================================  ==========================================================
None, bool, int, finite float, str      itself; 1, 1.0, True and "1" are four values
NumPy's numbers and truth values        as Python's
NaN and infinity, complex, bytes        ``{"float": "nan"}``, ``{"complex": [re, im]}``, ...
list, tuple, set, dict, NumPy array     ``{"list": [...]}``, ...; sets and dicts in one order
class, function                         ``{"name": "module:name"}``
module, member of an enumeration        ``{"module": "numpy"}``, ``{"enum": ["module:name", ...]}``
path                                    ``{"path": "data/a"}``
date, time, decimal, fraction, UUID     ``{"printed": ["datetime:date", "2025-01-31"]}``
partial                                 ``{"partial": [function, arguments, keyword arguments]}``
any other object                        ``{"made": [...]}``: class, arguments, attributes, of such
======================================  ==========================================================

An object is known by what it is copied from: its class and its plain attributes. Lambdas, functions
that close over variables, tensors inside of objects, and what cannot be copied have no identity.
Nothing here prints an address, a hash or the order of a set.
"""

from __future__ import annotations

import copyreg
import enum
import functools
import hashlib
import json
import math
import sys
import types
from pathlib import Path, PurePath
from typing import Any, TypeAlias

import numpy as np

JSON: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None

PLAIN = (str, int, float, bool, type(None))

LONGEST = 4000
"""Characters of an identity; a longer one is stored by its digest."""

LONGEST_TEXT = 100

PRINTED_MODULES = ("datetime", "decimal", "fractions", "uuid")
"""Whose objects, and those of pandas that descend from them, are what they print."""

VERSIONS = ("_sklearn_version",)
"""Attributes that say which version of a library made a copy."""

FILE_MODULE = "paretide_file_"
"""How modules are called that were loaded from a file, see ``reference``."""


class Unidentified(Exception):
    """A value cannot be told from others in another process; says why."""


def identity(value: Any) -> JSON:
    """What ``value`` is, as JSON; raises Unidentified."""
    try:
        found = _identity(value, inside=False)
        text = as_text(found)
    except RecursionError:
        raise Unidentified("it contains itself, or is nested too deep") from None
    if isinstance(found, dict) and len(text) > LONGEST:
        return {"digest": hashlib.sha256(text.encode()).hexdigest(), "of": _name(type(value))}
    return found


def as_text(found: JSON) -> str:
    """The one text of an identity: equal identities have equal texts."""
    return json.dumps(found, allow_nan=False, separators=(",", ":"))


def own(value: Any) -> Any:
    """A copy that later changes do not reach, with NumPy's numbers as Python's.

    Lists, tuples, sets, dicts and arrays are copied; of any other object it is the object itself.
    """
    kind = type(value)
    if isinstance(value, (np.generic, np.ndarray)):
        return _from_numpy(value)
    if kind in (list, tuple, set, frozenset):
        return kind(own(v) for v in value)
    if kind is dict:
        return {own(k): own(v) for k, v in value.items()}
    return value


def is_container(value: Any) -> bool:
    """True for what ``own`` copies."""
    return type(value) in (list, tuple, set, dict, np.ndarray)


def _from_numpy(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        return value.copy()
    scalar = value[()] if isinstance(value, np.ndarray) else value
    if isinstance(scalar, np.floating):  # a long double gives itself as item()
        return float(scalar)
    if isinstance(scalar, np.complexfloating):
        return complex(scalar)
    plain = (np.bool_, np.integer, np.str_, np.bytes_)
    return scalar.item() if isinstance(scalar, plain) else scalar


def _identity(value: Any, inside: bool) -> JSON:
    """``inside`` of an object, whose tensors are more likely drawn than meant."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = _from_numpy(value)
    kind = type(value)
    if kind is float:
        return _of_float(value)
    if kind in PLAIN:
        return value  # type: ignore[no-any-return]
    if kind in (list, tuple, set, frozenset, dict, np.ndarray):
        return _of_container(value, kind, inside)
    if isinstance(value, enum.Enum):
        named = value.name or _identity(value.value, inside)  # a union of flags may have no name
        return {"enum": [_name(kind), named]}
    if kind is complex:
        return {"complex": [_of_float(value.real), _of_float(value.imag)]}
    if kind in (bytes, bytearray):
        return {"bytes": value.hex()}
    if isinstance(value, PurePath):
        return {"path": value.as_posix()}
    for base in kind.__mro__:
        if base.__module__ in PRINTED_MODULES:
            return {"printed": [_name(base), str(value)]}
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return {kind.__name__: str(value)}
    if isinstance(value, types.ModuleType):
        return {"module": value.__name__}
    if isinstance(value, np.ufunc):
        return {"name": f"numpy:{value.__name__}"}
    if isinstance(value, (type, types.FunctionType)):
        return {"name": _name(value)}
    if kind is types.BuiltinFunctionType and isinstance(
        value.__self__, (types.ModuleType, type(None))
    ):
        return {"name": _name(value)}
    if kind is functools.partial:
        parts = (value.func, list(value.args), dict(value.keywords))
        return {"partial": [_identity(part, inside) for part in parts]}
    if _is_tensor(value):
        if inside:
            raise Unidentified(f"its {kind.__name__} may hold other numbers next time")
        return {"array": _identity(value.detach().cpu().tolist(), inside)}
    return _of_object(value)


def _of_float(value: float) -> JSON:
    if not math.isfinite(value):
        return {"float": str(value)}
    return 0.0 if value == 0 else value  # of the two zeros, one


def _of_container(value: Any, kind: type, inside: bool) -> JSON:
    if kind is dict:
        pairs = [[_identity(k, inside), _identity(v, inside)] for k, v in value.items()]
        return {"dict": sorted(pairs, key=lambda pair: as_text(pair[0]))}
    if kind is np.ndarray:
        return {"array": _identity(value.tolist(), inside)}
    parts = [_identity(v, inside) for v in value]
    return {kind.__name__: sorted(parts, key=as_text) if kind in (set, frozenset) else parts}


def _name(value: Any) -> str:
    """``module:name`` of a class or a function."""
    name: str = getattr(value, "__qualname__", None) or value.__name__
    module: str = getattr(value, "__module__", None) or "builtins"
    short: str = value.__name__
    if getattr(sys.modules.get(module), short, None) is value:
        name = short  # where it is found, whatever it was made in
    if "<lambda>" in name:
        raise Unidentified("a lambda has no name")
    if getattr(value, "__closure__", None) and "<locals>" in name:
        raise Unidentified(f"{name} depends on variables of the function around it")
    return f"{_module(module)}:{name}"


def _module(name: str) -> str:
    """The name under which a module would be imported: that of its file, if that was run."""
    if name not in ("__main__", "__mp_main__") and not name.startswith(FILE_MODULE):
        return name
    module = sys.modules.get(name)
    spec: Any = getattr(module, "__spec__", None)
    if name == "__main__" and spec is not None and spec.name != name:  # python -m package.module
        return str(spec.name).removesuffix(".__main__")
    file: str | None = getattr(module, "__file__", None)
    return Path(file).stem if file else "__main__"


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _of_object(value: Any) -> JSON:
    """By the recipe that ``copy`` and ``pickle`` go by."""
    kind = type(value)
    if kind is object:
        raise Unidentified("a bare object has nothing that tells it from another")
    reduce = copyreg.dispatch_table.get(kind)
    try:
        recipe = value.__reduce_ex__(2) if reduce is None else reduce(value)
    except RecursionError:
        raise
    except Exception as error:  # whatever a stranger's class raises, it has no identity
        raise Unidentified(f"{type(error).__name__}: {error}") from None
    if isinstance(recipe, str):  # a global of its module
        return {"name": f"{_module(getattr(value, '__module__', '') or 'builtins')}:{recipe}"}
    make, arguments, state, items, pairs = (*recipe, None, None, None)[:5]
    if make is copyreg.__newobj__:  # type: ignore[attr-defined]
        make, *arguments = arguments
    if isinstance(state, dict):
        state = {k: v for k, v in state.items() if k not in VERSIONS}
    return {
        "made": [
            _identity(make, True),
            [_identity(a, True) for a in arguments],
            _identity(state, True),
            [_identity(v, True) for v in items or ()],
            [[_identity(k, True), _identity(v, True)] for k, v in pairs or ()],
        ]
    }


def same_identity(one: JSON, other: JSON) -> bool:
    """True if two identities are equal, or differ in how a module was reached alone.

    ``package/train.py`` run as a script is the module ``train``, imported it is ``package.train``.
    """
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_identity, one, other))
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return all(_same_part(tag, part, other[tag]) for tag, part in one.items())
    return as_text(one) == as_text(other)


def _same_part(tag: str, one: Any, other: Any) -> bool:
    if tag in ("name", "of"):
        return _same_name(one, other)
    if tag in ("enum", "printed"):
        return _same_name(one[0], other[0]) and same_identity(one[1], other[1])
    return same_identity(one, other)


def _same_name(one: str, other: str) -> bool:
    (place, name), (where, called) = one.split(":", 1), other.split(":", 1)
    return name == called and (
        f".{place}".endswith(f".{where}") or f".{where}".endswith(f".{place}")
    )


# The text of a value


def text_of(found: JSON) -> str:
    """An identity as a short text for tables and files; not always unlike those of others."""
    text = _text(found)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."


def _text(found: Any) -> str:
    """An identity as one would write it."""
    if not isinstance(found, dict):
        return repr(found)
    (tag, content), *more = found.items()
    if more:  # {"digest": ..., "of": ...}
        return f"{_text({'name': found['of']})}#{content[:8]}"
    if tag == "array":
        return _text(content)
    if tag == "list":
        return f"[{_listed(content)}]"
    if tag == "tuple":
        return f"({_listed(content)}{',' if len(content) == 1 else ''})"
    if tag in ("set", "frozenset"):
        return f"{{{_listed(content)}}}" if content else f"{tag}()"
    if tag == "dict":
        return "{" + ", ".join(f"{_text(k)}: {_text(v)}" for k, v in content) + "}"
    if tag == "enum":
        return f"{content[0].rpartition(':')[2]}.{content[1]}"
    if tag == "partial":
        return f"partial({_arguments(*content)})"
    if tag == "made":
        return _text_of_object(content)
    if tag == "printed":
        return str(content[1])
    if tag == "bytes":
        return repr(bytes.fromhex(content))
    if tag == "complex":
        return repr(complex(*map(_value, content)))
    return str(content).replace(":", ".", 1) if tag == "name" else str(content)


def _listed(found: list[Any]) -> str:
    return ", ".join(_text(part) for part in found)


def _arguments(function: Any, args: Any, kwargs: Any) -> str:
    named = [f"{k}={_text(v)}" for k, v in kwargs["dict"]]
    return ", ".join([_text(function), *(_text(a) for a in args["list"]), *named])


def _text_of_object(content: list[Any]) -> str:
    make, arguments, state, items, pairs = content
    shown = [_text(a) for a in arguments]
    parts = state["tuple"] if isinstance(state, dict) and "tuple" in state else [state]
    for part in parts:  # attributes, and those in slots
        if isinstance(part, dict) and "dict" in part:
            shown += [f"{k}={_text(v)}" for k, v in part["dict"] if not str(k).startswith("_")]
        elif isinstance(part, dict) and "list" in part:  # a frozen dataclass with slots
            shown += [_text(v) for v in part["list"]]
    shown += [_text(v) for v in items] + [f"{_text(k)}: {_text(v)}" for k, v in pairs]
    return f"{_text(make)}({', '.join(shown)})"


# Back from the identity, without the user's code


def value_of(found: JSON, text: Any) -> Any:
    """The value, if it consists of Python's own plain values and containers; else ``text``."""
    try:
        return _value(found)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return text  # also for what only a damaged file holds


def _value(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    (tag, content) = next(iter(found.items()))
    if tag in ("list", "tuple", "set", "frozenset"):
        kinds = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
        return kinds[tag](_value(v) for v in content)
    if tag == "dict":
        return {_value(k): _value(v) for k, v in content}
    if tag == "float":
        return float(content)
    if tag == "complex":
        return complex(*(_value(v) for v in content))
    if tag == "bytes":
        return bytes.fromhex(content)
    raise KeyError(tag)
