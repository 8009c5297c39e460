"""Which part of a problem cannot be pickled, by its path: ``Tune.model.lock``."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any

from ...errors import ExecutorError
from ...problems.folder import FILE_MODULE

LOOKS = 2_000
"""Objects that are tried at most."""

SEARCH_SECONDS = 5.0
"""After which the search ends with what it has: some objects take long to pickle."""

DEEPEST = 12
"""Attributes within attributes that are looked at."""

Dumps = Callable[[Any], bytes]


def cannot_be_pickled(problem: Any, error: BaseException, dumps: Dumps) -> ExecutorError:
    """The error for a problem that cannot be sent to workers; it names the attribute.

    Args:
        problem: Which ``dumps`` refuses.
        error: What it raised.
        dumps: ``pickle.dumps``, or cloudpickle's.
    """
    kind = type(problem).__name__
    path, culprit = find_culprit(problem, dumps)
    what = f"{path}, {_article(type(culprit).__name__)}," if path != kind else kind
    local = isinstance(culprit, (type, FunctionType)) or "<locals>" in type(culprit).__qualname__
    advice = (
        "define it at the top of a module" if local
        else "make it in setup(ctx), which every worker runs for itself"
    )  # fmt: skip
    try:
        reason = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
    except Exception as second:  # an error that cannot be printed
        reason = f"{type(error).__name__}, whose message raises {type(second).__name__}"
    return ExecutorError(
        f"{what} cannot be pickled, so {kind} cannot be sent to workers: {reason}; {advice}, or "
        'use executor="serial"'
    )


def find_culprit(problem: Any, dumps: Dumps) -> tuple[str, Any]:
    """Path and object of the innermost part that ``dumps`` refuses; the problem if none is found.

    Looks into attributes, containers, closures and defaults of functions, and the globals that they
    use, within bounds of number and time.
    """
    search = _Search(dumps)
    path, culprit = type(problem).__name__, problem
    while (inner := search.first_refused(path, culprit)) is not None:
        path, culprit = inner
    return path, culprit


class _Search:
    def __init__(self, dumps: Dumps) -> None:
        self._dumps = dumps
        self._seen: dict[int, Any] = {}  # kept, so that no number is given again
        self._looks = LOOKS
        self._until = time.monotonic() + SEARCH_SECONDS
        self._depth = DEEPEST
        self._by_value = not self._refuses(lambda: None)  # as cloudpickle sends functions

    def first_refused(self, path: str, value: Any) -> tuple[str, Any] | None:
        """The first part of ``value`` that cannot be pickled."""
        self._depth -= 1
        if self._depth < 0:
            return None
        if isinstance(value, (type, FunctionType)) and not self._by_value:
            return None
        for name, part in _parts(value):
            if isinstance(part, type) and not self._by_value:
                continue
            if id(part) in self._seen or type(part) in _PLAIN:
                continue
            self._seen[id(part)] = part
            self._looks -= 1
            if self._looks < 0 or time.monotonic() > self._until:
                return None
            if self._refuses(part):
                return path + name, part
        return None

    def _refuses(self, part: Any) -> bool:
        try:
            self._dumps(part)
        except Exception:  # whatever the user's objects raise when pickled: that is the question
            return True
        return False


_PLAIN = {type(None), bool, int, float, str, bytes}


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What an object is made of, as far as pickle would look at it."""
    if isinstance(value, Mapping):
        for key, part in list(value.items()):
            yield f"[{key!r:.40}]", part
    elif isinstance(value, (list, tuple, set, frozenset)):
        for number, part in enumerate(value):
            yield f"[{number}]", part
    if inspect.ismethod(value):
        yield ".__self__", value.__self__
        yield ".__func__", value.__func__
    elif isinstance(value, FunctionType):
        yield from _of_function(value)
    elif isinstance(value, type):
        for name, part in list(vars(value).items()):
            if not name.startswith("__") and name != "_abc_impl":
                yield f".{name}", getattr(part, "__func__", part)
    else:
        for attribute in ("func", "args", "keywords"):  # of functools.partial
            if type(value).__name__ == "partial":
                yield f".{attribute}", getattr(value, attribute)
        yield from _attributes(value)
        if _travels(type(value)):
            yield "", type(value)


def _travels(kind: type) -> bool:
    """True if a class may be sent with its code, since no worker could import it."""
    return (
        kind.__module__ == "__main__"
        or kind.__module__.startswith(FILE_MODULE)
        or "<locals>" in kind.__qualname__
    )


def _of_function(value: Any) -> Iterator[tuple[str, Any]]:
    found = inspect.getclosurevars(value)
    for name, part in found.nonlocals.items():
        yield f".<{name}>", part
    for name, part in found.globals.items():
        if not inspect.ismodule(part):
            yield f".<global {name}>", part
    for number, part in enumerate(value.__defaults__ or ()):
        yield f".<default {number}>", part


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    names = list(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = getattr(kind, "__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    for name in names:
        try:
            yield f".{name}", getattr(value, name)
        except Exception:  # a slot that is empty, a property that raises
            continue


def _article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
