"""What is compared: paretide's algorithms by name and settings, and the peers of ``peers.py``.

    nsga2                       with its defaults
    nsga2:size=20,mode=steady   with settings, as JSON or texts; a part's as mutation.prob=0.3
    auto, random, sobol, ...    any short name, and file.py:Name[...] for one's own
    optuna-tpe, ...             a peer

An optimizer gets an ``Asked``, which counts evaluations and their time, a budget and a seed.
"""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import peers
from jobs import Job

import paretide as pt
from paretide.engine.runs.named import make_algorithm
from paretide.typing import FloatArray

ANYTIME = ("random", "sobol", *peers.PEERS)
"""Whose choices do not depend on the budget: one run has the figures of all smaller budgets."""


class Asked:
    """A job that remembers what it was asked, in order, and the CPU seconds that answers took.

    Attributes:
        job: That is evaluated.
        F: The answers so far, (n_obj,) each.
        seconds: Of CPU in the objective.
        began: CPU seconds of the process at the first question: what was loaded until then is no
            work of the sampler.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.F, self.seconds, self.began = job, [], 0.0, 0.0

    def __call__(self, x: FloatArray) -> FloatArray:
        """(n_obj,) of (n_var,) codes."""
        began = time.process_time()
        self.began = self.began or began
        (values,) = self.job.values(np.asarray(x, dtype=np.float64)[None])
        self.seconds += time.process_time() - began
        self.F.append(values)
        return values


class Counted(pt.Problem):
    """The same for paretide: a problem that is evaluated one by one."""

    def __init__(self, asked: Asked) -> None:
        self.space, self.objectives, self.asked = asked.job.space, asked.job.objectives, asked

    def evaluate(self, x: Any, ctx: pt.Context) -> dict[str, float]:
        """By the job, timed with what it takes to read the candidate."""
        began = time.process_time()
        row = self.space.row(x)
        self.asked.seconds += time.process_time() - began
        return dict(zip(self.objectives, self.asked(row).tolist(), strict=True))


def optimize(name: str, asked: Asked, budget: int, seed: int) -> None:
    """Spend the budget."""
    if name in peers.PEERS:
        peers.PEERS[name](asked, budget, seed)
    else:
        problem = Counted(asked)
        pt.minimize(problem, algorithm(name, problem), budget=budget, seed=seed, progress=False)


def algorithm(name: str, problem: Any) -> pt.Algorithm:
    """paretide's of this name and settings."""
    kind, _, text = name.partition(":")
    settings: dict[str, Any] = {}
    for pair in filter(None, text.split(",")):
        key, _, value = pair.partition("=")
        *parts, last = key.split(".")
        inside = settings
        for part in parts:
            inside = inside.setdefault(part, {})
        inside[last] = value_of(value)
    return make_algorithm(kind, settings, problem.space)


def value_of(text: str) -> Any:
    """A number, true, false, null, or the text as it is."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
