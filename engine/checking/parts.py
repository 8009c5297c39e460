"""Parts, called as breeding calls them: what comes back, and what must not change."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ...errors import RuleBroken
from ...operators.parts import (
    Crossover,
    Duplicates,
    Mating,
    Mutation,
    Repair,
    Sampling,
    named_of,
)
from ...operators.survival import nondominated_rank
from ...typing import Candidates
from ..algorithms.checked import check_inside, check_mates, check_repeated, check_rows
from .again import difference, once_and_again
from .bench import SIZES, Bench

Remarks = list[str]

DRAWS_NOTHING = (
    "{!r:.100} draws nothing from the generator that it is given: right if nothing is random in "
    "it, wrong if it draws from one of its own"
)


def check_sampling(part: Sampling, bench: Bench) -> Remarks:
    """Draws first candidates."""

    def call(n: int, rng: np.random.Generator) -> Any:
        return part(n, bench.space, rng)

    draws = False
    for n in SIZES:
        read = partial(_children, part, bench, n)
        given = {"n": n, "rng": bench.rng()}
        draws |= once_and_again(part, call, given, read, bench.space).draws
    return [] if draws else [DRAWS_NOTHING.format(part)]


def check_mating(part: Mating, seed: int) -> Remarks:
    """Selects parents of any number, among any number, also where they are all as good."""
    rng = np.random.default_rng(seed)

    also = named_of(part)

    def call(**given: Any) -> Any:
        named = {name: given.pop(name) for name in also}
        return part(*given.values(), **named)

    for n in (1, 2, 3, 20):
        F, violation = rng.random((n, 2)), np.zeros(n)
        rank, score = nondominated_rank(F), rng.random(n)
        score[rng.random(n) < 0.2] = np.inf
        same = np.zeros(n, dtype=np.int64), np.zeros(n)
        for (ranks, scores), k, parents in (
            ((rank, score), 7, 2), ((rank, score), 1, 1), ((rank, score), 5, 3), (same, 7, 2),
        ):  # fmt: skip
            given = {
                "rank": ranks, "score": scores, "k": k, "parents": parents,
                "rng": np.random.default_rng(seed),
            }  # fmt: skip
            given |= {name: {"F": F, "violation": violation}[name] for name in also}
            read = partial(_mates, part, (k, parents), n)
            once_and_again(part, call, given, read)
    return []


def check_crossover(part: Crossover, bench: Bench) -> Remarks:
    """Makes two children of each mating, also of mates that are the same candidate."""
    names = ["A", "B", *(f"mate_{i}" for i in range(3, part.parents + 1))][: part.parents]

    def call(rng: np.random.Generator, **mates: Any) -> Any:
        return part(*mates.values(), bench.space, rng)

    draws = False
    for k in SIZES:
        X = bench.rows(k * part.parents)
        different = {name: X[j :: part.parents].copy() for j, name in enumerate(names)}
        for mates in (different, dict.fromkeys(names, X[:k])):
            read = partial(_children, part, bench, 2 * k)
            given = {**mates, "rng": bench.rng()}
            draws |= once_and_again(part, call, given, read, bench.space).draws
    return [] if draws else [DRAWS_NOTHING.format(part)]


def check_mutation(part: Mutation, bench: Bench) -> Remarks:
    """Changes children."""

    def call(X: Candidates, rng: np.random.Generator) -> Any:
        return part(X, bench.space, rng)

    draws = False
    for k in SIZES:
        read = partial(_children, part, bench, k)
        given = {"X": bench.rows(k), "rng": bench.rng()}
        draws |= once_and_again(part, call, given, read, bench.space).draws
    return [] if draws else [DRAWS_NOTHING.format(part)]


def check_repair(part: Repair, bench: Bench) -> Remarks:
    """Changes candidates so that they keep a rule, and leaves those that do as they are.

    Besides candidates of the space it gets rows whose values were exchanged among these, as a
    crossover might make them.
    """
    space = bench.space

    def call(X: Candidates) -> Any:
        return part(X, space)

    def repaired(X: Candidates) -> Candidates:
        read = partial(check_rows, part, k=len(X), space=space)
        found: Candidates = once_and_again(part, call, {"X": X}, read, space).returned
        return found

    remarks = []
    for k in SIZES:
        X = repaired(bench.rows(k))
        check_inside(part, X, space)
        twice = repaired(X)
        if space.key(twice) != space.key(X):
            raise RuleBroken(
                f"{part!r} changed again what it had repaired: {difference(X, twice)}; expected "
                "that a candidate which keeps the rule stays as it is"
            )
    alone = np.concatenate([repaired(x[None]) for x in bench.rows(k)])
    if space.key(alone) != space.key(X):
        remarks.append(f"what {part!r:.100} makes of a row depends on the other rows")
    exchanged = repaired(bench.rng().permuted(bench.rows(k), axis=0))
    outside = np.count_nonzero(~space.contains(exchanged))
    if outside:
        remarks.append(
            f"of {k} rows whose values were exchanged among candidates {part!r:.100} leaves "
            f"{outside} outside the space: a run that makes such ends with an error"
        )
    return remarks


def check_duplicates(part: Duplicates, bench: Bench) -> Remarks:
    """Says who repeats whom: at least those whose keys are equal, and the same both ways."""
    space = bench.space

    def call(X: Candidates, others: Candidates) -> Any:
        return part(X, others, space)

    def repeated(X: Candidates, others: Candidates) -> list[int]:
        read = partial(_repeated, part, len(X))
        rows = once_and_again(part, call, {"X": X, "others": others}, read, space).returned
        return [int(i) for i in rows]

    some = bench.rows(7)
    nobody = some[:0]
    for X, others in ((nobody, nobody), (nobody, some)):
        repeated(X, others)
    for X, others, where in (
        (some[:1], nobody, "nobody else"),
        (some, some, "themselves as others"),
        (some[[0, 0]], nobody, "a copy of the first"),
    ):
        found, known = repeated(X, others), set(space.key(others))
        expected = []
        for i, key in enumerate(space.key(X)):
            expected += [i] if key in known else []
            known.add(key)
        if not set(expected) <= set(found) or (len(X) == 1 and found != expected):
            raise RuleBroken(
                f"{part!r} says of {len(X)} rows with {where} that the rows {found} repeat others;"
                f" expected {expected}, whose keys in {space!r:.100} are the same"
            )
    for i in range(len(some)):
        for j in range(i):
            one, other = some[[i]], some[[j]]
            answers = (
                bool(repeated(one, other)),
                bool(repeated(other, one)),
                1 in repeated(some[[j, i]], nobody),
            )
            if len(set(answers)) > 1:
                raise RuleBroken(
                    f"{part!r} says that {one[0].tolist()!r:.90} repeats {other[0].tolist()!r:.90}"
                    f": {answers[0]}, the other way round: {answers[1]}, and that it repeats it as "
                    f"an earlier row: {answers[2]}; expected the same each time"
                )
    return []


# -- read as the engine does -----------------------------------------------------------------------


def _children(part: Any, bench: Bench, k: int, returned: Any) -> Candidates:
    X = check_rows(part, returned, k, bench.space)
    bench.children(part, X, k)
    return X


def _mates(part: Any, shape: tuple[int, int], n: int, returned: Any) -> Any:
    return check_mates(part, returned, shape, n)


def _repeated(part: Any, k: int, returned: Any) -> Any:
    return check_repeated(part, returned, k)
