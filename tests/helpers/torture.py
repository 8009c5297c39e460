"""Kill runs at random moments, resume them, and compare with runs that were never killed.

    python tests/helpers/torture.py --kills 1000 [--algorithms nsga2-steady,concurrent]

prints how many files could not be read, how many finished evaluations were lost, and how many runs
differ; exits 1 unless all are 0. The runs seal themselves every few records, so that many kills
come while a file and its journal are being replaced.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import outside  # noqa: F401  # named by algorithms below
import own_spaces  # noqa: F401  # by problems below
import toy  # noqa: F401  # the same

import paretide as pt

SCRIPT = """
import sys, {modules}, paretide as pt
from paretide.engine.store import store
store.LEAST_JOURNAL, store.JOURNAL_SHARE = {least_journal}, 0.05
if __name__ == "__main__":
    algorithm = {algorithm}
    executor = {executor}
    if sys.argv[2] == "start":
        pt.minimize({problem}, algorithm, budget=400, seed=3, store=sys.argv[1], executor=executor)
    else:
        pt.resume(sys.argv[1], executor=executor)
"""

OWN_PARTS = "crossover=outside.blended, survival=outside.near_the_ideal"
ALGORITHMS = {
    "nsga2": "pt.NSGA2(size=20)",
    "dnsga2": "pt.DynamicNSGA2(start=4, max_size=32, tau=30)",
    "nsga2-steady": "pt.NSGA2(size=20, mode='steady', window=8)",
    "dnsga2-steady": "pt.DynamicNSGA2(start=4, max_size=32, tau=30, mode='steady', window=8)",
    "concurrent": "pt.ConcurrentDynamicNSGA2(start=4, max_size=32)",
    "own-parts-steady": f"pt.Evolution(size=20, {OWN_PARTS}, mode='steady', window=8)",
    "own-space": "pt.NSGA2(size=20, mode='steady', window=8)",
}
PROBLEMS = {"own-space": "own_spaces.Routes(seconds=0.002)"}
"""Of those that are not for ``toy.Slow()``."""

MODULES = {"own-parts-steady": "outside, toy", "own-space": "own_spaces"}
"""Named by those that need more than ``toy``."""

EXECUTORS = {"serial": "'serial'", "processes": "pt.ProcessExecutor(workers=2)"}


LEAST_JOURNAL = 6000
"""Bytes of journal after which the runs are sealed: some forty records."""


def script_of(algorithm, executor):
    """A script that starts or resumes a run of this kind."""
    return SCRIPT.format(
        modules=MODULES.get(algorithm, "toy"),
        problem=PROBLEMS.get(algorithm, "toy.Slow()"), algorithm=ALGORITHMS[algorithm],
        executor=EXECUTORS[executor], least_journal=LEAST_JOURNAL,
    )  # fmt: skip


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
"""The runs import their problems from this folder."""

LAST_KILL = 380
"""Evaluations of 400 from which on a run is left alone."""


@dataclass
class Counts:
    """What happened."""

    kills: int = 0
    runs: int = 0
    unreadable: int = 0
    lost: int = 0
    different: int = 0

    @property
    def clean(self):
        return not (self.unreadable or self.lost or self.different)


def evaluations_in(path):
    """Finished evaluations in a store; 0 if there is none yet."""
    try:
        return len(pt.open_run(path).evaluations)
    except pt.errors.StoreNotFound:
        return 0


def same(path, whole):
    """True if a finished run equals one that was never killed."""
    run = pt.open_run(path)
    ours, theirs = run.evaluations, whole.run.evaluations
    # Within a generation they are told as they finish; elsewhere in an order of its own.
    algorithm = run.specification["algorithm"]
    in_turn = algorithm["settings"].get("mode") == "steady" or "concurrent" in algorithm["name"]
    order = np.arange(len(ours)) if in_turn else np.argsort(ours.ids)
    return (
        run.stopped_by == "budget"
        and ours.ids[order].tobytes() == theirs.ids.tobytes()
        and ours.X[order].tobytes() == theirs.X.tobytes()
        and ours.F[order].tobytes() == theirs.F.tobytes()
        and run.population().ids.tolist() == whole.population.ids.tolist()
        and run.front().F.tobytes() == whole.run.front().F.tobytes()
        and [p.tolist() for p in run.populations] == [p.tolist() for p in whole.run.populations]
    )


def torment(algorithm, executor, folder, kills, generator, counts):
    """Kill runs of one kind until there were ``kills``, and finish the last one."""
    script = folder / "run.py"
    script.write_text(script_of(algorithm, executor))
    problem = eval(PROBLEMS.get(algorithm, "toy.Slow()"))
    whole = pt.minimize(problem, eval(ALGORITHMS[algorithm]), budget=400, seed=3)
    path, known, left = folder / "run.h5", 0, kills
    while left or path.exists():
        mode = "resume" if path.exists() else "start"
        process = subprocess.Popen([sys.executable, str(script), str(path), mode], env=ENVIRONMENT)
        kill = left and known < LAST_KILL  # then it may finish, and another run begins
        floor = known + 5
        if kill:
            while process.poll() is None and evaluations_in(path) < floor:
                time.sleep(0.005)
            time.sleep(float(generator.random()) * 0.1)
            process.send_signal(signal.SIGKILL)
        process.wait()
        if kill and process.returncode == -signal.SIGKILL:
            left -= 1
            counts.kills += 1
            try:
                found = evaluations_in(path)
            except pt.errors.StoreError as error:
                sys.stderr.write(f"{error}\n")
                counts.unreadable += 1
                path.unlink(missing_ok=True)
                continue
            # What a reader has seen may not be gone; `floor` of them had been seen.
            counts.lost += max(0, floor - found)
            known = found
        else:
            counts.runs += 1
            counts.different += process.returncode != 0 or not same(path, whole)
            path.unlink()
            known = 0
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--algorithms", default=",".join(ALGORITHMS))
    options = parser.parse_args()
    counts = Counts()
    generator = np.random.default_rng(options.seed)
    kinds = [(a, e) for a in options.algorithms.split(",") for e in EXECUTORS]
    for i, (algorithm, executor) in enumerate(kinds):
        share = options.kills // len(kinds) + (i < options.kills % len(kinds))
        with tempfile.TemporaryDirectory() as folder:
            torment(algorithm, executor, Path(folder), share, generator, counts)
        print(f"{algorithm} {executor}: {counts}", flush=True)
    sys.exit(0 if counts.clean else 1)


if __name__ == "__main__":
    main()
