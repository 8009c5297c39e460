"""How busy workers are with jobs of unequal length, in simulated time, by how outcomes are told.

Job times are lognormal: exp(sigma times a standard normal number). So is what declared costs are
wrong by: "by 30%" is a factor of exp(0.3 times a standard normal number). Utilization is the
workers' time in jobs over their time, as long as there was work to hand out. The orders of telling
are the package's own; the workers are those of tests/helpers/simulated.py.
"""

import argparse
import sys
import zlib
from pathlib import Path

import numpy as np

import paretide as pt
from paretide.engine.algorithms.telling_order import Arrival, VirtualTime
from paretide.operators.indicators import hypervolume

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from simulated import Change, Cluster, deaths, evolve, tell_in_turn

ERRORS = {
    "costs exact": 0.0,
    "costs wrong by 10%": 0.1,
    "costs wrong by 30%": 0.3,
    "costs wrong by 60%": 0.6,
}
TOLD = ("generational", "equal costs", *ERRORS, "order of arrival")

RATIOS = (1, 1.5, 2, 3, 4)
DRAWN_RATIOS = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
SIGMAS = (0.5, 1.0)
DRAWN_SIGMAS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
DRAWN_RATIO, DRAWN_SIGMA = 2, 1.0
CLUSTERS_RATIO, CLUSTERS_ERROR = 3, "costs wrong by 30%"

GENERATIONS, SEARCHES = 40, 11  # of those that others are compared with; how often
LONGEST = 10  # spans: what happens to clusters goes on so long

COLOURS = ("#7a8790", "#b8860b", "#123a5c", "#2f6f9f", "#6aa84f", "#c1272d")
"""Of the lines of the picture; the order of arrival has none."""


def lognormal(rng, sigma, n):
    return np.exp(sigma * rng.standard_normal(n))


# -- clusters; the jobs take workers that are never idle ``span`` ----------------------------------


def equal(workers, span, rng):
    return Cluster([1.0] * workers)


def half_speed(workers, span, rng):
    return Cluster([1.0, 0.5] * (workers // 2))


def many_speeds(workers, span, rng):
    return Cluster(lognormal(rng, 0.5, workers).tolist())


def come_and_go(workers, span, rng):
    """Half of them leave and, later, as many join, ten times in the span."""
    changes, last = [], workers  # number of the next one that joins
    for cycle in range(10 * LONGEST):
        half = workers - workers // 2
        leaves = [Change((cycle + 0.5) * span / 10, "leave", last - 1 - i) for i in range(half)]
        changes += leaves + [Change((cycle + 1) * span / 10, "join")] * half
        last += half
    return Cluster([1.0] * workers, changes)


def mortal(workers, span, rng):
    """Each is killed, and replaced, once in 30 mean jobs."""
    speeds, life = [1.0] * workers, 30 * np.exp(DRAWN_SIGMA**2 / 2)
    return Cluster(speeds, deaths(rng, speeds, life, LONGEST * span))


CLUSTERS = {
    "equal workers": equal,
    "half of them at half the speed": half_speed,
    "speeds lognormal(0.5)": many_speeds,
    "half of them come and go": come_and_go,
    "each dies once in 30 jobs": mortal,
}


# -- utilization -----------------------------------------------------------------------------------


def utilization(told_by, sigma, ratio, options, make=equal):
    """(mean, standard error) over repetitions; ``ratio`` is window, or generation, over workers."""
    window, shares = round(ratio * options.workers), []
    for seed in range(options.repeats):
        rng = np.random.default_rng(seed)
        seconds = lognormal(rng, sigma, options.jobs)
        cluster = make(options.workers, seconds.sum() / options.workers, rng)
        if told_by == "generational":
            for generation in np.split(
                np.arange(options.jobs), range(window, options.jobs, window)
            ):
                for id in generation.tolist():
                    cluster.submit(id, float(seconds[id]))
                for _ in generation:
                    cluster.collect()
        else:
            costs = np.ones_like(seconds)
            if told_by in ERRORS:
                costs = seconds * lognormal(rng, ERRORS[told_by], options.jobs)
            order = Arrival() if told_by == "order of arrival" else VirtualTime()
            tell_in_turn(cluster, order, seconds.tolist(), costs.tolist(), window)
        shares.append(cluster.utilization())
    return np.mean(shares), np.std(shares, ddof=1) / np.sqrt(len(shares))


def table(rows, columns, cell):
    """A Markdown table of ``cell(row, column)``, and the largest standard error."""
    print("| | " + " | ".join(str(c) for c in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    largest = 0.0
    for row in rows:
        cells = [cell(row, column) for column in columns]
        largest = max(largest, *(error for _, error in cells))
        print(f"| {row} | " + " | ".join(f"{mean:.1%}" for mean, _ in cells) + " |", flush=True)
    print(f"\nstandard errors at most {largest:.1%}")


def tables(options):
    window = "window (size of a generation) / workers"
    print(f"{options.workers} workers, {options.repeats} x {options.jobs} jobs each")
    for sigma in SIGMAS:
        print(f"\n### Equal workers, sigma {sigma:g}, by {window}\n")
        table(TOLD, RATIOS, lambda how, r, s=sigma: utilization(how, s, r, options))
    print(f"\n### Clusters, sigma {DRAWN_SIGMA:g}, {window} = {CLUSTERS_RATIO}\n")
    table(
        TOLD,
        CLUSTERS,
        lambda how, c: utilization(how, DRAWN_SIGMA, CLUSTERS_RATIO, options, CLUSTERS[c]),
    )
    print(f"\n### Clusters, sigma {DRAWN_SIGMA:g}, {CLUSTERS_ERROR}, by window / workers\n")
    table(
        CLUSTERS,
        (*RATIOS, 6),
        lambda c, r: utilization(CLUSTERS_ERROR, DRAWN_SIGMA, r, options, CLUSTERS[c]),
    )


def draw(path, options):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), sharey=True, layout="constrained")
    for told_by, colour in zip(TOLD[:-1], COLOURS, strict=True):
        style = {"color": colour, "marker": "o", "ms": 3.5, "lw": 1.4, "label": told_by}
        if told_by == "generational":
            style["ls"] = "--"
        by_ratio = [utilization(told_by, DRAWN_SIGMA, r, options)[0] for r in DRAWN_RATIOS]
        by_sigma = [utilization(told_by, s, DRAWN_RATIO, options)[0] for s in DRAWN_SIGMAS]
        left.plot(DRAWN_RATIOS, by_ratio, **style)
        right.plot(DRAWN_SIGMAS, by_sigma, **style)
    left.set_xlabel(f"window (size of a generation) / workers, sigma {DRAWN_SIGMA:g}")
    right.set_xlabel(f"sigma of the job times, window {DRAWN_RATIO} x workers")
    left.set_ylabel("utilization")
    left.yaxis.set_major_formatter("{x:.0%}")
    left.set_ylim(0, 1.03)
    right.legend(frameon=False, fontsize=8, loc="lower left")
    for axes in (left, right):
        axes.grid(alpha=0.25)
    figure.suptitle(f"{options.workers} workers, jobs of lognormal length", x=0.01, ha="left")
    figure.savefig(path, dpi=110)
    plt.close(figure)


# -- what it is good for ---------------------------------------------------------------------------


class ZDT1(pt.Problem):
    """Of ten variables. Source: Zitzler, Deb, Thiele 2000."""

    space = pt.Real(0, 1, n=10)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, error):
        self.error = error

    def seconds(self, x, salt=1, sigma=DRAWN_SIGMA):
        """A plain function of the candidate."""
        return float(lognormal(np.random.default_rng(zlib.crc32(x.tobytes(), salt)), sigma, 1)[0])

    def cost(self, x):
        return 1.0 if self.error is None else self.seconds(x) * self.seconds(x, 2, self.error)

    def evaluate(self, x, ctx):
        g = 1 + 9 * x[1:].mean()
        return {"f": x[0], "g": g * (1 - np.sqrt(x[0] / g))}


def search(algorithm, error, seed, workers, enough):
    """Evaluations, simulated seconds and hypervolume when ``enough(evaluations, hypervolume)``."""
    problem = ZDT1(error)
    machine = algorithm.start(problem, seed=seed)
    cluster = Cluster([1.0] * workers)

    def values(x):
        return np.array(list(problem.evaluate(x, None).values())), np.empty(0)

    looked = 0
    for _ in evolve(machine, cluster, lambda _, x: problem.seconds(x), values):
        if machine.evaluations >= looked + 16:
            looked = machine.evaluations
            volume = hypervolume(machine.population.F, np.array([1.1, 6.0]))
            if enough(looked, volume):
                return looked, cluster.now, volume
    raise AssertionError("evolve has no end")


def searches(options):
    """How much sooner steady state gets where generations get."""
    size, seeds = options.workers, range(SEARCHES)
    goals = [
        search(
            pt.NSGA2(size=size), None, seed, options.workers, lambda n, _: n >= GENERATIONS * size
        )
        for seed in seeds
    ]
    print(
        "\n### Evaluations and time to the same hypervolume, as shares of what generations take\n\n"
        f"ZDT1 with 10 variables, {options.workers} equal workers, sigma {DRAWN_SIGMA:g}, "
        f"population {size}: to the hypervolume of {GENERATIONS} generations; "
        f"median of {SEARCHES}\n"
    )
    print("| told by | window / workers | evaluations | time |\n|---|---|---|---|")
    for told_by, error, order, ratios in (
        ("order of arrival", None, "arrival", (1, 2)),
        ("costs wrong by 30%", 0.3, "cost", (1, 2, 3, 4, 6)),
        ("equal costs", None, "cost", (1, 2, 4)),
    ):
        for ratio in ratios:
            steady = pt.NSGA2(size=size, mode="steady", window=ratio * options.workers, order=order)
            shares = []
            for seed, (evaluations, seconds, volume) in zip(seeds, goals, strict=True):
                used, took, _ = search(
                    steady, error, seed, options.workers, lambda _, v, least=volume: v >= least
                )
                shares.append((used / evaluations, took / seconds))
            used, took = np.median(shares, axis=0)
            print(f"| {told_by} | {ratio} | {used:.2f} | {took:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--jobs", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--picture", type=Path, metavar="PATH", help="a PNG to draw")
    parser.add_argument("--search", action="store_true", help="also what it gains a search")
    options = parser.parse_args()
    tables(options)
    if options.search:
        searches(options)
    if options.picture is not None:
        draw(options.picture, options)


if __name__ == "__main__":
    main()
