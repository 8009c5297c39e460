"""How algorithms, their parts and executors are written down as JSON, and made again from it.

    {"kind": "SBX", "prob": 0.9, "eta": 15.0, "prob_var": 0.5}      one of paretide's own
    {"kind": "/home/me/routes.py:ShiftGaps", "prob": 0.3}           a user's class, its arguments
    {"kind": "routes:route_exchange"}                               a decorated function
    {"kind": "", "shown": "Shift(by=<lambda>)", "reason": "..."}    what cannot be written down

Nothing is pickled. Arguments are what JSON gives back, tuples, and other parts. To write something
down never fails: what there is no way to write is left open, with the reason, so that a run can
say before its first evaluation what resuming it will need.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

from ..errors import ConfigurationError, ParetideError, ProblemReferenceError
from ..operators.parts import Part
from ..problems.folder import folders_of_module
from ..problems.identity import own
from ..problems.own_names import NAMES_OF_PLACES, OWN_NAMES, own_class, own_name
from ..problems.reference import (
    NoArguments,
    Reference,
    arguments_of,
    find_named,
    is_file,
    place_of,
    split,
)
from ..problems.trust import Role, ancestors_of, find_stored
from . import foreign_names
from .algorithms.schedule import BudgetShare, Constant, Doubling

Description = dict[str, Any]

OLD_TAGS = ("operator", "schedule")
"""What files of older versions have in the place of "kind"."""

TAGS = ("kind", "tuple", *OLD_TAGS)
"""Keys that no mapping among the arguments may have: they say what is meant."""

FOREIGN = {"algorithm": foreign_names.ALGORITHMS, "executor": foreign_names.EXECUTORS}
"""What other tools call such a thing."""


def role_of(noun: str, *bases: type[Any], remedy: str) -> Role:
    """The role of everything that descends from one of ``bases``, or is an object of such a class.

    ``remedy`` is how a user names it, with ``{target}`` for the reference.
    """

    def fits(kind: type[Any]) -> bool:
        return not set(bases).isdisjoint(ancestors_of(kind))

    return Role(noun, fits, remedy, objects=True)


PART = role_of(
    "part", Part, Constant, Doubling, BudgetShare,
    remedy="algorithm=..., which has it",
)  # fmt: skip
"""What an algorithm, or another part, is put together of."""


# -- written down ----------------------------------------------------------------------------------


def describe(thing: Any) -> Description:
    """``thing`` as JSON, from which ``read`` makes it again, as far as it can be written down."""
    if isinstance(thing, type):
        return _left_open(thing, f"{thing.__qualname__} is a class; an instance was expected")
    # A decorated function is found by its own name, an instance by that of its class.
    named = isinstance(getattr(thing, "__qualname__", None), str)
    short = "" if named else own_name(type(thing))
    place = Reference(short) if short else place_of(thing if named else type(thing))
    if not place.target:
        return _left_open(thing, place.reason)
    if named:
        return {"kind": place.target}
    try:
        settings = _settings(thing)
    except NoArguments as error:
        return _left_open(thing, str(error))
    return {"kind": place.target, **{key: _value(value) for key, value in settings.items()}}


def with_name(thing: Any) -> Description:
    """``thing`` as a run's file holds what it is given whole, an algorithm or an executor.

    ``name`` and ``settings`` as ``describe`` has them; ``folders`` from which its modules came;
    ``reason``, if it is not empty, is why it cannot be made again.
    """
    described = describe(thing)
    name = described["kind"] or type(thing).__qualname__
    settings = {key: value for key, value in described.items() if key != "kind"}
    return {
        "name": name,
        "settings": settings if described["kind"] else {},
        "folders": folders_of(described),
        "reason": "; ".join(reasons(described)),
    }


def reasons(description: Any, where: str = "") -> list[str]:
    """Why parts of a description were left open, each with its place; [] if it is whole."""
    found = []
    if isinstance(description, dict) and description.get("kind") == "":
        found.append(f"{where}: {description['reason']}" if where else description["reason"])
    for key, value in _inside(description):
        found += reasons(value, f"{where}.{key}" if where else str(key))
    return found


def folders_of(description: Any) -> dict[str, str]:
    """From which folders the modules of a description came, by name, but for installed ones."""
    found: dict[str, str] = {}
    if isinstance(description, dict) and ":" in (kind := str(description.get("kind", ""))):
        place, _ = split(kind)
        folders = [] if is_file(place) else folders_of_module(place)
        if folders:
            found[place] = str(folders[0])
    for _, value in _inside(description):
        found |= folders_of(value)
    return found


def renewed(description: Any) -> Any:
    """A description as this version writes it, whatever older one wrote it."""
    if isinstance(description, list):
        return [renewed(value) for value in description]
    if not isinstance(description, dict):
        return description
    tags = () if "kind" in description else OLD_TAGS
    old = next((tag for tag in tags if tag in description), None)
    values = {key: renewed(value) for key, value in description.items() if key != old}
    return values if old is None else {"kind": description[old], **values}


def same(one: Any, other: Any) -> bool:
    """Whether two descriptions are of the same, as far as they say.

    Where either was left open they do not differ, nor by file or module: those may have moved. What
    is in them has its name.
    """
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if not isinstance(one, dict) or not isinstance(other, dict):
        return json.dumps(one) == json.dumps(other)
    if "" in (one.get("kind"), other.get("kind")):
        return True
    if not _same_kind(one.get("kind"), other.get("kind")):
        return False
    keys = one.keys() - {"kind"}
    return keys == other.keys() - {"kind"} and all(same(one[key], other[key]) for key in keys)


# -- read back -------------------------------------------------------------------------------------

Find = Callable[[str, Role], tuple[Any, ModuleType]]
"""From a reference and a role: what it leads to, which has the role, and the module that has it."""


def read(description: Description, role: Role, folders: Mapping[str, str] | None = None) -> Any:
    """What a run's file describes; nothing is called but what proves to have the role.

    Args:
        description: As ``describe`` makes it, or as older versions did.
        role: What it must be; parts inside of it must be parts.
        folders: As ``folders_of`` has them.

    Raises:
        ProblemReferenceError: If it is not where the description says, is something else, cannot
            be made, or was left open.
        ConfigurationError: For a name or a setting that there is none of.
    """
    return _made(description, role, _finder(folders))


def read_named(description: Description, role: Role) -> Any:
    """What the user describes, on a command line or in a configuration.

    Raises what ``read`` raises.
    """
    return _made(description, role, _find_named)


def read_again(
    target: str, settings: Description, role: Role, folders: Mapping[str, str] | None = None
) -> Any:
    """What the user names of something that a run's file describes: with the settings there.

    What is made already, and not a class, is it as it is. Raises what ``read`` raises.
    """
    found, own_kind = _found(target, role, _find_named)
    if not isinstance(found, type):
        return found
    return _called(found, own_kind, target, renewed(settings), role, _finder(folders))


def own_names(role: Role) -> list[str]:
    """The short names of what paretide brings for a role."""
    return [name for name in OWN_NAMES if role.fits(own_class(name))]


# -- how -------------------------------------------------------------------------------------------


def _left_open(thing: Any, reason: str) -> Description:
    return {"kind": "", "shown": f"{thing!r:.200}", "reason": reason}


def _settings(thing: Any) -> dict[str, Any]:
    """The arguments that would make a thing again, by name; raises NoArguments."""
    kind: Any = type(thing)
    if callable(getattr(kind, "settings", None)):
        values = dict(thing.settings())
    elif dataclasses.is_dataclass(thing):
        values = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing) if f.init}
    else:
        values = arguments_of(thing)
    known, more = _parameters(kind)
    for key in values:
        if key == "kind":
            raise NoArguments(f"{kind.__qualname__} has an argument 'kind', which means another")
        if key not in known and not more:
            raise NoArguments(f"{kind.__qualname__} has a field {key!r} and no such argument")
    return values


@lru_cache
def _parameters(kind: Any) -> tuple[tuple[str, ...], bool]:
    """The names that a class can be called with, and whether it takes any other.

    Kept, since to look takes longer than the rest of a short run.
    """
    parameters = inspect.signature(kind).parameters.values()
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    known = tuple(p.name for p in parameters if p.kind not in variable)
    return known, any(p.kind is p.VAR_KEYWORD for p in parameters)


def _value(value: Any) -> Any:
    """An argument as JSON."""
    value = own(value)  # NumPy's numbers as Python's
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return [_value(v) for v in value]
    if type(value) is tuple:
        return {"tuple": [_value(v) for v in value]}
    if type(value) is dict:
        if not all(type(key) is str for key in value) or not value.keys().isdisjoint(TAGS):
            return _left_open(value, f"its keys must be texts, and none of {list(TAGS)}")
        return {key: _value(v) for key, v in value.items()}
    if not PART.fits(type(value)):
        return _left_open(value, f"JSON cannot hold {value!r:.100}, which is no part")
    return describe(value)


def _inside(description: Any) -> Iterator[tuple[Any, Any]]:
    """What stands in a description, by key or position."""
    if isinstance(description, dict):
        if description.keys() == {"tuple"}:
            yield from _inside(description["tuple"])
        else:
            yield from description.items()
    elif isinstance(description, list):
        yield from enumerate(description)


def _same_kind(one: Any, other: Any) -> bool:
    if not isinstance(one, str) or not isinstance(other, str):
        return one is other
    (_, here, name), (_, there, called) = one.rpartition(":"), other.rpartition(":")
    return (here, name) == (there, called)


def _finder(folders: Mapping[str, str] | None) -> Find:
    """By the rule for what a run's file names."""
    known = dict(folders or {})

    def find(target: str, expected: Role) -> tuple[Any, ModuleType]:
        return find_stored(target, expected, known.get(split(target)[0], ""))

    return find


def _find_named(target: str, role: Role) -> tuple[Any, ModuleType]:
    found, module = find_named(target)
    if role.fits(found if isinstance(found, type) else type(found)):
        return found, module
    what = "the class" if isinstance(found, type) else f"a {type(found).__name__}"
    hint = "; decorate it, as with @pt.crossover" if inspect.isfunction(found) else ""
    raise ProblemReferenceError(f"{target} is {what} {found!r:.80}, and no {role.noun}{hint}")


def _made(description: Any, role: Role, find: Find) -> Any:
    values = dict(renewed(description)) if isinstance(description, dict) else {}
    target = values.pop("kind", None)
    if not isinstance(target, str):
        raise ConfigurationError(
            f"{description!r:.200} must name its kind, one of {own_names(role)} or a reference: "
            '{"kind": "file.py:Name", ...}'
        )
    if not target:
        raise ProblemReferenceError(
            f"the {role.noun} {values.get('shown')} could not be stored: {values.get('reason')}"
        )
    found, own_kind = _found(target, role, find)
    if not isinstance(found, type):
        if values:
            raise ConfigurationError(
                f"{target} is made already, and takes no settings: leave out {list(values)}"
            )
        return found
    return _called(found, own_kind, target, values, role, find)


def _called(
    kind: type[Any],
    own_kind: bool,
    target: str,
    values: Mapping[str, Any],
    role: Role,
    find: Find,
) -> Any:
    """What a class makes of settings, read with ``find``; ``target`` is how it was named."""
    _refuse_unknown(target, kind, values)
    arguments = {}
    for key, value in values.items():
        try:
            arguments[key] = _read_value(value, find)
        except ConfigurationError as error:
            raise type(error)(f"{key}: {error}") from error
    try:
        made = kind(**arguments)
    except ParetideError:
        raise
    except Exception as error:
        fault = ConfigurationError if own_kind else ProblemReferenceError
        raise fault(f"{target} cannot be made with {arguments!r:.300}: {error}") from error
    if not role.fits(type(made)):
        raise ProblemReferenceError(f"{target} makes a {type(made).__name__}, and no {role.noun}")
    return made


def _found(target: str, role: Role, find: Find) -> tuple[Any, bool]:
    """What a name leads to, and whether it is paretide's own."""
    short = NAMES_OF_PLACES.get(target, target)  # a space may say where its operators are
    if short in OWN_NAMES and role.fits(kind := own_class(short)):
        return kind, True
    if ":" in target:
        return find(target, role)[0], False
    known = own_names(role)
    raise ConfigurationError(
        f"there is no {role.noun} {target!r}"
        f"{foreign_names.meant_name(target, known, FOREIGN.get(role.noun, {}))}; "
        f"choose one of {known}, or name your own: file.py:Name or module:Name"
    )


def _refuse_unknown(target: str, kind: Any, values: Mapping[str, Any]) -> None:
    known, more = _parameters(kind)
    for key, value in values.items():
        if key not in known and not more:
            hint = foreign_names.meant(key, value, getattr(kind, "foreign", {}), known)
            raise ConfigurationError(f"{target} has no setting {key!r}{hint}; it has {[*known]}")


def _read_value(value: Any, find: Find) -> Any:
    if isinstance(value, list):
        return [_read_value(v, find) for v in value]
    if not isinstance(value, dict):
        return value
    if "kind" in value:
        return _made(value, PART, find)
    if value.keys() == {"tuple"} and isinstance(value["tuple"], list):
        return tuple(_read_value(v, find) for v in value["tuple"])
    return {key: _read_value(v, find) for key, v in value.items()}
