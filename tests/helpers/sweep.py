"""Every state in which a killed run can leave its store, each of them resumed.

A run is kept in memory: at a chosen place it is sealed, and after every record of its journal its
store is copied as a kill at that moment would leave it. Every copy is resumed, killed again at a
place that is drawn and resumed once more, to the bits of a run that nobody killed. Kinds that are
mended evaluate again what had failed, and are sealed and killed from there on. No clock, file or
process is in it: the order in which outcomes arrive is drawn, too.

    python tests/helpers/sweep.py [--kinds steady,cache] [--seeds 4]

sweeps every place of every kind, and exits 1 unless all states were resumed to the same bits.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import pickle
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import outside
import own_spaces

import paretide as pt
from paretide.engine.records.provenance import Choices
from paretide.engine.runs.replay import replay
from paretide.engine.store.codec import (
    decode,
    encode_choices,
    encode_evaluations,
    encode_population,
    layout_of,
)
from paretide.engine.store.store import RunStore

# -- problems --------------------------------------------------------------------------------------


class Slope(pt.Problem):
    """Real numbers, unequal costs; a fifth of the candidates fails."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def cost(self, x):
        return 0.5 + float(x[0]) * 4

    def evaluate(self, x, ctx):
        if ctx.id % 5 == 3:
            raise ValueError("a fifth of them")
        ctx.log(half=float(x[0]) / 2)
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


class Mended(Slope):
    """As ``Slope``; most of those that fail have values once what they fail by has been mended."""

    mended = False  # of the world around it, not of the problem

    def evaluate(self, x, ctx):
        if ctx.id % 5 == 3 and self.mended and ctx.id % 3:
            return {"f": float(x[1]) / 3, "g": float(x[0]) / 3}
        return super().evaluate(x, ctx)


class Limited(Slope):
    """As ``Slope``; that the sum is too large is known before anything is evaluated."""

    constraints = {"sum": pt.upper(0.9)}

    def known(self, x):
        return {"sum": float(x[0] + x[1])}


class Rows(pt.Problem):
    """Evaluated by rows, three at a time, under a constraint."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "max"}
    constraints = {"sum": pt.upper(1.2)}
    batch_size = 3

    def evaluate_batch(self, X):
        return np.stack([X[:, 0], X[:, 0] - X[:, 1]], 1), X.sum(1)[:, None]


class Split(Rows):
    """What a row gets depends on how many are beside it, which shows how batches were split."""

    def cost(self, x):
        return 0.5 + float(x[1]) * 4

    def evaluate_batch(self, X):
        F, G = super().evaluate_batch(X)
        return F + 0.01 * len(X), G


class Bits(pt.Problem):
    """Bits: equal candidates get the outcome of the first."""

    space = pt.Binary(6)
    objectives = {"ones": "max", "zeros": "max"}

    def evaluate(self, x, ctx):
        if x[:3].sum() == 3:
            raise ValueError("three of them")
        return {"ones": int(x.sum()), "zeros": int((1 - x).sum())}


class Few(Bits):
    """Eight candidates in all: the run ends as exhausted."""

    space = pt.Binary(3)

    def evaluate(self, x, ctx):
        return {"ones": int(x.sum()), "zeros": int((1 - x).sum())}


class FewLimited(Few):
    """Sixteen candidates that may be, of 32."""

    space = pt.Binary(5)
    constraints = {"most": pt.upper(2)}

    def known(self, x):
        return {"most": int(x.sum())}


class LongWords(own_spaces.Words):
    """Words that are too short are known before anything is evaluated."""

    constraints = {"letters": pt.lower(6)}

    def known(self, x):
        return {"letters": len(x)}


# -- kinds of runs ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A run to be killed.

    Attributes:
        problem: Of it.
        algorithm: Of it.
        budget: Of it.
        workers: That its outcomes come from.
        options: Of ``minimize`` besides.
        repeats: The same bits come out whatever the order of arrival.
        mended_at: Share of its records after which it is killed, what failed by then is mended, and
            the run goes on with that evaluated again; None for a run without that.
    """

    problem: pt.Problem
    algorithm: Any
    budget: int
    workers: int = 3
    options: dict[str, Any] = field(default_factory=dict)
    repeats: bool = True
    mended_at: float | None = None

    @property
    def in_turn(self) -> bool:
        """The order of telling is the run's, not that of arrival."""
        concurrent = isinstance(self.algorithm, pt.ConcurrentDynamicNSGA2)
        return concurrent or self.algorithm.mode == "steady"


def _known(problem: pt.Problem) -> pt.Population:
    return pt.minimize(problem, pt.NSGA2(size=4), budget=8, seed=7).population


def kinds() -> dict[str, Kind]:
    """All of them, by name."""
    slope, rows, bits = Slope(), Rows(), Bits()
    steady = {"mode": "steady", "window": 3}
    dynamic = {"start": 2, "max_size": 8, "tau": 6}
    local = {"duplicates": "population"}
    screened = {"screen": outside.near_the_good}
    searched = {"screen": outside.Searching()}
    own = {"crossover": outside.blended, "survival": outside.near_the_ideal}
    return {
        "generational": Kind(slope, pt.NSGA2(size=4), 20),
        "generational-odd": Kind(slope, pt.NSGA2(size=5), 18),
        "generational-rows": Kind(rows, pt.NSGA2(size=7), 25),
        "dynamic": Kind(slope, pt.DynamicNSGA2(**dynamic), 26),
        "steady": Kind(slope, pt.NSGA2(size=4, **steady), 22),
        "steady-wide": Kind(slope, pt.NSGA2(size=3, mode="steady", window=7), 22, workers=5),
        "steady-rows": Kind(rows, pt.NSGA2(size=4, **steady), 20),
        "steady-blocks": Kind(Split(), pt.NSGA2(size=4, mode="steady", window=9), 26),
        "steady-arrival": Kind(
            slope, pt.NSGA2(size=4, order="arrival", **steady), 20, repeats=False
        ),
        "dynamic-steady": Kind(slope, pt.DynamicNSGA2(**dynamic, **steady), 24),
        "concurrent": Kind(slope, pt.ConcurrentDynamicNSGA2(start=2, max_size=8), 34),
        "concurrent-rows": Kind(rows, pt.ConcurrentDynamicNSGA2(start=2, max_size=8), 30),
        "cache": Kind(bits, pt.NSGA2(size=6, duplicates=None), 30, options={"cache": True}),
        "cache-steady": Kind(
            bits,
            pt.NSGA2(size=4, duplicates=None, **steady),
            24,
            options={"cache": True},
        ),
        "cache-concurrent": Kind(
            bits, pt.ConcurrentDynamicNSGA2(start=2, max_size=8), 26, options={"cache": True}
        ),
        "exhausted": Kind(Few(), pt.NSGA2(size=3, **local), 20),
        "exhausted-all": Kind(Bits(), pt.NSGA2(size=6), 90),
        "exhausted-steady": Kind(Few(), pt.NSGA2(size=3, **steady, **local), 20),
        "exhausted-all-steady": Kind(Bits(), pt.NSGA2(size=6, **steady), 90),
        "exhausted-concurrent": Kind(Few(), pt.ConcurrentDynamicNSGA2(start=2, max_size=4), 20),
        "initial": Kind(
            slope, pt.NSGA2(size=4), 18, options={"initial": [[0.5, 0.5], [0.1, 0.2], [0.9, 0.9]]}
        ),
        "known": Kind(slope, pt.NSGA2(size=4), 18, options={"initial": _known(slope)}),
        "known-steady": Kind(
            slope, pt.NSGA2(size=4, **steady), 18, options={"initial": _known(slope)}
        ),
        "limited": Kind(Limited(), pt.NSGA2(size=4), 20),
        "limited-initial": Kind(
            Limited(),
            pt.NSGA2(size=4),
            18,
            options={"initial": [[0.5, 0.5], [0.1, 0.2], [0.9, 0.9]]},
        ),
        "limited-dynamic": Kind(Limited(), pt.DynamicNSGA2(**dynamic), 26),
        "limited-steady": Kind(Limited(), pt.NSGA2(size=4, **steady), 22),
        "limited-concurrent": Kind(Limited(), pt.ConcurrentDynamicNSGA2(start=2, max_size=8), 34),
        "limited-screened": Kind(Limited(), pt.NSGA2(size=4, **screened), 26),
        "limited-words": Kind(LongWords(), pt.NSGA2(size=4), 20),
        "limited-exhausted": Kind(FewLimited(), pt.NSGA2(size=3), 40),
        "limited-exhausted-steady": Kind(FewLimited(), pt.NSGA2(size=3, **steady), 40),
        "limited-exhausted-concurrent": Kind(
            FewLimited(), pt.ConcurrentDynamicNSGA2(start=2, max_size=4), 40
        ),
        "limited-random": Kind(Limited(), pt.RandomSearch(size=4), 20),
        "retries": Kind(slope, pt.NSGA2(size=4), 16, options={"retries": 1}),
        "mended": Kind(Mended(), pt.NSGA2(size=4), 24, mended_at=0.6),
        "mended-at-end": Kind(Mended(), pt.NSGA2(size=5), 100, mended_at=1),
        "mended-dynamic": Kind(Mended(), pt.DynamicNSGA2(**dynamic), 26, mended_at=0.5),
        "mended-steady": Kind(Mended(), pt.NSGA2(size=4, **steady), 24, mended_at=0.6),
        "mended-concurrent": Kind(
            Mended(), pt.ConcurrentDynamicNSGA2(start=2, max_size=8), 34, mended_at=0.6
        ),
        "own-parts": Kind(slope, pt.Evolution(size=4, offspring=5, **own), 24),
        "own-parts-steady": Kind(slope, pt.Evolution(size=4, **own, **steady), 22),
        "own-algorithm": Kind(slope, outside.MovingMean(size=4, offspring=3), 20),
        "own-space": Kind(own_spaces.Words(), pt.NSGA2(size=4), 20),
        "own-space-steady": Kind(own_spaces.Words(), pt.NSGA2(size=4, **steady), 20),
        "screened": Kind(slope, pt.NSGA2(size=4, **screened), 26),
        "screened-rows": Kind(rows, pt.NSGA2(size=6, offspring=3, **screened), 27),
        "screened-population": Kind(
            slope, pt.NSGA2(size=4, duplicates="population", **screened), 22
        ),
        "screened-steady": Kind(slope, pt.NSGA2(size=4, **screened, **steady), 24),
        "screened-steady-population": Kind(
            slope, pt.NSGA2(size=4, duplicates="population", **screened, **steady), 22
        ),
        "screened-arrival": Kind(
            slope, pt.NSGA2(size=4, order="arrival", **screened, **steady), 20, repeats=False
        ),
        "screened-dynamic": Kind(slope, pt.DynamicNSGA2(**dynamic, **screened), 26),
        "screened-concurrent": Kind(
            slope, pt.ConcurrentDynamicNSGA2(start=2, max_size=8, **screened), 34
        ),
        "screened-exhausted": Kind(Bits(), pt.NSGA2(size=6, **screened), 90),
        "screened-words": Kind(own_spaces.Words(), pt.NSGA2(size=4, screen=outside.longest), 20),
        "searched": Kind(slope, pt.NSGA2(size=4, offspring=3, **searched), 26),
        "searched-steady": Kind(slope, pt.NSGA2(size=4, **searched, **steady), 24),
        "searched-steady-population": Kind(
            slope, pt.NSGA2(size=4, duplicates="population", **searched, **steady), 22
        ),
        "searched-concurrent": Kind(
            slope, pt.ConcurrentDynamicNSGA2(start=2, max_size=8, **searched), 34
        ),
        "searched-words": Kind(
            own_spaces.Words(), pt.NSGA2(size=4, screen=outside.SearchingTexts()), 20
        ),
        "mended-screened": Kind(Mended(), pt.NSGA2(size=4, **screened), 24, mended_at=0.6),
        "mended-screened-steady": Kind(
            Mended(), pt.NSGA2(size=4, **screened, **steady), 24, mended_at=0.6
        ),
        "mended-own-parts": Kind(Mended(), pt.Evolution(size=4, **own), 24, mended_at=0.6),
    }


# -- a run without files or processes --------------------------------------------------------------


class DrawnOrder(pt.Executor):
    """An executor whose workers finish in an order that is drawn, one or several at once."""

    def __init__(self, workers: int, seed: int, retries: int = 0) -> None:
        self.retries = retries
        self._workers = workers
        self._rng = np.random.default_rng(seed)
        self._queue: list[Any] = []
        self._worker: pt.Worker | None = None

    def start(self, job):
        self._worker = pt.Worker(job, "drawn")

    def submit(self, tasks):
        self._queue.extend(tasks)

    def collect(self, timeout):
        done = []
        for _ in range(self._rng.integers(1, 3)):
            if self._queue:
                at = int(self._rng.integers(min(self._workers, len(self._queue))))
                done.append(self._worker.evaluate(self._queue.pop(at)))
        return done

    def close(self):
        self._queue.clear()
        if self._worker is not None:
            self._worker.dismiss()

    def settings(self):
        return {"name": "serial"}


@dataclass(frozen=True)
class Left:
    """What a kill leaves: the sealed image, and the records that came after it."""

    image: bytes
    records: tuple[bytes, ...]

    def opened(self):
        """Image and events, as from a file and its journal."""
        image = pickle.loads(self.image)
        layout = layout_of(image.evaluations)
        definition = image.evaluations.definition
        return image, [decode(record, layout, definition) for record in self.records]


class MemoryStore:
    """A store without files, which keeps a copy of itself after every sealing and every record.

    Args:
        seals: Which of the chances to seal are taken, counted from 0.
        left: From a run that was killed; None for a new run.
    """

    path = Path("run.h5")

    def __init__(self, seals: frozenset[int], left: Left | None = None) -> None:
        self._seals = seals
        self.go_on_from(left)

    def go_on_from(self, left: Left | None) -> None:
        """Forget what has been kept, and keep what comes after this."""
        self._chances = 0
        self._now = left
        self.lefts: list[Left] = []

    @property
    def chances(self) -> int:
        """To seal, that there were."""
        return self._chances

    def seal(self, image):
        self._keep(Left(pickle.dumps(image), ()))

    def seal_if_due(self, make_image):
        if self._chances in self._seals:
            self.seal(make_image())
        self._chances += 1

    def append_evaluations(self, rows):
        self._append(encode_evaluations(rows))

    def append_retried(self, rows):
        self._append(encode_evaluations(rows, retried=True))

    def append_choices(self, choices, space):
        self._append(encode_choices(choices, space))

    def append_population(self, generation, ids):
        self._append(encode_population(generation, ids))

    def _append(self, record):
        self._keep(replace(self._now, records=(*self._now.records, record)))

    def _keep(self, left):
        self._now = left
        self.lefts.append(left)

    def finish(self, image):
        self._keep(Left(pickle.dumps(image), ()))

    def discard(self):
        raise AssertionError("a run with outcomes is never discarded")

    def release(self):
        pass


@contextlib.contextmanager
def kept_in(store: MemoryStore) -> Iterator[None]:
    """Runs within are kept there."""

    def reopen(path, **options):
        return store, *store._now.opened()

    def claim(path, **options):
        return store

    with mock.patch.object(RunStore, "reopen", reopen), mock.patch.object(RunStore, "claim", claim):
        yield


# -- the sweep -------------------------------------------------------------------------------------


def run(kind: Kind, store: MemoryStore, seed: int) -> Any:
    """A run from its start, or from where it is mended; the store keeps what comes after that."""
    if kind.mended_at is None:
        return _begin(kind, store, seed)
    before = MemoryStore(frozenset())
    kind.problem.mended = False
    _begin(kind, before, seed)
    kind.problem.mended = True
    store.go_on_from(before.lefts[round(kind.mended_at * (len(before.lefts) - 1))])
    return resume(kind, store, seed, retry_failed=True)


def _begin(kind: Kind, store: MemoryStore, seed: int) -> Any:
    options = dict(kind.options)
    executor = DrawnOrder(kind.workers, seed, options.pop("retries", 0))
    with kept_in(store):
        return pt.minimize(
            kind.problem, kind.algorithm, budget=kind.budget, seed=3, store="run.h5",
            executor=executor, **options,
        )  # fmt: skip


def resume(kind: Kind, store: MemoryStore, seed: int, **options: Any) -> Any:
    """A run from what a kill left there, by other workers."""
    executor = DrawnOrder(1 + seed % 4, seed, kind.options.get("retries", 0))
    with kept_in(store):
        return pt.resume("run.h5", problem=kind.problem, executor=executor, **options)


def facts(kind: Kind, result: Any) -> tuple[Any, ...]:
    """All that must be the same, whoever evaluated what and when."""
    everything = result.run.evaluations
    rows = np.arange(len(everything)) if kind.in_turn else np.argsort(everything.ids)
    X, space = everything.X[rows], everything.definition.space
    refused = result.run.refused
    failures = sorted((i, f.reason, f.kind) for i, f in everything.failures.items())
    return (
        result.stopped_by,
        space.encode(X) if X.dtype == object else X.tobytes(),  # bytes of objects say nothing
        *(getattr(everything, name)[rows].tobytes() for name in ("ids", "F", "G", "status")),
        *(
            getattr(everything, name)[rows].tobytes()
            for name in ("generation", "parents", "choice")
        ),
        failures,
        sorted(result.run.earlier_failures.items()),
        sorted(everything.extras.items()),
        space.encode(refused.X) if X.dtype == object else refused.X.tobytes(),
        *(getattr(refused, name).tobytes() for name in ("ids", "F", "G", "generation", "parents")),
        [population.tolist() for population in result.run.populations],
        result.population.ids.tolist(),
        result.population.F.tobytes(),
        result.run.front().ids.tolist(),
    )


def fault_of(kind: Kind, left: Left, whole: Any, seed: int) -> str:
    """What is wrong with a run resumed from there, or killed and resumed once more; "" if nothing.

    Where the second kill comes, and where it was sealed before, is drawn.
    """
    rng = np.random.default_rng(seed)
    store = MemoryStore(frozenset(rng.integers(0, 12, size=1).tolist()), left)
    once = _fault(kind, left, store, whole, seed)
    if once:
        return once
    left = store.lefts[int(rng.integers(len(store.lefts)))]
    return _fault(kind, left, MemoryStore(frozenset(), left), whole, seed + 1)


def _fault(kind: Kind, left: Left, store: MemoryStore, whole: Any, seed: int) -> str:
    try:
        resumed = resume(kind, store, seed)
        if kind.repeats and facts(kind, resumed) != facts(kind, whole):
            return "different"
        if not kind.repeats or kind.mended_at is not None:
            replay(resumed.run, problem=kind.problem)
        if kind.repeats:
            return ""
    except pt.errors.ParetideError as error:
        return f"{type(error).__name__}: {str(error)[:60]}"
    image, events = left.opened()
    finished = {int(i) for i in image.everything().ids}
    told = (e for e in events if not isinstance(e, (tuple, Choices)))
    finished |= {int(i) for event in told for i in event.ids}
    return "" if finished <= set(resumed.run.evaluations.ids.tolist()) else "lost"


def sweep(
    kind: Kind, seed: int, chosen: Callable[[int], bool] = lambda state: True
) -> tuple[int, Counter[str]]:
    """Seal at every place, kill after every record; how many states there were, and their faults.

    Args:
        kind: Of the run.
        seed: Of the order of arrival.
        chosen: Which of the states are resumed, by number.
    """
    faults: Counter[str] = Counter()
    unsealed = MemoryStore(frozenset())
    whole = run(kind, unsealed, seed)
    seen: set[Left] = set()
    number = tried = 0
    for place in [None, *range(unsealed.chances)]:
        store = MemoryStore(frozenset() if place is None else frozenset({place}))
        run(kind, store, seed)
        for left in store.lefts:
            if left in seen:
                continue
            seen.add(left)
            if chosen(number):
                tried += 1
                fault = fault_of(kind, left, whole, seed + number)
                if fault:
                    faults[fault] += 1
            number += 1
    return tried, faults


def main() -> None:
    """Sweep everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", default="")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    states, wrong = 0, 0
    for name, kind in kinds().items():
        if options.kinds and name not in options.kinds.split(","):
            continue
        for seed in range(options.seeds):
            began = time.monotonic()
            tried, faults = sweep(kind, seed)
            states, wrong = states + tried, wrong + sum(faults.values())
            print(
                f"{name}, order {seed}: {tried} states, {time.monotonic() - began:.1f} s, "
                f"{dict(faults) or 'all resumed to the same bits'}", flush=True,
            )  # fmt: skip
    print(f"{states} states, {wrong} not resumable or different")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
