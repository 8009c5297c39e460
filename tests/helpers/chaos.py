"""Evaluate on a cluster whose nodes and actors are killed at random, and lose nothing.

    python tests/helpers/chaos.py --evaluations 500

A tenth of the candidates raise and a twentieth hang, whoever evaluates them. The run must end with
every candidate told once, no failed one in its population, and the front of a run in one process
in which nothing is ever killed, to the bit.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np

import paretide as pt

NODES, CPUS = 4, 2

FAST_DETECTION = {
    "RAY_health_check_initial_delay_ms": "500",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
}


class Chaotic(pt.Problem):
    """Its own faults depend on the candidate's id alone."""

    space = pt.Real(0, 1, n=5)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, hanging):
        self.hanging = hanging

    def evaluate(self, x, ctx):
        if ctx.id % 10 == 3:
            raise ValueError("one of a tenth")
        if ctx.id % 20 == 7:
            if self.hanging:
                time.sleep(1000)
            raise TimeoutError("one of a twentieth")
        if self.hanging:
            time.sleep(0.05)
        return {"f": float(x[0]), "g": float(1 - np.sqrt(x[0]) + x[1:].sum())}


def actors():
    """Process ids of the actors that evaluate."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"ActorWorker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it has just ended
            continue
    return found


def storm(cluster, nodes, executor, rng, over):
    """Kill an actor or a node every now and then, until it is over; a node is replaced later.

    While nobody evaluates nothing is killed: on a slow machine workers would never get that far.
    """
    killed = {"actors": 0, "nodes": 0}
    while not over(1 + rng.random()):
        activity = executor.activity()  # None before it has workers, and after
        if activity is None or not activity.busy:
            continue
        if rng.random() < 0.6:
            alive = actors()
            if alive:
                os.kill(int(rng.choice(alive)), signal.SIGKILL)
                killed["actors"] += 1
        else:
            cluster.remove_node(nodes.pop(int(rng.integers(len(nodes)))), allow_graceful=False)
            killed["nodes"] += 1
            over(1.0)
            nodes.append(cluster.add_node(num_cpus=CPUS))
    return killed


def told(run):
    rows = run.evaluations
    order = np.argsort(rows.ids)
    return rows.ids[order], rows.X[order], rows.F[order], rows.status[order]


def check(run, clean):
    """What differs; nothing, if all is well."""
    names = ("ids", "candidates", "values", "failures")
    differing = [
        name
        for name, ours, theirs in zip(names, told(run), told(clean), strict=True)
        if ours.tobytes() != theirs.tobytes()
    ]
    if run.front().F.tobytes() != clean.front().F.tobytes():
        differing.append("front")
    if set(run.population().ids.tolist()) & set(run.evaluations.failures):
        differing.append("a failed one is in the population")
    return differing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluations", type=int, default=500)
    parser.add_argument("--timeout", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steady", action="store_true")
    options = parser.parse_args()
    os.environ.update(FAST_DETECTION)
    import ray
    from ray.cluster_utils import Cluster

    algorithm = pt.NSGA2(size=40, mode="steady", window=24) if options.steady else pt.NSGA2(size=40)
    budget = options.evaluations
    clean = pt.minimize(Chaotic(hanging=False), algorithm, budget=budget, seed=1).run
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [cluster.add_node(num_cpus=CPUS) for _ in range(NODES)]
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        executor = pt.RayExecutor(workers=NODES * CPUS, timeout=options.timeout, workdir=folder)
        began = time.monotonic()
        running = thread.submit(
            pt.minimize, Chaotic(hanging=True), algorithm, budget=budget, seed=1, executor=executor
        )  # nodes are added in the main thread: Ray asks for it

        def over(seconds):
            return bool(wait([running], timeout=seconds).done)

        try:
            killed = storm(cluster, nodes, executor, np.random.default_rng(options.seed), over)
            run = running.result().run
            seconds = time.monotonic() - began
        finally:
            ray.shutdown()
            cluster.shutdown()
    differing = check(run, clean)
    kinds = sorted({f.kind for f in run.evaluations.failures.values()})
    print(
        f"{len(run.evaluations)} evaluations in {seconds:.0f} s, {len(run.evaluations.failures)} "
        f"failed ({', '.join(kinds)}); killed {killed['actors']} actors and "
        f"{killed['nodes']} nodes; different: {differing or 'nothing'}"
    )
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
