"""The live line of a run in the terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

import numpy as np

from ...operators.indicators import hypervolume
from ...operators.reference import first_best, reference_box
from ...typing import FloatArray
from ..executors.base import Activity, Executor
from ..records.plain_text import one_line
from .progress import Progress
from .screen import LiveText

REFRESH_SECONDS = 0.25
PLAIN_SECONDS = 30.0  # between lines where there is no terminal
LEAST_HELD = 0.01  # of the workers' time, that is worth a word
MOST_OBJECTIVES = 5  # whose hypervolume can be had in passing


class Utilization:
    """The share of the time of workers that were ready in which they were busy, or held back.

    They are held back while the window of a run in steady state is full of outcomes that wait for
    one that takes longer than it was said to cost.
    """

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._busy = self._ready = self._held = 0.0  # worker-seconds

    def note(self, now: float, activity: Activity, *, held: bool = False) -> None:
        """The workers did this since the last call; ``held``: nothing could be handed out."""
        passed, self._since = now - self._since, now
        self._busy += passed * activity.busy
        self._ready += passed * (activity.busy + activity.idle)
        if held:
            self._held += passed * activity.idle

    def texts(self) -> list[str]:
        """The shares as percentages."""
        if not self._ready:
            return ["utilization --"]
        texts = [f"utilization {self._busy / self._ready:.0%}"]
        held = self._held / self._ready
        if held >= LEAST_HELD:
            texts.append(
                f"{held:.0%} ({self._held:.3g} worker-s) spent waiting for turns: "
                "declare cost(x) closer to the truth, or a wider window"
            )
        return texts


class LiveLine:
    """Evaluations, generation, population, front, hypervolume, failures, speed and time left.

    With workers a second line: what they do, and how long evaluations take.
    """

    def __init__(self, progress: Progress, executor: Executor, live: LiveText) -> None:
        self._progress = progress
        self._executor = executor
        self._utilization = Utilization()
        self._live = live
        self._first_evaluations = progress.evaluations
        self._reference: FloatArray | None = None
        self._pace = REFRESH_SECONDS if live.live else PLAIN_SECONDS
        self._next = time.monotonic() + self._pace

    def update(self) -> None:
        """Show the present state if it is time."""
        now = time.monotonic()
        activity = self._executor.activity()
        if activity is not None:
            progress = self._progress
            held = (
                progress.waiting > 0
                and progress.in_flight <= activity.busy
                and progress.room != 0  # there would be work
            )
            self._utilization.note(now, activity, held=held)
        if now >= self._next:
            self.show()
            self._next = time.monotonic() + self._pace

    def show(self) -> None:
        """Show the present state."""
        self._live.show(self.text())

    def text(self) -> str:
        """The line."""
        p = self._progress
        front = p.population.best()
        rate = (p.evaluations - self._first_evaluations) / max(p.seconds, 1e-9)
        parts = [
            f"{p.evaluations}{'' if p.budget is None else f'/{p.budget}'} evaluations",
            *self._paid(),
            f"generation {max(p.generation, 0)}",
            f"population {p.size}",
            f"front {len(front)}",
            *self._hypervolume(),
            self._failures(),
            f"{rate:.3g}/s",
        ]
        if rate > 0 and p.budget is not None:
            parts.append(f"{_duration((p.budget - p.evaluations) / rate)} left")
        return "\n".join([" | ".join(parts), *self._workers()])

    def _paid(self) -> list[str]:
        cost, paid = self._progress.cost, self._progress.paid
        if cost is None or paid is None:
            return []
        return [f"{paid:.4g}/{cost.amount:.4g} {one_line(cost.of)}"]

    def _failures(self) -> str:
        kinds = self._progress.failures_by_kind
        named = f" ({', '.join(f'{n} {kind}' for kind, n in kinds.items())})" if kinds else ""
        return f"{self._progress.failures} failed{named}"

    def _workers(self) -> list[str]:
        activity = self._executor.activity()
        if activity is None:
            return []
        parts = [f"{activity.busy} workers busy", f"{activity.idle} idle"]
        if activity.starting:
            parts.append(f"{activity.starting} starting")
        if activity.lost:
            parts.append(f"{activity.lost} lost")
        parts.append(f"{max(0, self._progress.in_flight - activity.busy)} queued")
        if self._progress.waiting:
            parts.append(f"{self._progress.waiting} wait for their turn")
        seconds = self._progress.recent_seconds()
        if len(seconds):
            half, most = np.percentile(seconds, [50, 95])
            parts.append(f"{half:.3g} s each, 95% below {most:.3g} s")
        return [" | ".join([*parts, *self._utilization.texts()])]

    def _hypervolume(self) -> list[str]:
        population = self._progress.population
        definition = self._progress.definition
        if definition.n_obj > MOST_OBJECTIVES or not population.feasible.any():
            return []
        if self._progress.generation < 1:  # the reference needs the whole sample
            return []
        F = definition.minimized(population.F[population.feasible])
        if self._reference is None:  # of the sample: the same in every part of a resumed run
            sample = self._progress.sample()
            first = definition.minimized(sample.F[sample.feasible])
            if not len(first):
                return []
            best = first_best(first)
            self._reference = reference_box(best, best).reference
        return [f"hypervolume {hypervolume(F, self._reference):.4g}"]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextlib.contextmanager
def live_display(progress: Progress, executor: Executor) -> Iterator[LiveLine]:
    """Shows a live line while the run goes on, on standard error."""
    with LiveText(sys.stderr) as live:
        line = LiveLine(progress, executor, live)
        try:
            yield line
        finally:
            if progress.evaluations:
                line.show()
