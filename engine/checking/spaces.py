"""Spaces: what they say of themselves, and that candidates survive every way there and back."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...errors import ConfigurationError, RuleBroken, ShapeError
from ...problems.description import definition_from
from ...problems.encoded import check_round_trip, encode, is_own
from ...problems.reference import place_of
from ...problems.search_space import check_space
from ...problems.stand_in import describe_space
from ...typing import Candidates, SearchSpace, WorkingSpace, has_coordinates
from ..algorithms.breeding import breeding_for
from ..algorithms.checked import check_candidates, check_inside, check_rows
from .again import as_rule, bits_of, left_alone
from .bench import PASSED_AGAIN, Bench
from .parts import check_crossover, check_mutation, check_sampling

ROWS = 20


def check_of_space(bench: Bench) -> list[str]:
    """What the engine asks of a space, and its own operators in it."""
    space: Any = bench.space
    name = type(space).__name__
    check_space(name, space)
    with as_rule(space, "sampled"):
        X = bench.rows(ROWS)
    _Asked(space, X).everything()
    remarks = _described(space, X) + _same_keys(space, X)
    if has_coordinates(space):
        _in_coordinates(space, X)
    remarks += _operators(bench)
    try:
        pickle.dumps(space)
    except Exception as error:  # whatever the user's objects raise
        remarks.append(
            f"it cannot be pickled, {type(error).__name__}: {error}: its problems run in this "
            "process alone"
        )
    return remarks


class _Asked:
    """A space that is asked for everything, and may change nothing of what it is shown."""

    def __init__(self, space: SearchSpace, X: Candidates) -> None:
        self.space = space
        self.X = X
        self.name = type(space).__name__

    def everything(self) -> None:
        """Raises RuleBroken, ShapeError or ConfigurationError for the first that is wrong."""
        space, X = self.space, self.X
        active = self.asked("active", partial(space.active, X))
        self.expect(
            isinstance(active, np.ndarray) and active.shape == X.shape and active.dtype == bool,
            "active", active, f"an array of shape {X.shape} and dtype bool",
        )  # fmt: skip
        self.asked("key", partial(space.key, X))
        for n in (0, len(X)):
            self.asked("contains", partial(check_inside, space, X[:n], space))
            self.stored(X[:n])
        self.keys()
        for row in X:
            self.one(row)

    def asked(self, method: str, call: Callable[[], Any]) -> Any:
        """What a method answers, the same each time; nothing else may have changed by then."""
        answers = []
        before = self.bits()
        for _ in range(2):
            with (
                left_alone(f"{self.name}.{method}"),
                as_rule(self.space, f"in {method}"),
            ):
                answers.append(call())
            if self.bits() != before:
                raise RuleBroken(
                    f"{self.name}.{method} changed the candidates that it was given; expected that "
                    "it leaves them as they are"
                )
        one, two = (bits_of(answer, self.space) for answer in answers)
        if one != two:
            raise RuleBroken(
                f"{self.name}.{method} answered {answers[0]!r:.150}, and then "
                f"{answers[1]!r:.150} for the same; expected one answer"
            )
        return answers[0]

    def bits(self) -> Any:
        """Of the candidates; of objects their text, since nothing of the space is known yet."""
        return repr(self.X.tolist()) if self.X.dtype == object else self.X.tobytes()

    def expect(self, right: bool, method: str, came: Any, expected: str) -> None:
        """Raise RuleBroken unless it is right."""
        if not right:
            raise RuleBroken(f"{self.name}.{method} returned {came!r:.200}; expected {expected}")

    def stored(self, X: Candidates) -> None:
        """To the file and back."""
        space, n = self.space, len(X)
        encoded = self.asked("encode", lambda: encode(space, X))
        again = self.asked("decode", lambda: space.decode(encoded))
        try:
            check_rows(space, again, n, space)
        except ShapeError as error:
            raise ShapeError(f"{self.name}.decode: {error}") from None
        check_round_trip(space, X)
        twice = encode(space, again)
        if bits_of(twice) != bits_of(encoded):
            raise RuleBroken(
                f"{self.name}: encode(decode(encoded)) is {twice!r:.150}, and encoded was "
                f"{encoded!r:.150}; expected the same bits"
            )

    def keys(self) -> None:
        """Equal for equal rows, whoever else is there; not for all."""
        space, X = self.space, self.X
        keys = self.asked("key", lambda: space.key(X))
        texts = isinstance(keys, list) and all(isinstance(key, bytes) for key in keys)
        self.expect(
            texts and len(keys) == len(X), "key", keys, f"a list of {len(X)} bytes, one a row"
        )
        none = self.asked("key", lambda: space.key(X[:0]))
        self.expect(none == [], "key", none, "[] for no rows")
        alone = [key for i in range(len(X)) for key in space.key(X[[i]])]
        for i, (key, its) in enumerate(zip(keys, alone, strict=True)):
            self.expect(
                key == its, "key", its, f"{key!r:.100} for row {i}, as when it is among others"
            )
        copied = space.decode(encode(space, X))
        self.expect(
            space.key(copied) == keys, "key", space.key(copied),
            f"{keys!r:.200} for equal rows, stored and read",
        )  # fmt: skip
        stored = encode(space, X)
        different = set(_texts(stored))
        self.expect(
            len(set(keys)) > 1 or len(different) == 1, "key", keys[0],
            f"different keys for different rows: it is the same for all {len(different)}",
        )  # fmt: skip

    def one(self, row: Candidates) -> None:
        """As ``evaluate`` gets it and as tables show it."""
        space = self.space
        candidate = self.asked("candidate", lambda: space.candidate(row))
        shared = (
            candidate is row[0] and isinstance(candidate, (list, dict, set, bytearray))
            if row.dtype == object
            else isinstance(candidate, np.ndarray) and np.shares_memory(candidate, row)
        )  # fmt: skip
        self.expect(
            not shared, "candidate", candidate,
            "a copy: an evaluation that changes it would change the population",
        )  # fmt: skip
        again = self.asked("row", lambda: space.row(candidate))
        self.expect(
            isinstance(again, np.ndarray)
            and again.shape == row.shape
            and space.key(again.astype(space.dtype, copy=False)[None]) == space.key(row[None]),
            "row", again, f"{row.tolist()!r:.100} for candidate(row), in shape {row.shape}",
        )  # fmt: skip
        values = self.asked("show", lambda: space.show(row))
        self.expect(isinstance(values, dict), "show", values, "a dict of values by name")
        unknown = [name for name in values if name not in space.names]
        self.expect(
            not unknown, "show", values, f"names out of {list(space.names)!r:.200}, not {unknown}"
        )
        for name, value in values.items():
            self.expect(
                value is None or isinstance(value, (bool, int, float, str)), "show", values,
                f"numbers, texts, True, False and None, not a {type(value).__name__} as {name!r}",
            )  # fmt: skip


def _described(space: SearchSpace, X: Candidates) -> list[str]:
    """The description is JSON, the same each time, and a file that has it is read without code."""
    kind = type(space)
    described = describe_space(space)
    try:
        text = json.dumps(described)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{kind.__name__}.describe returned {described!r:.200}, which JSON cannot hold "
            f"({error}); expected numbers, texts, lists and mappings"
        ) from None
    if "kind" not in space.describe():
        raise RuleBroken(
            f"{kind.__name__}.describe returned {space.describe()!r:.200}; expected a mapping that "
            'says its "kind"'
        )
    made = [space]
    if hasattr(space, "init_arguments"):
        args, kwargs = space.init_arguments
        with as_rule(space, "made again with the arguments that it was made with"):
            made.append(kind(*args, **kwargs))
    for one in made:
        if (other := json.dumps(describe_space(one))) != text:
            raise RuleBroken(
                f"{kind.__name__}.describe returned {text:.150}, and then {other:.150} of the same "
                "or one that was made again; expected the same: a run would not be resumed"
            )
    if is_own(space):
        return []
    whole = {"name": "", "space": json.loads(text), "objectives": {}, "constraints": {}}
    stand_in = definition_from(whole).space
    stored = encode(space, X)
    rows = stand_in.encode(stand_in.decode(stored))
    if bits_of(rows) != bits_of(stored) or stand_in.names != space.names:
        raise RuleBroken(
            f"{kind.__name__} is stored as {stored!r:.150}, and a file gives back {rows!r:.150}; "
            "expected the same"
        )
    place = place_of(kind)
    return [] if place.target else [f"no file can say where it is, {place.reason}{PASSED_AGAIN}"]


def _same_keys(space: SearchSpace, X: Candidates) -> list[str]:
    """A remark on two candidates that are shown as different and pass for the same."""
    rows = [*X]
    if X.dtype != object:  # and those that differ in a single value
        for j in range(space.n_var):
            exchanged = X[:1].copy()
            exchanged[0, j] = X[-1, j]
            rows += [*exchanged] if space.contains(exchanged).all() else []
    found: dict[bytes, Any] = {}
    for row in rows:
        shown = space.show(row)
        known = found.setdefault(space.key(row[None])[0], shown)
        if repr(known) != repr(shown):
            return [
                f"{known!r:.150} and {shown!r:.150} have the same key: they pass for the same "
                "candidate, and only one of them is kept"
            ]
    return []


def _texts(stored: Any) -> list[bytes]:
    """One a row of what is stored."""
    return stored if isinstance(stored, list) else [row.tobytes() for row in stored]


def _in_coordinates(space: WorkingSpace, X: Candidates) -> None:
    """To working coordinates and back, inside the bounds."""
    name, layout = type(space).__name__, space.layout
    Z = space.to_working(X)
    if Z.shape != X.shape or Z.dtype != np.float64 or not np.isfinite(Z).all():
        raise ShapeError(
            f"{name}.to_working returned {Z!r:.200}; expected finite float64 of shape {X.shape}"
        )
    ends = np.stack([layout.lower, layout.upper - (layout.categories > 0)])
    for there in (Z, ends):
        back = space.from_working(there)
        check_candidates(f"{name}.from_working", back, len(there), space)


def _operators(bench: Bench) -> list[str]:
    """Those that the space names, in it."""
    known = bench.space.operators
    if "sampling" not in known or not {"crossover", "mutation"} & set(known):
        return []
    breeding = breeding_for(bench.space)
    remarks = check_sampling(breeding.sampling, bench)
    if breeding.crossover is not None:
        remarks += check_crossover(breeding.crossover, bench)
    if breeding.mutation is not None:
        remarks += check_mutation(breeding.mutation, bench)
    return remarks
