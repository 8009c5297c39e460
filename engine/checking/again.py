"""A call made once and again: with the same it must do the same, and leave alone what is not its.

Between two equal calls there is a third with another generator, so that what a part keeps for
itself from one call to the next shows, too.
"""

from __future__ import annotations

import contextlib
import copy
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...errors import ParetideError, RuleBroken
from ...problems.encoded import encode
from ...typing import SearchSpace

ITS_OWN = ("rng", "memory")
"""Arguments that a part is to change."""

ANOTHER = 2**62
"""Seed of the generator of the call in between."""

Read = Callable[[Any], Any]
"""What the engine makes of what was returned; raises what it raises."""


class Tried(NamedTuple):
    """What was returned, and whether it has drawn from the generator that it was given."""

    returned: Any
    draws: bool


def once_and_again(
    thing: Any,
    call: Callable[..., Any],
    given: Mapping[str, Any],
    read: Read,
    space: SearchSpace | None = None,
) -> Tried:
    """What ``read`` makes of ``call(**given)``, and whether it draws.

    Args:
        thing: That is called, as messages name it.
        call: Calls it.
        given: Arguments, of which each call gets copies. It may change ``rng`` and ``memory``.
        read: Checks what comes back, and returns it.
        space: Of the candidates among all of these.

    Raises:
        RuleBroken: If it raises, draws from a generator of the whole process, changes what it was
            given, or does something else when it is called again.
        ParetideError: What it, or ``read``, raises of these.
    """
    first = _called(thing, call, given, read, space)
    draws = False
    if "rng" in given:
        other = {**given, "rng": np.random.default_rng(ANOTHER)}
        _called(thing, call, other, read, space)  # whatever it keeps, it keeps of another call
        draws = bits_of(first.rng) != bits_of(given["rng"])
    second = _called(thing, call, given, read, space)
    for what, one, two in zip(("returned", *ITS_OWN), first, second, strict=True):
        if bits_of(one, space) != bits_of(two, space):
            raise RuleBroken(_differs(thing, what, one, two))
    return Tried(first.returned, draws)


class _Outcome(NamedTuple):
    """What was returned, and what was left behind."""

    returned: Any
    rng: Any
    memory: Any


def _called(
    thing: Any,
    call: Callable[..., Any],
    given: Mapping[str, Any],
    read: Read,
    space: SearchSpace | None,
) -> _Outcome:
    own = {name: copy.deepcopy(value) for name, value in given.items()}
    with left_alone(thing), as_rule(thing, f"called with {shown(given)}"):
        returned = call(**own)
    for name, value in given.items():
        if name not in ITS_OWN and bits_of(own[name], space) != bits_of(value, space):
            raise RuleBroken(
                f"{thing!r:.200} changed {name}, which it was given: {difference(value, own[name])}"
                "; expected that it leaves that as it is, and returns arrays of its own"
            )
    read_returned = read(returned)
    return _Outcome(copy.deepcopy(read_returned), *(own.get(name) for name in ITS_OWN))


@contextlib.contextmanager
def as_rule(thing: Any, doing: str) -> Iterator[None]:
    """Errors that are none of paretide's become one that says who raised it, doing what."""
    try:
        yield
    except ParetideError:
        raise
    except Exception as error:
        raise RuleBroken(
            f"{thing!r:.200} raised {type(error).__name__}: {error}, {doing}; expected that it "
            "does what it is for"
        ) from error


@contextlib.contextmanager
def left_alone(thing: Any) -> Iterator[None]:
    """Refuse to draw from a generator of the whole process; it is put back."""
    pythons, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002 - it must not move
    try:
        yield
        moved = []
        if bits_of(np.random.get_state()) != bits_of(numpys):  # noqa: NPY002 - it must not move
            moved.append("the global generator of NumPy (np.random)")
        if random.getstate() != pythons:
            moved.append("the global generator of Python (random)")
    finally:
        random.setstate(pythons)
        np.random.set_state(numpys)  # noqa: NPY002 - it is put back
    if moved:
        raise RuleBroken(
            f"{thing!r:.200} moved {' and '.join(moved)}; expected that it draws from the "
            "generator that it is given, and from no other: a run could not be repeated"
        )


# -- bits ------------------------------------------------------------------------------------------


def bits_of(value: Any, space: SearchSpace | None = None) -> Any:
    """What is equal of two values only if they hold the same bits."""
    if isinstance(value, np.ndarray):
        bits = _bits_of_objects(value, space) if value.dtype.hasobject else value.tobytes()
        return value.dtype.str, value.shape, bits
    if isinstance(value, np.generic):
        return value.dtype.str, value.tobytes()
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, Mapping):
        return {name: bits_of(one, space) for name, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [bits_of(one, space) for one in value]
    return repr(value)


def _bits_of_objects(X: np.ndarray[Any, Any], space: SearchSpace | None) -> Any:
    """Of candidates as their space encodes them; of any others, and of spoilt ones, their text."""
    if space is not None and X.ndim == 2 and X.shape[1] == space.n_var:
        with contextlib.suppress(Exception):  # whatever encode makes of what is no candidate
            stored = encode(space, X)
            return stored if isinstance(stored, list) else stored.tobytes()
    return repr(X.tolist())


# -- in words --------------------------------------------------------------------------------------

WHAT = {
    "returned": "returned",
    "rng": "left its generator as",
    "memory": "left in its memory",
}


def _differs(thing: Any, what: str, one: Any, two: Any) -> str:
    return (
        f"{thing!r:.200} {WHAT[what]} something else when it was called again with the same "
        f"arguments and an equal generator: {difference(one, two)}; expected the same bits, "
        "so that it draws from that generator alone and keeps nothing for itself"
    )


def difference(one: Any, two: Any) -> str:
    """Where two values differ, as text."""
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray) and one.shape == two.shape:
        for i, (row, other) in enumerate(zip(one, two, strict=True) if one.ndim else ()):
            if bits_of(row) != bits_of(other):
                row_, other_ = (v.tolist() if hasattr(v, "tolist") else v for v in (row, other))
                return f"row {i} was {row_!r:.150}, and then {other_!r:.150}"
    if isinstance(one, tuple) and isinstance(two, tuple) and len(one) == len(two):
        for a, b in zip(one, two, strict=True):
            if bits_of(a) != bits_of(b):
                return difference(a, b)
    return f"it was {one!r:.150}, and then {two!r:.150}"


def shown(given: Mapping[str, Any]) -> str:
    """Arguments as text: arrays by their shape."""
    seen = (item for item in given.items() if item[0] not in ITS_OWN)
    return ", ".join(f"{name}={_shown(value)}" for name, value in seen)


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return f"{value!r:.60}"
