"""What a user does to a run from outside: not of its seed, so it is kept with its place.

An intervention is written into the specification, under "events", before anything comes of it: a
run that is killed meanwhile goes on with it. It has its place in the order of telling, by which the
run can be replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

from ...errors import ConfigurationError, StoreCorrupt
from ..foreign_names import meant_name
from ..records.evaluations import Evaluations
from ..records.outcome import FailureKind

Kinds: TypeAlias = bool | str | Iterable[str]
"""Which failed candidates are evaluated again: True for all, or kinds of failures."""

RETRY = "retry"

KINDS = {
    **dict.fromkeys(("error", "raised", "exceptions"), "exception"),
    **dict.fromkeys(("nan", "inf", "infinite"), "non-finite"),
    **dict.fromkeys(("timeout", "late", "hang", "timedout"), "deadline"),
    **dict.fromkeys(("oom", "outofmemory", "memoryerror"), "memory"),
    **dict.fromkeys(("killed", "died", "segfault", "signal", "lost"), "crash"),
}
"""By what they are called elsewhere: kinds of failures."""


@dataclass(frozen=True)
class Retry:
    """Failed candidates are evaluated again.

    Attributes:
        ids: Of the candidates, ascending.
        told: How many candidates had been told.
        begun: How many generations had begun.
        created: When it was wished for, ISO 8601.
    """

    ids: tuple[int, ...]
    told: int
    begun: int
    created: str

    def described(self) -> dict[str, Any]:
        """As JSON; ``read_interventions`` reads it back."""
        return {"kind": RETRY, **vars(self), "ids": list(self.ids)}


def read_interventions(specification: dict[str, Any]) -> list[Retry]:
    """Those of a run, in their order; none for a run that is of its seed alone.

    Raises StoreCorrupt for what is none.
    """
    events = specification.get("events", [])
    if not isinstance(events, list):
        raise StoreCorrupt(f"the events of a run are a list, not {events!r:.100}")
    return [_read(event) for event in events]


def _read(event: Any) -> Retry:
    try:
        ids, told, begun = event["ids"], event["told"], event["begun"]
        counts = all(type(count) is int and count >= 0 for count in (*ids, told, begun))
        if event["kind"] != RETRY or not counts or list(ids) != sorted(set(ids)):
            raise ValueError
        return Retry(tuple(ids), told, begun, str(event["created"]))
    except (KeyError, TypeError, ValueError):
        raise StoreCorrupt(
            f"{event!r:.100} is no event of a run that this paretide knows"
        ) from None


def check_kinds(kinds: Kinds) -> tuple[str, ...]:
    """The kinds of failures that are meant, none for False; raises ConfigurationError."""
    known = get_args(FailureKind)
    if isinstance(kinds, bool):
        return known if kinds else ()
    wanted = (kinds,) if isinstance(kinds, str) else kinds
    if not isinstance(wanted, Iterable):
        raise ConfigurationError(
            f"retry_failed must be True, or kinds of failures of {list(known)}, got {kinds!r}"
        )
    found = tuple(wanted)
    for kind in found:
        if kind not in known:
            raise ConfigurationError(
                f"retry_failed: there is no kind of failure {kind!r}"
                f"{meant_name(str(kind), known, KINDS)}; choose of {list(known)}"
            )
    return found


def failed_ids(everything: Evaluations, kinds: Sequence[str]) -> tuple[int, ...]:
    """Candidates that failed in one of these ways, ascending."""
    return tuple(sorted(id for id, f in everything.failures.items() if f.kind in kinds))
