"""How busy the workers are: jobs of unequal length on Ray actors, by how outcomes are told.

Every actor only sleeps, so that as many fit as are asked for; job times are lognormal, a plain
function of the candidate. Utilization is the time spent in evaluations over workers times wall
time, while there was work to hand out: from the moment when every actor had begun its first job
(they start one after the other) to the start of the last job.
"""

import argparse
import time
import zlib

import numpy as np

import paretide as pt

SPREAD = 1.0  # sigma of the logarithm of a job's time


def drawn(x, salt, sigma):
    """A lognormal number of median 1 that belongs to the candidate."""
    rng = np.random.default_rng(zlib.crc32(np.asarray(x).tobytes(), salt))
    return float(np.exp(sigma * rng.standard_normal()))


class Sleep(pt.Problem):
    """Its candidates sleep."""

    space = pt.Real(0, 1, n=10)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, mean, error):
        self.mean = mean
        self.error = error  # sigma of the logarithm of what cost() is wrong by

    def seconds(self, x):
        return self.mean * drawn(x, 1, SPREAD) / np.exp(SPREAD**2 / 2)

    def cost(self, x):
        return self.seconds(x) * drawn(x, 2, self.error)

    def evaluate(self, x, ctx):
        began = time.time()
        time.sleep(self.seconds(x))
        ctx.log(began=began, ended=time.time())
        return {"f": float(x[0]), "g": float(1 - np.sqrt(x[0]) + x[1:].sum())}


class Unforeseen(Sleep):
    """Without cost(): all are taken to be equal."""

    cost = None


def utilization(problem, algorithm, jobs, workers):
    executor = pt.RayExecutor(workers=workers, cpus=0.01)
    result = pt.minimize(problem, algorithm, budget=jobs, seed=1, executor=executor)
    everything = result.run.evaluations
    logged = [everything.extras[id] for id in everything.ids.tolist()]
    began, ended = (np.array([e[key] for e in logged]) for key in ("began", "ended"))
    names = everything.worker.astype(str)
    up, last = max(began[names == name].min() for name in set(names)), began.max()
    assert len(set(names)) == workers
    inside = np.clip(np.minimum(ended, last) - np.maximum(began, up), 0, None)
    return inside.sum() / (workers * (last - up)), last - up


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--mean", type=float, default=2.0, help="seconds a job")
    parser.add_argument("--error", type=float, default=0.3, help="sigma of declared costs")
    options = parser.parse_args()
    window = 2 * options.workers
    size = options.workers
    steady = {"size": size, "mode": "steady", "window": window}
    declared = Sleep(options.mean, options.error)
    unforeseen = Unforeseen(options.mean, options.error)
    rows = {
        f"declared costs, wrong by {options.error:.0%}": (declared, pt.NSGA2(**steady)),
        "order of arrival": (unforeseen, pt.NSGA2(**steady, order="arrival")),
        "equal costs": (unforeseen, pt.NSGA2(**steady)),
        "generational": (unforeseen, pt.NSGA2(size=size)),
    }
    print(f"{options.jobs} jobs of {options.mean} s on {options.workers} actors, window {window}")
    print("| told by | utilization | over seconds |\n|---|---|---|")
    for name, (problem, algorithm) in rows.items():
        busy, wall = utilization(problem, algorithm, options.jobs, options.workers)
        print(f"| {name} | {busy:.1%} | {wall:.1f} |", flush=True)


if __name__ == "__main__":
    main()
